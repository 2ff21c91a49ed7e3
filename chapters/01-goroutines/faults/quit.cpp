/// @file
/// A server that answers nobody any more is asked with SIGQUIT what it is doing.
#include <chrono>
#include <csignal>
#include <mutex>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Mutex;
using conclave::Name;

//! [server]
struct Cache {
  Mutex mutex;

  void refresh() {
    const std::scoped_lock lock(mutex);
    conclave::sleep_for(std::chrono::hours(24));  // asks a server that is down
  }
  void look_up() { const std::scoped_lock lock(mutex); }
};
//! [server]

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        Cache cache;
        go(Name("refresh"), [&] { cache.refresh(); });
        conclave::sleep_for(std::chrono::seconds(5));
        for (int request = 0; request < 40; ++request) {
          go(Name("request"), [&] { cache.look_up(); });
          conclave::sleep_for(std::chrono::seconds(3));
        }
        fmt::print("the user types Ctrl-\\\n");
        std::raise(SIGQUIT);
        conclave::sleep_for(std::chrono::seconds(1));
      },
      {.clock = &clock});
}
