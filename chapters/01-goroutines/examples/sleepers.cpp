/// @file
/// Three sleepers on virtual time: a day at the lighthouse passes as fast as it can be printed.
#include <chrono>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::VirtualClock;
using conclave::WaitGroup;
using namespace std::chrono_literals;

//! [main]
int main() {
  VirtualClock clock;
  const auto say = [&clock](const char* who, const char* what) {
    fmt::print("t={:>2} h  {:<7}  {}\n", clock.elapsed() / 1h, who, what);
  };
  conclave::run(
      [&] {
        WaitGroup group;
        group.go([&] {
          for (int watch = 1; watch <= 3; ++watch) {
            conclave::sleep_for(8h);
            say("keeper", "changes the watch");
          }
        });
        group.go([&] {
          conclave::sleep_for(6h);
          say("lamp", "goes out");
          conclave::sleep_for(14h);
          say("lamp", "is lit");
        });
        group.go([&] {
          conclave::sleep_for(24h);
          say("ship", "passes");
        });
      },
      {.clock = &clock});
  say("main", "the day is over");
}
//! [main]
