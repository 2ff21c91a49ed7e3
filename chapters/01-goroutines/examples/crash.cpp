// A group of goroutines that is ended from outside: a machine that crashes.
// What to watch for: whose destructors run, and who lives on.
#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::GoroutineGroup;
using conclave::Mutex;
using conclave::sleep_for;
using conclave::VirtualClock;
using namespace std::chrono_literals;

/// Says when it goes.
struct File {
  const char* name;
  ~File() { fmt::print("         {} is closed\n", name); }
};

//! [node]
void node(Mutex& disk) {
  go([] {
    const File log{"the log"};
    for (int second = 1;; ++second) {
      sleep_for(1s);
      fmt::print("t={} s    heartbeat\n", second);
    }
  });
  const std::scoped_lock lock(disk);
  const File data{"the data"};
  sleep_for(1h);
}
//! [node]

int main() {
  VirtualClock clock;
  conclave::run(
      [] {
        //! [main]
        Mutex disk;
        GoroutineGroup machine("machine 1");
        machine.go([&] { node(disk); });
        sleep_for(2500ms);

        fmt::print("t=2.5 s  crash, with {} goroutines\n", machine.size());
        machine.end();

        sleep_for(1h);
        fmt::print("t=1 h    nobody beats; the disk is {}\n", disk.try_lock() ? "free" : "locked");
        //! [main]
      },
      {.clock = &clock});
}
