/// @file
/// Bounded parallelism: a goroutine for each of twelve files, and never more than four of them at work.
#include <algorithm>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::make_chan;
using conclave::Signal;

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [&] {
        int at_work = 0;
        int most = 0;
        {
          //! [bounded]
          auto slots = make_chan<Signal>(4);  // room for four is leave for four
          conclave::WaitGroup group;
          for (int file = 0; file < 12; ++file) {
            group.go([&, slots] {
              slots.send({});  // parks while four are at work
              most = std::max(most, ++at_work);
              conclave::sleep_for(1s);
              --at_work;
              slots.recv();
            });
          }
          //! [bounded]
        }
        fmt::print("twelve files, at most {} at a time, in {} s\n", most, clock.elapsed() / 1s);
      },
      {.clock = &clock});
}
