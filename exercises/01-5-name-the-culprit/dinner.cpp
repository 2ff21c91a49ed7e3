// Exercise 1.5: who needs two things takes them in alphabetical order.
#include <chrono>

#include "goroutines/goroutines.hpp"
#include "programs.hpp"

namespace conclave {

using namespace std::chrono_literals;

namespace {

void evening() {
  Mutex knife;
  Mutex oil;
  Mutex salt;
  WaitGroup dishes;
  dishes.add(4);

  go(Name("dan"), [&] {
    sleep_for(1min);
    oil.lock();
    sleep_for(5min);
    oil.unlock();
    dishes.done();
  });

  go(Name("ann"), [&] {
    knife.lock();
    sleep_for(5min);
    oil.lock();
    oil.unlock();
    knife.unlock();
    dishes.done();
  });

  go(Name("bob"), [&] {
    oil.lock();
    sleep_for(5min);
    salt.lock();
    salt.unlock();
    oil.unlock();
    dishes.done();
  });

  go(Name("cay"), [&] {
    salt.lock();
    sleep_for(5min);
    knife.lock();
    knife.unlock();
    salt.unlock();
    dishes.done();
  });

  dishes.wait();
}

}  // namespace

void dinner() {
  VirtualClock clock;
  run(evening, {.clock = &clock});
}

}  // namespace conclave
