/// @file
/// Not more than one request in two milliseconds.
#include <chrono>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Ticker;
using namespace std::chrono_literals;

void serve() {
  const auto start = conclave::now();
  //! [part]
  Ticker limiter(2ms);
  for (const char* request : {"a", "b", "c"}) {
    limiter.c().recv();
    fmt::print("request {}\n", request);
  }
  //! [part]
  fmt::print("took 6 ms or more: {}\n",
             conclave::now() - start >= 6ms);
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(serve, {.clock = &clock});
}
