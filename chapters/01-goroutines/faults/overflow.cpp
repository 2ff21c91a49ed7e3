/// @file
/// A parser calls itself for each bracket, and somebody sends it a thousand of them.
#include <array>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Name;
using conclave::WaitGroup;

//! [parse]
/// How deep the brackets at the front of `text` are nested.
std::size_t depth_of(std::string_view text) {
  volatile char token[3'850];  // NOLINT(modernize-avoid-c-arrays): room for the longest token
  token[0] = text.empty() ? '\0' : text.front();
  if (token[0] != '(') return 0;
  return depth_of(text.substr(1)) + static_cast<std::size_t>(token[0] == '(');
}
//! [parse]

int main() {
  conclave::run([] {
    WaitGroup group;
    for (const std::size_t brackets : {3, 1'000}) {
      group.add(1);
      go(Name(fmt::format("parser of {}", brackets)), [&group, brackets] {
        fmt::print("depth {}\n", depth_of(std::string(brackets, '(')));
        group.done();
      });
      conclave::yield();
    }
    group.wait();
  });
}
