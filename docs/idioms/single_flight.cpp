/// @file
/// Three ask for a page at once; it is fetched once.
#include <array>
#include <chrono>
#include <string>

#include <fmt/ranges.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Result;
using conclave::SingleFlight;
using conclave::WaitGroup;
using namespace std::chrono_literals;

void ask() {
  //! [part]
  SingleFlight<std::string, std::string> flight;
  int fetches = 0;
  const auto fetch = [&fetches]() -> Result<std::string> {
    ++fetches;
    conclave::sleep_for(1ms);  // and the others come
    return "welcome";
  };

  std::array<std::string, 3> pages;
  WaitGroup callers;
  for (std::string& page : pages) {
    callers.go([&] { page = *flight.call("home", fetch); });
  }
  callers.wait();
  //! [part]
  fmt::print("[{}] fetches: {}\n", fmt::join(pages, " "),
             fetches);
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(ask, {.clock = &clock});
}
