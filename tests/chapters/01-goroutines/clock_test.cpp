// The laws of clock.hpp: sleeping, virtual and real time, and durations at the ends of what there is.
#include <limits>
#include <sys/resource.h>

#include "support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

// ---- virtual time ----

TEST(VirtualTime, StartsAtZeroAndHoursPassAtOnce) {
  VirtualClock clock;
  run(
      [&] {
        EXPECT_EQ(now(), TimePoint());
        sleep_for(hours(1000));
        EXPECT_EQ(now() - TimePoint(), hours(1000));
      },
      {.clock = &clock});
  EXPECT_EQ(clock.elapsed(), hours(1000));
}

TEST(VirtualTime, ASleeperWakesExactlyAtItsDeadline) {  // law 2
  in_virtual_time([] {
    const TimePoint start = now();
    sleep_for(nanoseconds(1));
    EXPECT_EQ(now() - start, nanoseconds(1));
    sleep_until(start + seconds(5));
    EXPECT_EQ(now() - start, seconds(5));
  });
}

TEST(VirtualTime, SleepersWakeInTheOrderOfTheirDeadlines) {  // law 3
  std::vector<int> woke;
  in_virtual_time([&] {
    WaitGroup group;
    for (const int ms : {30, 10, 50, 20, 40}) {
      group.go([&woke, ms] {
        sleep_for(milliseconds(ms));
        EXPECT_EQ(now() - TimePoint(), milliseconds(ms));
        woke.push_back(ms);
      });
    }
  });
  EXPECT_THAT(woke, ElementsAre(10, 20, 30, 40, 50));
}

TEST(VirtualTime, EqualDeadlinesWakeInTheOrderOfFallingAsleep) {  // law 3
  std::vector<int> slept;
  std::vector<int> woke;
  in_virtual_time([&] {
    WaitGroup group;
    for (int id = 0; id < 50; ++id) {
      group.go([&, id] {
        slept.push_back(id);
        sleep_until(TimePoint(seconds(1)));
        woke.push_back(id);
      });
    }
  });
  EXPECT_EQ(woke, slept);
}

