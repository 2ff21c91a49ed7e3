// The law of timers.hpp, on the heap alone.
#include "goroutines/timers.hpp"

#include <algorithm>
#include <deque>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.hpp"
#include "testing/seed.hpp"

namespace conclave::detail {
namespace {

using testing::ElementsAre;

TimePoint at(std::int64_t ns) { return TimePoint(Duration(ns)); }

TEST(Timers, IsEmptyAtFirst) {
  Timers timers;
  EXPECT_TRUE(timers.empty());
  EXPECT_FALSE(timers.pop_due(TimePoint::max()));
}

TEST(Timers, NobodyLeavesBeforeTheDeadline) {
  Timers timers;
  Goroutine sleeper;
  timers.push(at(100), sleeper);
  EXPECT_EQ(timers.earliest(), at(100));
  EXPECT_FALSE(timers.pop_due(at(99)));
  EXPECT_EQ(timers.pop_due(at(100)).sleeper, &sleeper);
  EXPECT_TRUE(timers.empty());
}

TEST(Timers, EarliestDeadlineFirstEqualOnesInTheOrderTheyCame) {  // law 1
  for_each_seed(50, [](std::uint64_t seed) {
    Random random(seed);
    std::deque<Goroutine> sleepers;
    std::vector<std::pair<TimePoint, std::uint64_t>> expected;
    Timers timers;
    for (std::uint64_t id = 0; id < 300; ++id) {
      const TimePoint deadline = at(static_cast<std::int64_t>(random.below(40)) - 20);
      sleepers.emplace_back().id = id;
      timers.push(deadline, sleepers.back());
      expected.emplace_back(deadline, id);
    }
    std::ranges::sort(expected);

    for (const auto& [deadline, id] : expected) {
      ASSERT_EQ(timers.earliest(), deadline);
      ASSERT_EQ(timers.pop_due(deadline).sleeper->id, id);
    }
    EXPECT_TRUE(timers.empty());
  });
}

TEST(Timers, StaysInOrderWhileSleepersComeAndGo) {  // law 1
  for_each_seed(50, [](std::uint64_t seed) {
    Random random(seed);
    std::deque<Goroutine> sleepers;
    std::vector<std::pair<TimePoint, std::uint64_t>> model;
    Timers timers;
    for (std::uint64_t id = 0; id < 500; ++id) {
      if (model.empty() || random.chance(0.6)) {
        const TimePoint deadline = at(random.between(0, 1000));
        sleepers.emplace_back().id = id;
        timers.push(deadline, sleepers.back());
        model.emplace_back(deadline, id);
      } else {
        const auto first = std::ranges::min_element(model);
        ASSERT_EQ(timers.pop_due(TimePoint::max()).sleeper->id, first->second);
        model.erase(first);
      }
    }
  });
}

TEST(Timers, TakesTheEndsOfTime) {
  Timers timers;
  Goroutine last;
  Goroutine first;
  timers.push(TimePoint::max(), last);
  timers.push(TimePoint::min(), first);
  EXPECT_EQ(timers.pop_due(TimePoint::min()).sleeper, &first);
  EXPECT_FALSE(timers.pop_due(at(0)));
  timers.clear();
  EXPECT_TRUE(timers.empty());
}

}  // namespace
}  // namespace conclave::detail
