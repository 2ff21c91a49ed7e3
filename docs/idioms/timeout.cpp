/// @file
/// An answer that does not come in time.
#include <chrono>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::make_chan;
using conclave::timeout;
using namespace std::chrono_literals;

void ask() {
  auto answers = make_chan<std::string>();  // stays empty
  //! [part]
  std::string answer;
  switch (select(recv(answers, answer), timeout(5ms))) {
    case 0:
      fmt::print("{}\n", answer);
      break;
    case 1:
      fmt::print("no answer in time\n");
  }
  //! [part]
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(ask, {.clock = &clock});
}
