// An answer that crashes: it looks for a producer behind the last one.
#include "collect.hpp"

namespace conclave {

void collect(const std::vector<Producer>& producers, const std::function<void(int)>& /*use*/) {
  const volatile int* behind_the_last = nullptr;
  static_cast<void>(producers);
  static_cast<void>(*behind_the_last);
}

}  // namespace conclave
