// The laws of run_queue.hpp, on the queue alone.
#include "goroutines/run_queue.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace conclave::detail {
namespace {

using testing::ElementsAre;

class RunQueueTest : public testing::Test {
 protected:
  RunQueueTest() { queue.reset(Order::standard, 1); }

  Goroutine& make(std::uint64_t id) {
    goroutines.emplace_back().id = id;
    return goroutines.back();
  }

  std::vector<std::uint64_t> drain() {
    std::vector<std::uint64_t> ids;
    while (const Goroutine* next = queue.pop()) ids.push_back(next->id);
    return ids;
  }

  std::deque<Goroutine> goroutines;  // outlives the queue
  RunQueue queue;
};

TEST_F(RunQueueTest, IsEmptyAtFirst) { EXPECT_EQ(queue.pop(), nullptr); }

TEST_F(RunQueueTest, WokenGoroutinesAreFirstComeFirstServed) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.push_woken(make(id));
  EXPECT_THAT(drain(), ElementsAre(1, 2, 3, 4));
}

TEST_F(RunQueueTest, StartedGoroutinesGoNewestFirst) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.push_started(make(id));
  EXPECT_THAT(drain(), ElementsAre(4, 3, 2, 1));
}

TEST_F(RunQueueTest, YieldedGoroutinesGoAfterTheOthersFirstComeFirstServed) {
  queue.push_yielded(make(1));
  queue.push_yielded(make(2));
  queue.push_woken(make(3));
  queue.push_started(make(4));
  const auto ids = drain();
  EXPECT_THAT(std::vector(ids.begin() + 2, ids.end()), ElementsAre(1, 2));
}

TEST_F(RunQueueTest, OfFourPicksThreeAreWokenAndOneIsStarted) {  // law 1
  for (std::uint64_t id = 1; id <= 100; ++id) {
    queue.push_woken(make(id));
    queue.push_started(make(1000 + id));
  }
  std::vector<bool> started;
  for (int pick = 0; pick < 48; ++pick) started.push_back(queue.pop()->id > 1000);
  for (std::size_t first = 0; first + 4 <= started.size(); ++first) {
    EXPECT_EQ(std::count(started.begin() + static_cast<long>(first),
                         started.begin() + static_cast<long>(first) + 4, true),
              1)
        << "from pick " << first;
  }
}

TEST_F(RunQueueTest, AYieldedGoroutineWaitsFor122PicksAtMost) {  // law 2
  Goroutine& yielded = make(1);
  Goroutine& woken = make(2);
  Goroutine& started = make(3);
  queue.push_woken(woken);
  queue.push_started(started);
  for (int round = 0; round < 150; ++round) {
    queue.push_yielded(yielded);
    int picks = 0;
    while (true) {
      Goroutine* next = queue.pop();
      ++picks;
      if (next == &yielded) break;
      next == &woken ? queue.push_woken(woken) : queue.push_started(started);
      ASSERT_LE(picks, 122);  // 61, and one turn in 16 is the oldest started goroutine's
    }
  }
}

TEST_F(RunQueueTest, TheOldestStartedGoroutineWaitsFor976PicksAtMost) {  // law 2
  Goroutine& oldest = make(1);
  Goroutine& newer = make(2);
  Goroutine& newest = make(3);
  Goroutine& woken = make(4);
  for (int round = 0; round < 10; ++round) {
    queue.reset(Order::standard, 1);
    for (int i = 0; i < round * 100; ++i) {  // law 2 holds from whichever pick on
      queue.push_woken(woken);
      queue.pop();
    }
    queue.push_started(oldest);
    queue.push_started(newer);
    queue.push_started(newest);
    queue.push_woken(woken);
    int picks = 0;
    while (true) {
      Goroutine* next = queue.pop();
      ++picks;
      if (next == &oldest) break;
      next == &woken ? queue.push_woken(woken) : queue.push_started(*next);
      ASSERT_LE(picks, 976);
    }
    drain();
  }
}

TEST_F(RunQueueTest, WithNBeforeItAGoroutineRunsWithin976TimesNPlusOnePicks) {  // law 2
  constexpr int kBefore = 5;
  std::vector<Goroutine*> old;
  for (std::uint64_t id = 0; id <= kBefore; ++id) old.push_back(&make(id));
  Goroutine& storm = make(100);
  for (Goroutine* goroutine : old) queue.push_started(*goroutine);
  queue.push_started(storm);
  int picks = 0;
  while (true) {
    Goroutine* next = queue.pop();
    ++picks;
    if (next == old.back()) break;
    if (next == &storm) queue.push_started(storm);
    ASSERT_LE(picks, 976 * (kBefore + 1));
  }
  drain();
}

