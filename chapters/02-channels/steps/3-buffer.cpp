/// @file
/// A buffer: between the two stands a counter with room for two plates.
///
/// Watch for the cook: it runs ahead of the waiter, by two plates and the one in its hands, and then waits as before.
#include <chrono>
#include <cstddef>
#include <deque>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::sleep_for;
using conclave::WaitGroup;
using std::chrono::minutes;

void say(const char* who, const char* what, int plate) {
  const auto now = std::chrono::duration_cast<minutes>(conclave::now().time_since_epoch());
  fmt::print("t={:>2} min  {:<6} {} {}\n", now.count(), who, what, plate);
}

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

//! [chan]
/// A channel with room for `capacity` plates.
class Chan {
 public:
  explicit Chan(std::size_t capacity) : capacity_(capacity) {}

  /// Returns when somebody has taken the plate, or when it stands in the buffer.
  void send(int plate) {
    if (!receivers_.empty()) {
      Waiter& receiver = pop(receivers_);
      receiver.plate = plate;
      receiver.bell.done();
      return;
    }
    if (buffer_.size() < capacity_) {
      buffer_.push_back(plate);
      return;
    }
    Waiter self(plate);
    senders_.push_back(&self);
    self.bell.wait();  // parks
  }

  int recv() {
    if (!senders_.empty()) {  // then the buffer is full: its last place is for the sender
      Waiter& sender = pop(senders_);
      buffer_.push_back(sender.plate);
      sender.bell.done();
    }
    if (!buffer_.empty()) {
      const int plate = buffer_.front();
      buffer_.pop_front();
      return plate;
    }
    Waiter self;
    receivers_.push_back(&self);
    self.bell.wait();  // parks
    return self.plate;
  }

 private:
  std::size_t capacity_;
  std::deque<int> buffer_;
  std::deque<Waiter*> senders_;    // nobody, unless the buffer is full
  std::deque<Waiter*> receivers_;  // nobody, unless the buffer is empty
};
//! [chan]

//! [main]
int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        Chan chan(2);
        WaitGroup group;
        group.go([&] {
          for (int plate = 1; plate <= 6; ++plate) {
            sleep_for(2min);
            say("cook", "has plate", plate);
            chan.send(plate);
          }
          say("cook", "is done with", 6);
        });
        group.go([&] {
          for (int i = 0; i < 6; ++i) {
            say("waiter", "takes plate", chan.recv());
            sleep_for(5min);
          }
        });
      },
      {.clock = &clock});
}
//! [main]
