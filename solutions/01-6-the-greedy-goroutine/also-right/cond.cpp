// As rarely as the contract allows; and the editor waits for a word instead of an end.
#include "goroutines/goroutines.hpp"
#include "night.hpp"

namespace conclave {

void compute(int units) {
  for (int i = 1; i <= units; ++i) {
    compute_unit();
    if (i % 1000 == 0) yield();
  }
}

void night(Desk& desk) {
  Mutex mutex;
  Cond on_the_desk;
  WaitGroup both;

  both.go([&] {  // the computer
    desk.wait_for_data();
    compute(100'000);
    mutex.lock();
    desk.deliver();
    on_the_desk.notify_all();
    mutex.unlock();
  });

  both.go([&] {  // the editor
    mutex.lock();
    on_the_desk.wait(mutex, [&] { return desk.delivered(); });
    desk.print();
    mutex.unlock();
  });

  both.wait();
}

}  // namespace conclave
