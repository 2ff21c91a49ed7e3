// Who runs next: fairness and the size of spawn trees under Order::standard, and Order::random.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "goroutines/processor.hpp"
#include "support.hpp"

namespace conclave {
namespace {

constexpr int kPatienceTurns = 200'000;  // far beyond every bound of the run queue

// ---- nobody waits for ever: go.hpp, law 4 ----

TEST(Fairness, AYielderRunsBesideAPingPong) {
  run([] {
    bool yielder_ran = false;
    int turns = 0;
    Semaphore ping(1);
    Semaphore pong(1);
    pong.acquire();
    go([&] {
      for (int i = 0; i < 10; ++i) yield();
      yielder_ran = true;
    });
    go([&] {
      while (!yielder_ran && ++turns < kPatienceTurns) {
        ping.acquire();
        pong.release();
      }
    });
    go([&] {
      while (!yielder_ran && ++turns < kPatienceTurns) {
        pong.acquire();
        ping.release();
      }
    });
    while (!yielder_ran && turns < kPatienceTurns) yield();
    EXPECT_TRUE(yielder_ran);
  });
}

TEST(Fairness, TheOldestNewcomerRunsInASpawnStorm) {
  run([] {
    bool oldest_ran = false;
    int spawned = 0;
    go([&] { oldest_ran = spawned < kPatienceTurns; });  // in the storm, not when it is over
    const std::function<void()> storm = [&] {
      if (oldest_ran || ++spawned > kPatienceTurns) return;
      go(storm);
      go([] {});
    };
    go(storm);
    while (!oldest_ran && spawned <= kPatienceTurns) yield();
    EXPECT_TRUE(oldest_ran);
  });
}

TEST(Fairness, AWokenGoroutineRunsBesideYielders) {
  run([] {
    bool woken_ran = false;
    int turns = 0;
    Semaphore gate(1);
    gate.acquire();
    go([&] {
      gate.acquire();
      woken_ran = true;
    });
    let_others_park();
    for (int i = 0; i < 10; ++i) {
      go([&] {
        while (!woken_ran && ++turns < kPatienceTurns) yield();
      });
    }
    gate.release();
    while (!woken_ran && turns < kPatienceTurns) yield();
    EXPECT_TRUE(woken_ran);
  });
}

TEST(Fairness, ASleeperWakesBesideYielders) {
  run([] {
    bool woke = false;
    go([&] {
      sleep_for(std::chrono::milliseconds(1));
      woke = true;
    });
    while (!woke) yield();  // ends only if timers are looked at while somebody is ready
  });
}

// ---- spawn trees ----

/// Walks a tree of goroutines in which everybody has `width` children and waits for them; returns its leaves.
int count_leaves(int width, int depth) {
  if (depth == 0) return 1;
  int leaves = 0;
  WaitGroup children;
  for (int i = 0; i < width; ++i) {
    children.go([&leaves, width, depth] { leaves += count_leaves(width, depth - 1); });
  }
  children.wait();
  return leaves;
}

TEST(SpawnTree, ABinaryTreeOf131071GoroutinesNeedsFewStacks) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  run([] {
    EXPECT_EQ(count_leaves(2, 16), 65'536);
    EXPECT_LT(detail::Processor::of_this_thread().stacks().count(), 2'000u);
  });
}

TEST(SpawnTree, ATreeOfWidthTenWith111111GoroutinesNeedsFewStacks) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  run([] {
    EXPECT_EQ(count_leaves(10, 5), 100'000);
    EXPECT_LT(detail::Processor::of_this_thread().stacks().count(), 2'000u);
  });
}

// ---- Order::random ----

/// A program in which every kind of readiness occurs; returns what happened, in order.
Log history(std::uint64_t seed) {
  Log log;
  in_virtual_time(
      [&] {
        Mutex mutex;
        Semaphore semaphore(2);
        WaitGroup group;
        for (int id = 0; id < 6; ++id) {
          group.go([&, id] {
            for (int step = 0; step < 5; ++step) {
              log.push_back(
                  fmt::format("{} step {} at {}", id, step, now().time_since_epoch().count()));
              if (step % 2 == 0) {
                const std::scoped_lock lock(mutex);
                yield();
              } else {
                semaphore.acquire();
                sleep_for(std::chrono::milliseconds(id * step));
                semaphore.release();
              }
            }
          });
        }
      },
      {.order = Order::random, .seed = seed});
  return log;
}

TEST(RandomOrder, TheSameSeedGivesTheSameHistory) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) EXPECT_EQ(history(seed), history(seed));
}

TEST(RandomOrder, WhatRanBeforeDoesNotMatter) {
  const Log log = history(7);
  run([] { count_leaves(3, 3); });
  history(8);
  EXPECT_EQ(history(7), log);
}

TEST(RandomOrder, DifferentSeedsGiveDifferentHistories) {
  std::set<Log> histories;
  for (std::uint64_t seed = 0; seed < 50; ++seed) histories.insert(history(seed));
  EXPECT_EQ(histories.size(), 50u);
}

/// In which order three goroutines run that were all started before any of them ran.
std::string order_of_three(std::uint64_t seed) {
  std::string order;
  run(
      [&] {
        WaitGroup group;
        for (const char who : {'a', 'b', 'c'}) group.go([&order, who] { order += who; });
      },
      {.order = Order::random, .seed = seed});
  return order;
}

TEST(RandomOrder, EveryOrderOfThreeIsAboutAsLikely) {
  constexpr int kSeeds = 1200;
  std::map<std::string, int> count_of;
  for (int seed = 0; seed < kSeeds; ++seed)
    ++count_of[order_of_three(static_cast<std::uint64_t>(seed))];
  EXPECT_EQ(count_of.size(), 6u);
  for (const auto& [order, count] :
       count_of) {  // 200 expected; the seeds are fixed, so is the count
    EXPECT_GT(count, 150) << order;
    EXPECT_LT(count, 250) << order;
  }
}

TEST(RandomOrder, WokenAndYieldedGoroutinesAreDrawnToo) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::string order;
    run(
        [&] {
          Cond cond;
          Mutex mutex;
          WaitGroup group;
          for (const char who : {'a', 'b', 'c'}) {
            group.go([&, who] {
              mutex.lock();
              cond.wait(mutex);
              mutex.unlock();
              yield();
              order += who;
            });
          }
          let_others_park();
          cond.notify_all();
        },
        {.order = Order::random, .seed = seed});
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST(RandomOrder, NobodyStarves) {
  run(
      [] {
        bool ran = false;
        int turns = 0;
        go([&] { ran = true; });
        for (int i = 0; i < 5; ++i) {
          go([&] {
            while (!ran && ++turns < kPatienceTurns) yield();
          });
        }
        while (!ran && turns < kPatienceTurns) yield();
        EXPECT_TRUE(ran);
      },
      {.order = Order::random, .seed = 3});
}

TEST(RandomOrder, QueuesOfPrimitivesStayFirstComeFirstServed) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    run(
        [] {
          Mutex mutex;
          std::vector<int> came;
          std::vector<int> served;
          WaitGroup group;
          mutex.lock();
          for (int id = 0; id < 8; ++id) {
            group.go([&, id] {
              came.push_back(id);
              const std::scoped_lock lock(mutex);
              served.push_back(id);
            });
          }
          while (came.size() < 8) yield();
          mutex.unlock();
          group.wait();
          EXPECT_EQ(served, came);
        },
        {.order = Order::random, .seed = seed});
  }
}

}  // namespace
}  // namespace conclave
