/// @file
/// Loads the settings at the first use.
#include <string>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::once_value;
using conclave::WaitGroup;

//! [part]
const auto settings = once_value([] {
  fmt::print("loading\n");
  return std::string("blue");
});
//! [part]

int main() {
  conclave::run([] {
    WaitGroup group;
    for (int i = 0; i < 3; ++i) {
      group.go([] { settings(); });
    }
    group.wait();
    fmt::print("{}\n", settings());
  });
}
