/// @file
/// Close: the cook says that no more plates come, and the waiters can go home.
///
/// Watch for the plate that bob takes at 5 min, from a kitchen that has closed: what was accepted is not lost. After
/// that, both go home, and neither had to know how many plates there would be.
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::sleep_for;
using conclave::WaitGroup;
using std::chrono::minutes;

void say(const std::string& who, const std::string& what) {
  const auto now = std::chrono::duration_cast<minutes>(conclave::now().time_since_epoch());
  fmt::print("t={:>2} min  {:<7} {}\n", now.count(), who, what);
}

/// Somebody who waits at a channel: with a plate, or for one.
struct Waiter {
  explicit Waiter(std::optional<int> with = {}) : plate(with) { bell.add(1); }

  std::optional<int> plate;  // empty when the channel was closed
  WaitGroup bell;            // rings when the plate has changed hands, or never will
};

/// Takes the one who waits longest out of the queue.
Waiter& pop(std::deque<Waiter*>& queue) {
  Waiter* first = queue.front();
  queue.pop_front();
  return *first;
}

/// A channel with room for `capacity` plates.
class Chan {
 public:
  explicit Chan(std::size_t capacity) : capacity_(capacity) {}

  /// Returns when somebody has taken the plate, or when it stands in the buffer.
  void send(int plate) {
    if (closed_) conclave::panic("send on closed channel");
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
    if (!self.plate) conclave::panic("send on closed channel");
  }

  /// Returns nothing when the channel is closed and drained.
  std::optional<int> recv() {
    if (!senders_.empty()) {  // then the buffer is full: its last place is for the sender
      Waiter& sender = pop(senders_);
      buffer_.push_back(*sender.plate);
      sender.bell.done();
    }
    if (!buffer_.empty()) {
      const int plate = buffer_.front();
      buffer_.pop_front();
      return plate;
    }
    if (closed_) return std::nullopt;
    Waiter self;
    receivers_.push_back(&self);
    self.bell.wait();  // parks
    return self.plate;
  }

  //! [close]
  void close() {
    if (closed_) conclave::panic("close of closed channel");
    closed_ = true;
    for (std::deque<Waiter*>* queue : {&receivers_, &senders_}) {
      while (!queue->empty()) {
        Waiter& waiter = pop(*queue);
        waiter.plate.reset();  // a receiver gets none, a sender learns that its own was not taken
        waiter.bell.done();
      }
    }
  }
  //! [close]

 private:
  std::size_t capacity_;
  bool closed_ = false;
  std::deque<int> buffer_;
  std::deque<Waiter*> senders_;    // nobody, unless the buffer is full
  std::deque<Waiter*> receivers_;  // nobody, unless the buffer is empty
};

//! [main]
int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        Chan chan(2);
        WaitGroup group;
        for (const char* name : {"ada", "bob"}) {
          group.go([&chan, name] {
            while (const std::optional<int> plate = chan.recv()) {
              say(name, fmt::format("takes plate {}", *plate));
              sleep_for(4min);
            }
            say(name, "goes home");
          });
        }
        for (int plate = 1; plate <= 3; ++plate) {
          sleep_for(1min);
          chan.send(plate);
        }
        chan.close();
        say("kitchen", "closes");
      },
      {.clock = &clock});
}
//! [main]
