/// @file
/// When does a send return?  Unbuffered, after the value was taken; with a buffer, while there is room.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::make_chan;
using conclave::sleep_for;

//! [letters]
/// Sends three letters as fast as it can; the receiver takes one an hour.
void letters(int capacity) {
  auto box = make_chan<char>(capacity);
  conclave::WaitGroup group;
  group.go([box] {
    for (char letter : {'A', 'B', 'C'}) {
      box.send(letter);
      const auto hour = std::chrono::floor<std::chrono::hours>(conclave::now().time_since_epoch());
      fmt::print("  {} sent at {} h", letter, hour.count());
    }
    box.close();
  });
  group.go([box] {
    for (char letter : box) {
      (void)letter;
      sleep_for(1h);
    }
  });
}
//! [letters]

int main() {
  for (int capacity : {0, 1, 3}) {
    conclave::VirtualClock clock;
    fmt::print("capacity {}:", capacity);
    conclave::run([capacity] { letters(capacity); }, {.clock = &clock});
    fmt::print("\n");
  }
}
