/// @file
/// A goroutine locks a mutex twice, and main waits for it: two that sleep, and nobody to wake them.
#include <mutex>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Mutex;
using conclave::Name;
using conclave::WaitGroup;

//! [log]
struct Log {
  Mutex mutex;
  int lines = 0;

  void add(int count) {
    const std::scoped_lock lock(mutex);
    lines += count;
  }
  void add_twice(int count) {
    const std::scoped_lock lock(mutex);
    add(count);  // locks what this goroutine holds
    add(count);
  }
};
//! [log]

int main() {
  conclave::run([] {
    Log log;
    WaitGroup group;
    group.add(1);
    go(Name("logger"), [&] {
      log.add_twice(1);
      group.done();
    });
    group.wait();
  });
}
