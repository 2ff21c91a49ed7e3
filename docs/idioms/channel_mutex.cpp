/// @file
/// A lock that one can also give up waiting for.
#include <chrono>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::Duration;
using conclave::make_chan;
using conclave::Signal;
using conclave::timeout;
using namespace std::chrono_literals;

//! [part]
class Lock {
 public:
  bool acquire(Duration limit) {
    return select(send(held_, Signal{}), timeout(limit)) ==
           0;
  }
  void release() { held_.recv(); }

 private:
  Chan<Signal> held_ = make_chan<Signal>(1);
};
//! [part]

void try_it() {
  Lock lock;
  fmt::print("first: {}\n", lock.acquire(1h));
  fmt::print("second: {}\n", lock.acquire(1ms));
  lock.release();
  fmt::print("third: {}\n", lock.acquire(1h));
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(try_it, {.clock = &clock});
}
