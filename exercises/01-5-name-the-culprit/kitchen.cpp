// Exercise 1.5: a guest is hungry, and there is no flour yet.
#include <chrono>

#include "goroutines/goroutines.hpp"
#include "programs.hpp"

namespace conclave {

using namespace std::chrono_literals;

namespace {

void evening() {
  Mutex store;  // guards flour
  int flour = 0;
  WaitGroup delivery;
  delivery.add(1);
  WaitGroup meal;
  meal.add(1);

  go(Name("guest"), [&] { meal.wait(); });

  go(Name("driver"), [&] {
    sleep_for(1h);
    store.lock();
    flour += 50;
    store.unlock();
    delivery.done();
  });

  go(Name("cook"), [&] {
    store.lock();
    if (flour == 0) delivery.wait();
    --flour;
    store.unlock();
    meal.done();
  });

  meal.wait();
}

}  // namespace

void kitchen() {
  VirtualClock clock;
  run(evening, {.clock = &clock});
}

}  // namespace conclave
