// A call that blocks its thread, made on a helper thread.
// What to watch for: the clerk works while main's call is on its way.
#include <semaphore>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::blocking;
using conclave::go;
using conclave::yield;

/// As a disk does: it answers when it has time, and until then the thread that asks stands still.
struct Disk {
  std::binary_semaphore has_time{0};

  int read() {
    has_time.acquire();  // blocks the thread, and knows nothing of goroutines
    return 42;
  }
};

int main() {
  conclave::run([] {
    //! [main]
    Disk disk;
    go([&] {
      for (int customer = 1; customer <= 3; ++customer) {
        fmt::print("clerk  serves customer {}\n", customer);
        yield();
      }
      disk.has_time.release();
    });

    fmt::print("main   asks the disk\n");
    const int answer = blocking([&] { return disk.read(); });
    fmt::print("main   has the answer, {}\n", answer);
    //! [main]
  });
}
