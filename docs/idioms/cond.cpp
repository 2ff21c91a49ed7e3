/// @file
/// A queue on a mutex and a condition.
#include <deque>
#include <mutex>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::Cond;
using conclave::Mutex;

//! [part]
class Queue {
 public:
  void put(int item) {
    const std::unique_lock lock(mutex_);
    items_.push_back(item);
    not_empty_.notify_one();
  }

  int take() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [&] { return !items_.empty(); });
    const int item = items_.front();
    items_.pop_front();
    return item;
  }

 private:
  Mutex mutex_;
  Cond not_empty_;
  std::deque<int> items_;
};
//! [part]

int main() {
  conclave::run([] {
    Queue queue;
    conclave::WaitGroup group;
    group.go([&queue] {
      queue.put(1);
      queue.put(2);
    });
    fmt::print("{}\n", queue.take());
    fmt::print("{}\n", queue.take());
  });
}