TEST_F(RunQueueTest, NothingIsLostNorDoubled) {
  std::map<std::uint64_t, int> seen;
  for (const Order order : {Order::standard, Order::random, Order::pct}) {
    queue.reset(order, 5, {.count = 20, .among = 1000});
    seen.clear();
    for (std::uint64_t id = 0; id < 3000; ++id) {
      if (id % 3 == 0) queue.push_woken(make(id));
      if (id % 3 == 1) queue.push_started(make(id));
      if (id % 3 == 2) queue.push_yielded(make(id));
      if (id % 2 == 0) ++seen[queue.pop()->id];
    }
    for (const std::uint64_t id : drain()) ++seen[id];
    EXPECT_EQ(seen.size(), 3000u);
    for (const auto& [id, count] : seen) EXPECT_EQ(count, 1) << id;
    EXPECT_EQ(queue.pop(), nullptr);
  }
}

TEST_F(RunQueueTest, RandomOrderDrawsEachAsOften) {  // law 3
  constexpr std::uint64_t kGoroutines = 8;
  constexpr int kDraws = 8000;
  queue.reset(Order::random, 42);
  for (std::uint64_t id = 0; id < kGoroutines; ++id) {
    Goroutine& goroutine = make(id);
    if (id % 3 == 0) queue.push_woken(goroutine);
    if (id % 3 == 1) queue.push_started(goroutine);
    if (id % 3 == 2) queue.push_yielded(goroutine);
  }
  std::vector<int> drawn(kGoroutines);
  for (int i = 0; i < kDraws; ++i) {
    Goroutine* goroutine = queue.pop();
    ++drawn[goroutine->id];
    queue.push_yielded(*goroutine);
  }
  for (const int count : drawn) {  // 1000 expected, standard deviation 30; the seed is fixed
    EXPECT_GT(count, 850);
    EXPECT_LT(count, 1150);
  }
  drain();
}

TEST_F(RunQueueTest, PctTakesTheHighestPriorityUntilAChangePointMovesItBack) {  // law 4
  std::map<std::vector<std::uint64_t>, int> orders;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    queue.reset(Order::pct, seed, {.count = 1, .among = 10});
    for (std::uint64_t id = 1; id <= 3; ++id) {
      Goroutine& goroutine = make(id);
      queue.welcome(goroutine);
      queue.push_started(goroutine);
    }
    // Each is ready again at once, so that the highest goes on until the change point, and another one after it.
    std::vector<std::uint64_t> order;
    for (int pick = 0; pick < 10; ++pick) {
      Goroutine* next = queue.pop();
      if (order.empty() || order.back() != next->id) order.push_back(next->id);
      queue.push_woken(*next);
    }
    drain();
    ++orders[order];
  }
  // A change point at the first pick moves the highest back before anybody saw it: a tenth of the runs.
  int with_change = 0;
  for (const auto& [order, count] : orders) {
    ASSERT_LE(order.size(), 2U);
    if (order.size() == 2) with_change += count;
  }
  EXPECT_EQ(orders.size(), 9U) << "three that go first, and of each pair";
  EXPECT_GT(with_change, 500);
  EXPECT_LT(with_change, 580);
}

TEST_F(RunQueueTest, PctMovesBackWhoYields) {  // law 4
  queue.reset(Order::pct, 7);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    queue.welcome(make(id));
    queue.push_yielded(goroutines.back());
  }
  for (std::uint64_t round = 0; round < 30; ++round) {
    Goroutine* next = queue.pop();
    EXPECT_EQ(next->id, round % 3 + 1);
    queue.push_yielded(*next);
  }
  drain();
}

TEST_F(RunQueueTest, ResetEmptiesTheQueueAndStartsTheDrawsAgain) {
  const auto draws = [&] {
    queue.reset(Order::random, 9);
    for (std::uint64_t id = 0; id < 20; ++id) queue.push_started(make(id));
    return drain();
  };
  const auto first = draws();
  for (std::uint64_t id = 0; id < 5; ++id) queue.push_woken(make(100 + id));
  EXPECT_EQ(draws(), first);
}

}  // namespace
}  // namespace conclave::detail
