/// @file
/// Three goroutines, one program, ninety orders: which goroutine runs next is policy and not meaning.
#include <cstdint>
#include <set>
#include <string>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::Order;
using conclave::RunOptions;
using conclave::WaitGroup;

//! [order]
std::string trace(const RunOptions& options) {
  std::string seen;
  conclave::run(
      [&] {
        WaitGroup group;
        for (const char name : {'A', 'B', 'C'}) {
          group.go([&seen, name] {
            seen += fmt::format("{}1 ", name);
            conclave::yield();
            seen += fmt::format("{}2 ", name);
          });
        }
        seen += "main ";
      },
      options);
  return seen;
}

//! [order]

//! [main]
int main() {
  fmt::print("standard  {}\n", trace({}));
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    fmt::print("seed {}    {}\n", seed, trace({.order = Order::random, .seed = seed}));
  }

  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    orders.insert(trace({.order = Order::random, .seed = seed}));
  }
  fmt::print("\n5000 seeds, {} different orders\n", orders.size());
}
//! [main]
