/// @file
/// The counter of chapter 1, made of one channel: whoever holds the value may change it.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::make_chan;
using conclave::WaitGroup;

//! [counter]
/// A counter from 0 to a limit.  Its value lies in a channel with room for one, or in the hands of one goroutine.
class Counter {
 public:
  explicit Counter(int limit) : limit_(limit) { value_.send(0); }

  struct Answer {
    bool changed;
    int value;  // the new one, or the old one when it was not changed
  };

  Answer add(int delta) {
    const int old = *value_.recv();  // parks while somebody else has it
    conclave::yield();               // an update may take its time
    const bool allowed = old + delta >= 0 && old + delta <= limit_;
    const int now = allowed ? old + delta : old;
    value_.send(now);
    return {allowed, now};
  }

 private:
  int limit_;
  Chan<int> value_ = make_chan<int>(1);
};
//! [counter]

//! [main]
int main() {
  conclave::run([] {
    Counter counter(1000);
    {
      WaitGroup group;
      for (int i = 0; i < 10; ++i) {
        group.go([&] {
          for (int n = 0; n < 100; ++n) counter.add(1);
        });
      }
    }
    for (int delta : {0, 1, -1}) {
      const auto [changed, value] = counter.add(delta);
      fmt::print("add {:>2}: {} {}\n", delta, changed ? "yes, it is now" : "no, it stays", value);
    }
  });
}
//! [main]
