/// @file
/// A rendezvous: the cook hands each plate to the waiter, and whoever comes first waits.
///
/// Watch for the cook: it has the second plate at 4 min and starts the third at 5. It may not put the plate down; it
/// stands there until a hand takes it.
#include <chrono>
#include <deque>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::sleep_for;
using conclave::WaitGroup;
using std::chrono::minutes;

void say(const char* who, const char* what, int plate) {
  const auto now = std::chrono::duration_cast<minutes>(conclave::now().time_since_epoch());
  fmt::print("t={} min  {:<6} {} {}\n", now.count(), who, what, plate);
}

//! [chan]
/// Somebody who waits at a channel: with a plate, or for one.
struct Waiter {
  explicit Waiter(int with = 0) : plate(with) { bell.add(1); }

  int plate;
  WaitGroup bell;  // rings when the plate has changed hands
};

/// Takes the one who waits longest out of the queue.
Waiter& pop(std::deque<Waiter*>& queue) {
  Waiter* first = queue.front();
  queue.pop_front();
  return *first;
}

/// A channel without a buffer.
class Chan {
 public:
  /// Returns when somebody has taken the plate.
  void send(int plate) {
    if (!receivers_.empty()) {
      Waiter& receiver = pop(receivers_);
      receiver.plate = plate;
      receiver.bell.done();
      return;
    }
    Waiter self(plate);
    senders_.push_back(&self);
    self.bell.wait();  // parks
  }

  int recv() {
    if (!senders_.empty()) {
      Waiter& sender = pop(senders_);
      const int plate = sender.plate;
      sender.bell.done();
      return plate;
    }
    Waiter self;
    receivers_.push_back(&self);
    self.bell.wait();  // parks
    return self.plate;
  }

 private:
  std::deque<Waiter*> senders_;  // one of the two is always empty
  std::deque<Waiter*> receivers_;
};
//! [chan]

//! [main]
int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        Chan chan;
        WaitGroup group;
        group.go([&] {
          for (int plate = 1; plate <= 3; ++plate) {
            sleep_for(2min);
            say("cook", "has plate", plate);
            chan.send(plate);
          }
        });
        group.go([&] {
          for (int i = 0; i < 3; ++i) {
            say("waiter", "takes plate", chan.recv());
            sleep_for(3min);
          }
        });
      },
      {.clock = &clock});
}
//! [main]