TEST(VirtualTime, StandsStillWhileAGoroutineIsReady) {  // law 4
  in_virtual_time([] {
    bool woke = false;
    go([&] {
      sleep_for(nanoseconds(1));
      woke = true;
    });
    for (int i = 0; i < 10'000; ++i) yield();
    EXPECT_FALSE(woke);
    EXPECT_EQ(now(), TimePoint());
    sleep_for(nanoseconds(1));
    EXPECT_TRUE(woke);
  });
}

TEST(VirtualTime, NeverGoesBack) {  // law 1
  VirtualClock clock;
  clock.jump_to(TimePoint(seconds(5)));
  clock.jump_to(TimePoint(seconds(3)));
  EXPECT_EQ(clock.now(), TimePoint(seconds(5)));
}

TEST(VirtualTime, GoesOnWhereThePreviousRunLeftTheClock) {
  VirtualClock clock;
  for (int round = 1; round <= 3; ++round) {
    run([] { sleep_for(seconds(1)); }, {.clock = &clock});
    EXPECT_EQ(clock.elapsed(), seconds(round));
  }
}

TEST(VirtualTime, ASleeperThatIsLeftDoesNotMoveTheClock) {
  EXPECT_EQ(in_virtual_time([] {
              go([] { sleep_for(hours(1)); });
              yield();
            }),
            Duration::zero());
}

TEST(VirtualTime, ThousandsOfSleepersWakeInOrder) {
  constexpr int kSleepers = kUnderThreadSanitizer ? 500 : kUnderSanitizer ? 5'000 : 20'000;
  std::int64_t latest = 0;
  int woke = 0;
  in_virtual_time(
      [&] {
        WaitGroup group;
        for (int i = 0; i < kSleepers; ++i) {
          group.go([&, ns = 1 + (i * 7919LL) % 100'003] {
            sleep_until(TimePoint(nanoseconds(ns)));
            EXPECT_GE(ns, latest);
            latest = ns;
            ++woke;
          });
        }
      },
      {.stack_bytes = 16 * 1024});
  EXPECT_EQ(woke, kSleepers);
}

// ---- durations ----

TEST(Sleep, ZeroOrLessReturnsAtOnceWithoutAYield) {
  in_virtual_time([] {
    bool ran = false;
    go([&] { ran = true; });
    sleep_for(seconds(0));
    sleep_for(seconds(-1));
    sleep_for(hours::min());
    sleep_for(Duration::min());
    sleep_for(std::chrono::duration<double>(-1e300));
    sleep_until(now());
    sleep_until(now() - seconds(1));
    sleep_until(TimePoint::min());
    EXPECT_FALSE(ran);
    EXPECT_EQ(now(), TimePoint());
  });
}

TEST(Sleep, TakesFractionsAndEveryUnit) {
  in_virtual_time([] {
    sleep_for(std::chrono::duration<double>(0.5));
    EXPECT_EQ(now() - TimePoint(), milliseconds(500));
    sleep_for(std::chrono::microseconds(1));
    sleep_for(std::chrono::days(2));
    EXPECT_EQ(now() - TimePoint(), milliseconds(500) + std::chrono::microseconds(1) + hours(48));
  });
}

TEST(Sleep, EnormousDurationsParkForEver) {
  for (const bool on_virtual_clock : {true, false}) {
    VirtualClock clock;
    int returned = 0;
    run(
        [&] {
          sleep_for(nanoseconds(
              1));  // so that the clock's last instant is less than Duration::max() away
          go([&] { sleep_for(hours::max()), ++returned; });
          go([&] { sleep_for(Duration::max()), ++returned; });
          go([&] { sleep_for(std::chrono::duration<double>(1e300)), ++returned; });
          go([&] {
            sleep_for(std::chrono::duration<double>(std::numeric_limits<double>::infinity()));
            ++returned;
          });
          let_others_park();
          EXPECT_EQ(num_goroutines(), 5u);
          sleep_for(milliseconds(1));
        },
        {.clock = on_virtual_clock ? &clock : nullptr});
    EXPECT_EQ(returned, 0);
    if (on_virtual_clock) {
      EXPECT_EQ(clock.elapsed(), milliseconds(1) + nanoseconds(1));
    }
  }
}

TEST(Sleep, UntilTheEndOfTimeParks) {
  in_virtual_time([] {
    bool returned = false;
    go([&] {
      sleep_until(TimePoint::max());
      returned = true;
    });
    sleep_for(hours(24 * 365 * 290));
    EXPECT_FALSE(returned);
  });
}

TEST(Sleep, ForEverIsAsleepInADeadlockReport) {
  const Ending on_virtual_clock = ending_of([] {
    in_virtual_time([] {
      sleep_for(seconds(1));
      sleep_for(Duration::max());
    });
  });
  const Ending on_real_clock = ending_of([] { run([] { sleep_for(hours::max()); }); });

  for (const Ending& ending : {on_virtual_clock, on_real_clock}) {
    EXPECT_EQ(ending.how, "exit 2");
    EXPECT_THAT(ending.words, HasSubstr("fatal error: all goroutines are asleep - deadlock!"));
    EXPECT_THAT(ending.words, HasSubstr("clock_test.cpp:"));
  }
}

TEST(Sleep, OneSleeperKeepsParkedGoroutinesFromBeingADeadlock) {
  in_virtual_time([] {
    Semaphore semaphore(1);
    semaphore.acquire();
    go([&] {
      sleep_for(hours(5));
      semaphore.release();
    });
    semaphore.acquire();
    EXPECT_EQ(now() - TimePoint(), hours(5));
  });
}

// ---- real time ----

TEST(RealTime, NeverGoesBackAndIsTheDefault) {  // law 1
  run([] {
    TimePoint previous = real_clock().now();
    for (int i = 0; i < 10'000; ++i) {
      const TimePoint next = now();
      EXPECT_LE(previous, next);
      previous = next;
    }
  });
}

TEST(RealTime, SleepIsNeverShorterThanAsked) {  // law 2
  run([] {
    for (const Duration asked : {Duration(1), Duration(1000), Duration(milliseconds(3))}) {
      const auto outside = std::chrono::steady_clock::now();
      const TimePoint start = now();
      sleep_for(asked);
      EXPECT_GE(now() - start, asked);
      EXPECT_GE(std::chrono::steady_clock::now() - outside, asked);
    }
    const TimePoint deadline = now() + milliseconds(2);
    sleep_until(deadline);
    EXPECT_GE(now(), deadline);
  });
}

TEST(RealTime, SleepersWakeInTheOrderOfTheirDeadlines) {  // law 3
  std::vector<int> woke;
  run([&] {
    const TimePoint start = now();
    WaitGroup group;
    for (const int ms : {3, 1, 5, 2, 4}) {
      group.go([&woke, start, ms] {
        sleep_until(start + milliseconds(kUnderThreadSanitizer ? 50 * ms : ms));
        woke.push_back(ms);
      });
    }
  });
  EXPECT_THAT(woke, ElementsAre(1, 2, 3, 4, 5));
}

/// The real clock, counting how often the scheduler asks it.
class CountingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override {
    ++asked;
    return real_clock().now();
  }
  bool jump_to(TimePoint next) noexcept override {
    ++asked;
    return real_clock().jump_to(next);
  }
  mutable int asked = 0;
};

TEST(RealTime, AnIdleProcessWaitsInTheKernelOnce) {
  CountingClock clock;
  rusage before{};
  rusage after{};
  int asked = 0;
  run(
      [&] {
        for (int i = 0; i < 10; ++i) go([] { sleep_for(hours(1)); });
        yield();
        const int asked_before = clock.asked;
        ::getrusage(RUSAGE_THREAD, &before);
        sleep_for(milliseconds(50));
        ::getrusage(RUSAGE_THREAD, &after);
        asked = clock.asked - asked_before;
      },
      {.clock = &clock});
  EXPECT_LE(asked, 20);                             // a busy loop asks many thousand times
  EXPECT_LE(after.ru_nvcsw - before.ru_nvcsw, 10);  // a poll each millisecond wakes 50 times
}

// ---- the seam ----

/// Accepts every jump and remembers where to.
class RecordingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_; }
  bool jump_to(TimePoint next) noexcept override {
    jumps.push_back(next.time_since_epoch().count());
    now_ = next;
    return true;
  }
  std::vector<std::int64_t> jumps;

 private:
  TimePoint now_{Duration(100)};
};

TEST(Clock, IsToldTheEarliestDeadlineWhenNothingCanRun) {
  RecordingClock clock;
  run(
      [] {
        go([] { sleep_for(nanoseconds(30)); });
        go([] { sleep_for(nanoseconds(10)); });
        sleep_for(nanoseconds(50));
      },
      {.clock = &clock});
  EXPECT_THAT(clock.jumps, ElementsAre(110, 130, 150));
}

}  // namespace
}  // namespace conclave
