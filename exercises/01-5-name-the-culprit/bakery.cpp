// Exercise 1.5: three people, one shift.
#include <chrono>

#include "goroutines/goroutines.hpp"
#include "programs.hpp"

namespace conclave {

using namespace std::chrono_literals;

namespace {

void day() {
  int crates = 3;
  WaitGroup shift;
  shift.add(3);

  go(Name("baker"), [&] {
    sleep_for(8h);
    shift.done();
  });

  go(Name("porter"), [&] {
    while (true) {
      sleep_for(1h);
      if (crates == 0) return;
      --crates;
    }
  });

  go(Name("sweeper"), [&] {
    while (crates > 0) sleep_for(30min);
    shift.done();
  });

  shift.wait();
}

}  // namespace

void bakery() {
  VirtualClock clock;
  run(day, {.clock = &clock});
}

}  // namespace conclave
