#include "common/todo.hpp"

#include <cstdio>
#include <cstdlib>

#include <fmt/core.h>

#include "common/place.hpp"

namespace conclave {

void todo(std::string_view what, std::source_location place) {
  fmt::print(stderr, "TODO {}\n  at {}\n", what, to_string(place));
  std::fflush(nullptr);
  std::_Exit(kTodoStatus);  // exit() would run static destructors, here perhaps on a goroutine's
                            // small stack
}

}  // namespace conclave
