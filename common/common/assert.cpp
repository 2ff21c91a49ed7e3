#include "common/assert.hpp"

#include <cstdio>
#include <cstdlib>

#include "common/place.hpp"

namespace conclave {

void fail_assertion(std::string_view law, const std::source_location& place) {
  fmt::print(stderr, "assertion failed: {}\n  at {}\n", law, to_string(place));
  std::abort();
}

}  // namespace conclave
