/// @file
/// A ticker and a slow listener: ticks that nobody takes are dropped, and the next comes on the beat.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Ticker;

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [&] {
        //! [ticks]
        Ticker ticker(1s);
        for (auto pause : {0ms, 0ms, 2'500ms, 0ms, 0ms}) {
          conclave::sleep_for(pause);
          const auto due = *ticker.c().recv();
          fmt::print("received at {:.1f} s the tick of {} s\n", clock.elapsed() / 1.0s,
                     due.time_since_epoch() / 1s);
        }
        //! [ticks]
      },
      {.clock = &clock});
}
