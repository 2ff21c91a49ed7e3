/// @file
/// Two pairs pass balls.  In how many of 1,000 random orders, and of 1,000 orders of priorities, does it happen
/// that one pair is through before the other has begun, and that they go hand in hand?
///
/// Watch that neither way is good at both.
#include <cstdint>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Order;

constexpr int kRuns = 1000;
constexpr int kPasses = 20;

//! [pairs]
/// Who has passed, one letter for each time: "ababbbaa…".
std::string passes_of_two_pairs() {
  std::string passes;
  conclave::WaitGroup all;
  for (const char pair : {'a', 'b'}) {
    const auto ball = conclave::make_chan<conclave::Signal>();
    all.go([ball] {
      for (int i = 0; i < kPasses; ++i) ball.send({});
    });
    all.go([&passes, ball, pair] {
      for (int i = 0; i < kPasses; ++i) {
        ball.recv();
        passes += pair;
      }
    });
  }
  all.wait();
  return passes;
}

/// Whether one pair was through before the other had begun.
bool one_starves(const std::string& passes) {
  return passes.substr(0, kPasses).find(passes[0] == 'a' ? 'b' : 'a') == std::string::npos;
}

/// Whether the pairs change 16 times or more.
bool hand_in_hand(const std::string& passes) {
  int changes = 0;
  for (std::size_t i = 1; i < passes.size(); ++i) changes += passes[i] != passes[i - 1] ? 1 : 0;
  return changes >= 16;
}
//! [pairs]

int found(bool (*mistake)(const std::string&), Order order) {
  int count = 0;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    std::string passes;
    conclave::run([&] { passes = passes_of_two_pairs(); },
                  {.order = order, .seed = seed, .pct_turns = 100});
    count += mistake(passes) ? 1 : 0;
  }
  return count;
}

int main() {
  fmt::print("{:<52}{:>8}{:>12}\n", "in so many of 1,000 runs", "random", "priorities");
  fmt::print("{:<52}{:>8}{:>12}\n", "one pair is through before the other has begun",
             found(one_starves, Order::random), found(one_starves, Order::pct));
  fmt::print("{:<52}{:>8}{:>12}\n", "the pairs change 16 times or more",
             found(hand_in_hand, Order::random), found(hand_in_hand, Order::pct));
}
