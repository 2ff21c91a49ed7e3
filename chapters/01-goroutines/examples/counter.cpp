/// @file
/// Ten goroutines add to one counter, a hundred times each: it ends at 1000.
#include <mutex>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::Mutex;
using conclave::WaitGroup;

//! [counter]
class Counter {
 public:
  void increment() {
    const std::scoped_lock lock(mutex_);
    ++value_;
  }

  int get() {
    const std::scoped_lock lock(mutex_);
    return value_;
  }

 private:
  Mutex mutex_;
  int value_ = 0;
};

int main() {
  conclave::run([] {
    Counter counter;
    WaitGroup group;
    for (int i = 0; i < 10; ++i) {
      group.go([&] {
        for (int n = 0; n < 100; ++n) counter.increment();
      });
    }
    group.wait();
    fmt::print("the counter is {}\n", counter.get());
  });
}
//! [counter]
