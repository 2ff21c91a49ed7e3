/// @file
/// A heart that beats until it is told to stop.
#include <chrono>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;
using conclave::Signal;
using conclave::Ticker;
using conclave::TimePoint;
using namespace std::chrono_literals;

//! [part]
RecvChan<TimePoint> heart(RecvChan<Signal> done) {
  auto beats = make_chan<TimePoint>();
  go([beats, done] {
    Ticker ticker(2ms);
    TimePoint t;
    while (select(recv(ticker.c(), t), recv(done)) == 0) {
      beats.send(t);
    }
    beats.close();
  });
  return beats;
}
//! [part]

void listen() {
  auto done = make_chan<Signal>();
  RecvChan<TimePoint> beats = heart(done);
  for (int i = 1; i <= 3; ++i) {
    beats.recv();
    fmt::print("beat {}\n", i);
  }
  done.close();
  while (beats.recv()) {  // one may be on its way
  }
  fmt::print("stopped\n");
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(listen, {.clock = &clock});
}
