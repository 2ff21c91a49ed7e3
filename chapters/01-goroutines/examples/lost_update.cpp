/// @file
/// The same counter without a lock: a park between the read and the write loses nine updates of ten.
#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::WaitGroup;

//! [count]
template <class Pause>
int count_to_1000(Pause pause) {
  int value = 0;
  WaitGroup group;
  for (int i = 0; i < 10; ++i) {
    group.go([&] {
      for (int n = 0; n < 100; ++n) {
        const int read = value;
        pause();
        value = read + 1;
      }
    });
  }
  group.wait();
  return value;
}
//! [count]

//! [main]
int main() {
  conclave::run([] {
    fmt::print("nothing between read and write:  {}\n", count_to_1000([] {}));
    fmt::print("yield() between read and write:  {}\n", count_to_1000([] { conclave::yield(); }));
  });
}
//! [main]
