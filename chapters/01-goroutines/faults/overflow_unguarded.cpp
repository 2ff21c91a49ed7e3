/// @file
/// With an older kernel only 16,000 stacks have a guard page.  The parser's is another one; it writes over its neighbour's,
/// and is found before the neighbour runs.
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"
#include "goroutines/stacks.hpp"

using conclave::go;
using conclave::Name;
using conclave::WaitGroup;
using conclave::detail::Stacks;

/// How deep the brackets at the front of `text` are nested.
std::size_t depth_of(std::string_view text) {
  volatile char token[500];  // NOLINT(modernize-avoid-c-arrays): room for the longest token
  token[0] = text.empty() ? '\0' : text.front();
  if (token[0] != '(') return 0;
  return depth_of(text.substr(1)) + static_cast<std::size_t>(token[0] == '(');
}

int main() {
  Stacks::forget_light_guards();  // as with a kernel before 6.13
  conclave::run([] {
    WaitGroup everybody;
    WaitGroup end;
    end.add(1);
    for (std::size_t i = 0; i <= Stacks::kGuarded; ++i) {
      everybody.add(1);
      go(Name("waiter"), [&] {
        everybody.done();
        end.wait();
      });
    }
    everybody.wait();
    go(Name("parser"), [] {
      const std::size_t depth = depth_of(std::string(130, '('));
      fmt::print("depth {}\n", depth);
    });
    conclave::yield();
    fmt::print("this is not reached\n");
    end.done();
  });
}
