// The laws of timer.hpp for after_func(): a call that is to come, and what becomes of it.
#include <memory>
#include <optional>
#include <vector>

#include "common/random.hpp"
#include "time_support.hpp"

namespace conclave {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(AfterFunc, CallsInAGoroutineOfItsOwnAtItsDeadline) {  // law 1
  in_every_order([] {
    std::vector<TimePoint> calls;
    const Timer timer = after_func(kShort, [&] {
      EXPECT_EQ(num_goroutines(), 2u);
      calls.push_back(now());
      sleep_for(kShort);  // it may park
      calls.push_back(now());
    });
    EXPECT_FALSE(timer.c()) << "it has no channel";
    EXPECT_EQ(num_goroutines(), 1u) << "before its time there is no goroutine";

    sleep_for(kLong);

    EXPECT_THAT(calls, ElementsAre(at(kShort), at(kShort * 2)));
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

TEST(AfterFunc, NeedsNobodyToKeepTheTimer) {
  in_virtual_time([] {
    bool called = false;
    static_cast<void>(after_func(kShort, [&] { called = true; }));
    sleep_for(kLong);
    EXPECT_TRUE(called);
  });
}

TEST(AfterFunc, ZeroOrLessCallsAtOnceButNotBeforeItReturns) {
  in_every_order([] {
    sleep_for(seconds(1));
    int calls = 0;
    for (const Duration d : {Duration(0), Duration(-1), -kLong, Duration::min()}) {
      after_func(d, [&] {
        EXPECT_EQ(now(), at(seconds(1)));
        ++calls;
      });
    }
    EXPECT_EQ(calls, 0);
    sleep_for(Duration(1));
    EXPECT_EQ(calls, 4);
  });
}

TEST(AfterFunc, LongAgoIsNowOnTheRealClockToo) {
  const Ending ending = ending_of([] {
    run([] {
      const auto called = make_chan<Signal>();
      const auto call = [called] { called.send({}); };
      after_func(Duration::min(), call);
      called.recv();
      const Timer timer = after_func(kLong, call);
      timer.reset(Duration::min());
      called.recv();
    });
  });
  EXPECT_EQ(ending.how, "exit 0") << ending.words;
}

TEST(AfterFunc, AnEndlessOneNeverCallsAndCanBeStoppedOnce) {
  in_virtual_time([] {
    const Timer timer = after_func(Duration::max(), [] { ADD_FAILURE() << "it was called"; });
    sleep_for(kLong);
    EXPECT_TRUE(timer.stop()) << "the call has not begun, nor was it stopped before";
    EXPECT_FALSE(timer.stop());
    EXPECT_FALSE(timer.reset(Duration::max()));
    EXPECT_TRUE(timer.reset(Duration::max()));
  });
}

// ---- stop and reset ----

TEST(AfterFunc, StopPreventsTheCall) {  // law 2
  in_virtual_time([] {
    const Timer timer = after_func(kShort, [] { ADD_FAILURE() << "it was called"; });
    EXPECT_TRUE(timer.stop());
    EXPECT_FALSE(timer.stop());
    sleep_for(kLong);
    EXPECT_FALSE(timer.stop());
  });
}

TEST(AfterFunc, StopOfACallThatHasBegunIsFalseAndDoesNotWaitForIt) {
  in_every_order([] {
    bool finished = false;
    const Timer timer = after_func(kShort, [&] {
      sleep_for(kLong);
      finished = true;
    });
    sleep_for(kShort * 2);

    EXPECT_FALSE(timer.stop());
    EXPECT_EQ(now(), at(kShort * 2));
    EXPECT_FALSE(finished);

    sleep_for(kLong);
    EXPECT_TRUE(finished) << "a call that has begun goes on";
  });
}

TEST(AfterFunc, StopAtTheVeryDeadlineEitherPreventsTheCallOrComesTooLate) {  // law 2
  in_every_order([] {
    bool called = false;
    const Timer timer = after_func(kShort, [&] { called = true; });
    std::optional<bool> prevented;
    go([&] {
      sleep_for(kShort);
      prevented = timer.stop();
    });
    sleep_for(kLong);
    ASSERT_TRUE(prevented);
    EXPECT_NE(called, *prevented);
  });
}

TEST(AfterFunc, ResetMovesTheCallAndAfterItCallsAgain) {  // law 2
  in_every_order([] {
    std::vector<TimePoint> calls;
    const Timer timer = after_func(kShort, [&] { calls.push_back(now()); });

    EXPECT_TRUE(timer.reset(kShort * 3));
    sleep_for(kShort * 4);
    EXPECT_FALSE(timer.reset(kShort)) << "the call had begun";
    sleep_for(kShort * 2);
    EXPECT_FALSE(timer.reset(kShort));
    EXPECT_TRUE(timer.stop());
    EXPECT_FALSE(timer.reset(kLong)) << "it was stopped";
    sleep_for(kLong * 2);

    EXPECT_THAT(calls, ElementsAre(at(kShort * 3), at(kShort * 5), at(kShort * 6 + kLong)));
  });
}

TEST(AfterFunc, MayResetItsOwnTimer) {
  in_every_order([] {
    std::vector<TimePoint> calls;
    std::optional<Timer> timer;
    timer = after_func(kShort, [&] {
      calls.push_back(now());
      if (calls.size() < 4) {
        EXPECT_FALSE(timer->reset(kShort));
      }
    });
    sleep_for(kLong);
    EXPECT_THAT(calls, ElementsAre(at(kShort), at(kShort * 2), at(kShort * 3), at(kShort * 4)));
  });
}

TEST(AfterFunc, TwoCallsOfOneTimerMayOverlap) {
  in_every_order([] {
    int running = 0;
    int most = 0;
    const Timer timer = after_func(kShort, [&] {
      most = std::max(most, ++running);
      sleep_for(kLong);
      --running;
    });
    sleep_for(kShort * 2);
    EXPECT_FALSE(timer.reset(kShort));
    sleep_for(kLong * 2);
    EXPECT_EQ(most, 2);
    EXPECT_EQ(running, 0);
  });
}

TEST(AfterFunc, DoesWhatGoSaysWhateverIsDoneWithIt) {
  for_each_seed(100, [](std::uint64_t seed) {
    in_virtual_time(
        [seed] {
          Random random(seed);
          std::vector<TimePoint> calls;
          std::vector<TimePoint> expected;
          const Timer timer = after_func(Duration(11), [&] { calls.push_back(now()); });
          TimePoint due = at(Duration(11));  // odd, and what is done happens at even times
          bool pending = true;
          for (int i = 0; i < 200; ++i) {
            sleep_for(Duration(random.between(0, 15) * 2));
            if (pending && due < now()) {
              expected.push_back(due);
              pending = false;
            }
            if (random.chance(0.3)) {
              ASSERT_EQ(timer.stop(), pending);
              pending = false;
            } else if (random.chance(0.5)) {
              const Duration d(random.between(0, 15) * 2 + 1);
              ASSERT_EQ(timer.reset(d), pending);
              due = now() + d;
              pending = true;
            }
          }
          EXPECT_EQ(calls, expected);
        },
        {.order = seed % 2 == 0 ? Order::standard : Order::random, .seed = seed});
  });
}

TEST(AfterFunc, CopiesAreTheSameTimerAndSoAreWhatItWasMovedFromAndTo) {
  in_virtual_time([] {
    Timer timer = after_func(kShort, [] { ADD_FAILURE() << "it was called"; });
    // NOLINTNEXTLINE(performance-move-const-arg): what is moved is a handle, and copied
    const Timer moved = std::move(timer);
    const Timer copy = moved;
    EXPECT_TRUE(timer.stop());  // NOLINT(bugprone-use-after-move): a timer is a handle
    EXPECT_FALSE(moved.stop());
    EXPECT_FALSE(copy.stop());
    EXPECT_FALSE(copy.c());
    sleep_for(kLong);
  });
}

// ---- what it keeps ----

TEST(AfterFunc, KeepsWhatItCapturedUntilNobodyCanCallItAnyMore) {
  in_virtual_time([] {
    const auto captured = std::make_shared<int>(1);
    const auto use = [captured] { static_cast<void>(captured); };
    const long alone = captured.use_count();

    after_func(kShort, use);
    auto kept = std::make_optional(after_func(kShort, use));
    auto stopped = std::make_optional(after_func(kLong, use));
    EXPECT_EQ(captured.use_count(), alone + 3);

    stopped->stop();
    stopped.reset();
    EXPECT_EQ(captured.use_count(), alone + 2);
    sleep_for(kLong);
    EXPECT_EQ(captured.use_count(), alone + 1) << "the one that is kept may be reset";
    kept.reset();
    EXPECT_EQ(captured.use_count(), alone);
  });
}

TEST(AfterFunc, MainsEndOvertakesItAndWhatItCapturedIsDestroyed) {
  const auto captured = std::make_shared<int>(1);
  VirtualClock clock;
  run(
      [&clock, captured] {
        for (int i = 0; i < 10; ++i) {
          after_func(kShort, [captured] { ADD_FAILURE() << "it was called"; });
        }
        const Timer nested = after_func(kShort, [] { ADD_FAILURE() << "it was called"; });
        after_func(kLong, [nested, captured] { nested.stop(); });
        EXPECT_EQ(clock.elapsed(), Duration::zero());
      },
      {.clock = &clock});
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_EQ(clock.elapsed(), Duration::zero());

  run([] { sleep_for(kLong * 2); }, {.clock = &clock});
}

TEST(AfterFunc, ACallThatMainsEndOvertakesIsUnwound) {
  const auto captured = std::make_shared<int>(1);
  in_virtual_time([captured] {
    after_func(kShort, [captured] {
      sleep_for(kLong);
      ADD_FAILURE() << "it ran on";
    });
    sleep_for(kShort * 2);
    EXPECT_GT(captured.use_count(), 2);
  });
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(AfterFunc, ATimerThatOutlivesItsRunMayBeStoppedAndResetInTheNext) {
  VirtualClock clock;
  std::optional<Timer> timer;
  int calls = 0;
  run([&] { timer = after_func(kShort, [&] { ++calls; }); }, {.clock = &clock});

  timer->stop();
  run(
      [&] {
        sleep_for(kLong);
        EXPECT_EQ(calls, 0);
        EXPECT_FALSE(timer->reset(kShort));
        sleep_for(kShort * 2);
      },
      {.clock = &clock});

  EXPECT_EQ(calls, 1);
}

// ---- what can go wrong ----

TEST(AfterFunc, WhatIsToBeCalledIsNoDeadlock) {
  const Ending ending = ending_on_telling_clock([] {
    const Chan<int> done = make_chan<int>();
    after_func(kShort, [done] { done.close(); });
    done.recv();
    std::puts("done");
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, testing::ContainsRegex("the clock jumps.*done.*deadlock"));
}

TEST(AfterFunc, AStoppedOneHidesNoDeadlock) {
  const Ending ending = ending_on_telling_clock([] {
    const Timer timer = after_func(kShort, [] {});
    timer.stop();
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, Not(HasSubstr(kJump)));
}

TEST(AfterFunc, APanicInTheCallEndsTheProgramAndNamesWhereItWasAskedFor) {
  constexpr int kLine = __LINE__ + 3;
  const Ending ending = ending_of([] {
    in_virtual_time([] {
      after_func(kShort, [] { panic("in the call"); });
      sleep_for(kLong);
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("in the call"));
  EXPECT_THAT(ending.words, HasSubstr("started at"));
  EXPECT_THAT(ending.words, HasSubstr(place_in(__FILE__, kLine)));
}

TEST(AfterFunc, AnEmptyFunctionAndACallOutsideRunPanic) {
  in_virtual_time([] {
    const Panic panic = panic_of([] { after_func(kShort, nullptr); });
    EXPECT_EQ(panic.place().line(), __LINE__ - 1);
    EXPECT_THAT(panic.message(), HasSubstr("empty function"));
  });
  EXPECT_EQ(panic_of([] { after_func(kShort, [] {}); }).place().line(), __LINE__);
}

}  // namespace
}  // namespace conclave
