/// @file
/// Something to do later, unless it is called off.
#include <chrono>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::after_func;
using conclave::make_chan;
using conclave::Signal;
using conclave::Timer;
using namespace std::chrono_literals;

void set_alarms() {
  //! [part]
  Timer alarm =
      after_func(1h, [] { fmt::print("never\n"); });
  fmt::print("called off: {}\n", alarm.stop());

  auto rang = make_chan<Signal>();
  after_func(1ms, [rang] {
    fmt::print("ring\n");
    rang.close();
  });
  rang.recv();
  //! [part]
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(set_alarms, {.clock = &clock});
}
