// Exercise 1.12: an evening in a post office.
#include "post_office.hpp"

#include <chrono>
#include <csignal>
#include <mutex>

#include "goroutines/goroutines.hpp"

namespace conclave {

using namespace std::chrono_literals;

namespace {

struct Office {
  Mutex scales;
  Mutex van;
  WaitGroup parcels;  // that are still to be weighed
  WaitGroup evening;  // its people
};

bool road_is_open() { return false; }

void wait_for_the_road() {
  while (!road_is_open()) sleep_for(15min);
}

void courier(Office& office) {
  const std::scoped_lock mine(office.van);
  sleep_for(2min);  // drives up to the gate
  wait_for_the_road();
  sleep_for(1h);  // drives to the station and back
}

void load_the_van(Office& office) { const std::scoped_lock mine(office.van); }

void packer(Office& office) {
  sleep_for(5min);
  const std::scoped_lock mine(office.scales);  // nobody weighs what is not packed
  load_the_van(office);
}

void weigh(Office& office) {
  sleep_for(20min);
  const std::scoped_lock mine(office.scales);
  office.parcels.done();
}

void cashier(Office& office) {
  office.parcels.wait();
  sleep_for(10min);  // counts the money
}

void radio() {
  for (;;) sleep_for(1min);  // plays another song
}

void sweeper() {
  for (;;) sleep_for(10min);  // sweeps the floor
}

void evening() {
  Office office;
  office.parcels.add(2);
  go(Name("radio"), radio);
  go(Name("sweeper"), sweeper);
  const auto employ = [&](const char* name, void (*work)(Office&)) {
    office.evening.add(1);
    go(Name(name), [&office, work] {
      work(office);
      office.evening.done();
    });
  };
  employ("courier", courier);
  employ("packer", packer);
  employ("weigher", weigh);
  employ("weigher", weigh);
  employ("cashier", cashier);
  office.evening.wait();
}

}  // namespace

void post_office() {
  VirtualClock clock;
  const auto main = [] {
    go(Name("visitor"), [] {
      sleep_for(4h);
      std::raise(SIGQUIT);  // somebody who loses patience types Ctrl-\.
      yield();
    });
    evening();
  };
  run(main, {.clock = &clock});
}

}  // namespace conclave
