/// @file
/// A counter behind a mutex, and one that a goroutine owns: what does an increment cost?
#include <chrono>
#include <mutex>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::make_chan;
using Time = std::chrono::steady_clock;

namespace {

constexpr int kIncrements = 2'000'000;

void print(const char* what, Time::time_point begin, int total) {
  const std::chrono::duration<double, std::nano> taken = Time::now() - begin;
  fmt::print("{:<24} {:>6.1f} ns\n", what, taken.count() / total);
}

class Counter {
 public:
  /// Not part of its caller, so that the loop below calls it each time.
  [[gnu::noinline]] void add(int n) {
    const std::scoped_lock lock(mutex_);
    total_ += n;
  }
  [[nodiscard]] int total() const { return total_; }

 private:
  conclave::Mutex mutex_;
  int total_ = 0;
};

void with_mutex() {
  Counter counter;
  const auto begin = Time::now();
  for (int i = 0; i < kIncrements; ++i) counter.add(1);
  print("mutex", begin, counter.total());
}

void with_owner() {
  auto add = make_chan<int>(), answer = make_chan<int>();
  conclave::go([add, answer] {
    int total = 0;
    for (int n : add) answer.send(total += n);
  });
  int total = 0;
  const auto begin = Time::now();
  for (int i = 0; i < kIncrements; ++i) {
    add.send(1);
    total = *answer.recv();
  }
  print("owner, with an answer", begin, total);
  add.close();
}

}  // namespace

int main() {
  conclave::run([] {
    with_mutex();
    with_owner();
  });
}
