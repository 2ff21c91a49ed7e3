/// @file
/// One goroutine counts and never gives way; the other ticks, and one sees that it does not.
#include <chrono>
#include <cstdint>
#include <cstdio>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Name;

//! [count]
void count_to(std::uint64_t last) {
  for (volatile std::uint64_t i = 0; i < last;) i = i + 1;  // no call that parks, no yield
}
//! [count]

int main() {
  conclave::run(
      [] {
        go(Name("ticker"), [] {
          for (int tick = 1;; ++tick) {
            fmt::print("tick {}\n", tick);
            std::fflush(stdout);
            conclave::sleep_for(std::chrono::seconds(1));
          }
        });
        conclave::yield();
        count_to(200'000'000);
        fmt::print("main has counted\n");
      },
      {.watch = true});
}
