#include "common/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace conclave {

std::string to_string(const std::source_location& place) {
  return fmt::format("{}:{}", place.file_name(), place.line());
}

void fail_assertion(std::string_view law, const std::source_location& place) {
  fmt::print(stderr, "assertion failed: {}\n  at {}\n", law, to_string(place));
  std::abort();
}

}  // namespace conclave
