/// @file
/// At most two of six downloads run at a time.
#include <algorithm>
#include <atomic>
#include <chrono>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::Signal;
using namespace std::chrono_literals;

std::atomic<int> running = 0, most = 0;

void download() {
  most = std::max(most.load(), ++running);
  conclave::sleep_for(1ms);
  --running;
}

void download_six() {
  //! [part]
  auto permits = make_chan<Signal>(2);
  for (int i = 0; i < 6; ++i) {
    permits.send({});  // waits while two are out
    go([permits] {
      download();
      permits.recv();
    });
  }
  for (std::size_t i = 0; i < permits.cap(); ++i) {
    permits.send({});  // all are back
  }
  //! [part]
  fmt::print("at most two at a time: {}\n", most <= 2);
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(download_six, {.clock = &clock});
}
