#include "common/random.hpp"

#include <random>

namespace conclave {

std::uint64_t fresh_seed() {
  std::random_device kernel;
  constexpr unsigned kHalf = 32;
  return (std::uint64_t{kernel()} << kHalf) | kernel();
}

}  // namespace conclave
