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
  conclave::run(
      [] {
        const auto morning = conclave::now();
        const auto say = [morning](const char* who, const char* what) {
          fmt::print("t={:>2} h  {:<7}  {}\n", (conclave::now() - morning) / 1h, who, what);
        };
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
        group.wait();
        say("main", "the day is over");
      },
      {.clock = &clock});
}
//! [main]
