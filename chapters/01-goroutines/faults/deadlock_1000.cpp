/// @file
/// A thousand goroutines wait for a start that nobody gives; those in the same place are one entry.
#include <mutex>

#include "goroutines/goroutines.hpp"

using conclave::Cond;
using conclave::go;
using conclave::Mutex;
using conclave::Name;
using conclave::WaitGroup;

struct Race {
  Mutex mutex;
  Cond started;
  bool has_started = false;

  void wait_for_start() {
    const std::scoped_lock lock(mutex);
    started.wait(mutex, [this] { return has_started; });
  }
};

int main() {
  conclave::VirtualClock clock;  // so that no report says "for 1 s" on a slow machine
  conclave::run(
      [] {
        Race race;
        WaitGroup runners;
        for (int i = 0; i < 998; ++i) runners.go([&] { race.wait_for_start(); });
        go(Name("referee"), [&] {
          const std::scoped_lock lock(race.mutex);
          runners.wait();  // and then starts the race
        });
        runners.wait();
      },
      {.clock = &clock});
}
