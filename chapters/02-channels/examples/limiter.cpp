/// @file
/// A rate limiter: one request each 200 ms, and bursts of up to three.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Chan;
using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;
using conclave::Signal;
using conclave::sleep_for;
using conclave::Ticker;

//! [limiter]
/// A channel from which `burst` tokens can be taken at once, and then one each `interval`.
RecvChan<Signal> tokens(conclave::Duration interval, int burst) {
  auto bucket = make_chan<Signal>(burst);
  for (int i = 0; i < burst; ++i) bucket.send({});
  go([bucket, interval] {
    Ticker ticker(interval);
    for (auto tick : ticker.c()) {
      (void)tick;
      (void)bucket.try_send({});  // a full bucket runs over
    }
  });
  return bucket;
}
//! [limiter]

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [&] {
        auto bucket = tokens(200ms, 3);
        for (int request = 1; request <= 8; ++request) {
          if (request == 6) sleep_for(1s);
          bucket.recv();
          fmt::print("{:>4} ms  request {}\n", clock.elapsed() / 1ms, request);
        }
      },
      {.clock = &clock});
}
