/// @file
/// Two goroutines count to four on one thread, and get it right, by luck: `make tsan` knows.
#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::WaitGroup;
using conclave::yield;

//! [race]
int main() {
  conclave::run([] {
    int count = 0;
    WaitGroup group;
    for (int i = 0; i < 2; ++i) {
      group.go([&] {
        ++count;
        yield();
        ++count;
      });
    }
    group.wait();
    fmt::print("the count is {}\n", count);
  });
}
//! [race]
