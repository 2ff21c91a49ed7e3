/// @file
/// Runs on virtual time, and in every order, for the tests of exercises about goroutines.
/// Call from a test, outside goroutines.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>

#include <gtest/gtest.h>

#include "goroutines/goroutines.hpp"
#include "testing/seed.hpp"

namespace conclave {

/// Runs `body` as the main goroutine on a clock that jumps; returns how long it took there.
/// Reports name the caller's place.
inline Duration in_virtual_time(const std::function<void()>& body, RunOptions options = {},
                                std::source_location place = std::source_location::current()) {
  VirtualClock clock;
  options.clock = &clock;
  run(detail::Start<>(body, place), options);
  return clock.elapsed();
}

/// Calls `body` for the standard order, then for 100 random ones, up to the first that fails the
/// test.
inline void in_every_order(const std::function<void(const RunOptions&)>& body) {
  body({});
  if (testing::Test::HasFailure()) return;
  for_each_seed(100, [&](std::uint64_t seed) { body({.order = Order::random, .seed = seed}); });
}

/// Lets all who are ready run until they park or end, and counts who is left beside the caller: the
/// clock moves only when nobody can run.  Call inside run().
inline std::size_t others_left() {
  sleep_for(std::chrono::nanoseconds(1));
  return num_goroutines() - 1;
}

}  // namespace conclave
