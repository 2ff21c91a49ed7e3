// The laws of timer.hpp for Timer: what stop() and reset() say, and that after them no value of the time before comes.
#include <functional>
#include <optional>
#include <vector>

#include "common/random.hpp"
#include "time_support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// ---- Timer: stop ----

TEST(Timer, SendsTheTimeOnce) {  // law 1
  in_virtual_time([] {
    const Timer timer(kShort);
    EXPECT_EQ(timer.c().recv(), at(kShort));
    sleep_for(kLong);
    EXPECT_FALSE(timer.c().try_recv());
  });
}

TEST(Timer, StopPreventsTheValueAndASecondStopHasNothingToPrevent) {  // law 2
  in_virtual_time([] {
    const Timer timer(kShort);
    EXPECT_TRUE(timer.stop());
    EXPECT_FALSE(timer.stop());
    sleep_for(kLong);
    EXPECT_FALSE(timer.c().try_recv());
    EXPECT_FALSE(timer.stop());
  });
}

TEST(Timer, StopAfterTheValueWasReceivedIsFalse) {
  in_virtual_time([] {
    const Timer timer(kShort);
    timer.c().recv();
    EXPECT_FALSE(timer.stop());
  });
}

TEST(Timer, StopDropsAValueThatIsDueAndNotYetReceived) {  // law 2; Go since 1.23
  in_virtual_time([] {
    const Timer unseen(kShort);
    const Timer seen(kShort);
    sleep_for(kLong);
    EXPECT_EQ(seen.c().len(), 1u);

    EXPECT_TRUE(unseen.stop());
    EXPECT_TRUE(seen.stop());

    EXPECT_FALSE(unseen.c().try_recv());
    EXPECT_FALSE(seen.c().try_recv());
    EXPECT_EQ(seen.c().len(), 0u);
    EXPECT_FALSE(unseen.stop());
  });
}

TEST(Timer, StopAtTheVeryDeadlineEitherPreventsTheValueOrComesTooLate) {  // law 2
  in_every_order([] {
    const Timer timer(kShort);
    bool received = false;
    go([&] {
      timer.c().recv();
      received = true;
    });
    std::optional<bool> prevented;
    go([&] {
      sleep_for(kShort);
      prevented = timer.stop();
    });

    sleep_for(kLong);

    ASSERT_TRUE(prevented);
    EXPECT_NE(received, *prevented);
  });
}

TEST(Timer, AnEndlessOneCanBeStoppedOnce) {
  in_virtual_time([] {
    const Timer timer(Duration::max());
    EXPECT_TRUE(timer.stop()) << "it was neither received nor stopped before";
    EXPECT_FALSE(timer.stop());
    EXPECT_FALSE(timer.reset(Duration::max()));
    EXPECT_TRUE(timer.reset(kShort));
    EXPECT_EQ(timer.c().recv(), at(kShort));
  });
}

TEST(Timer, WhoWaitsOnAStoppedOneWaitsForEver) {
  const Ending ending = ending_on_telling_clock([] {
    const Timer timer(kShort);
    go(Name("stopper"), [timer] { EXPECT_TRUE(timer.stop()); });
    timer.c().recv();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, ContainsRegex("Chan::recv: channel 1, length 0"));
  EXPECT_THAT(ending.words, Not(HasSubstr(kJump)));
}

// ---- Timer: reset ----

TEST(Timer, ResetMovesTheDeadline) {  // law 2
  in_virtual_time([] {
    const Timer later(kShort);
    const Timer earlier(kLong);

    EXPECT_TRUE(later.reset(kShort * 3));
    EXPECT_TRUE(earlier.reset(kShort * 2));

    EXPECT_EQ(earlier.c().recv(), at(kShort * 2));
    EXPECT_FALSE(later.c().try_recv());
    EXPECT_EQ(later.c().recv(), at(kShort * 3));
    sleep_for(kLong * 2);
    EXPECT_FALSE(earlier.c().try_recv());
  });
}

TEST(Timer, ResetStartsAStoppedOrReceivedOneAnew) {
  in_virtual_time([] {
    const Timer stopped(kShort);
    const Timer received(kShort);
    stopped.stop();
    received.c().recv();

    EXPECT_FALSE(stopped.reset(kShort));
    EXPECT_FALSE(received.reset(kShort));

    EXPECT_EQ(stopped.c().recv(), at(kShort * 2));
    EXPECT_EQ(received.c().recv(), at(kShort * 2));
  });
}

TEST(Timer, ResetDropsAValueThatIsDueAndNotYetReceived) {  // law 2; Go since 1.23
  in_virtual_time([] {
    const Timer timer(kShort);
    sleep_for(kLong);
    EXPECT_TRUE(timer.reset(kShort));
    EXPECT_FALSE(timer.c().try_recv());
    EXPECT_EQ(timer.c().recv(), at(kLong + kShort));
  });
}

TEST(Timer, ResetCountsForThoseWhoWaitAlready) {
  in_every_order([] {
    const Timer later(kShort);
    const Timer earlier(kLong);
    std::optional<TimePoint> later_value;
    std::optional<TimePoint> earlier_value;
    go([&] { later_value = later.c().recv(); });
    go([&] { earlier_value = earlier.c().recv(); });
    sleep_for(kShort / 2);

    EXPECT_TRUE(later.reset(kShort));
    EXPECT_TRUE(earlier.reset(Duration(0)));

    sleep_for(kShort - nanoseconds(1));
    EXPECT_EQ(earlier_value, at(kShort / 2));
    EXPECT_FALSE(later_value);
    sleep_for(kLong * 2);
    EXPECT_EQ(later_value, at(kShort / 2 + kShort));
  });
}

TEST(Timer, ResetAtTheVeryDeadlineLetsExactlyTheNewValueOrBothCome) {  // law 2
  in_every_order([] {
    const Timer timer(kShort);
    std::vector<TimePoint> values;
    go([&] {
      for (const TimePoint value : timer.c()) values.push_back(value);
    });
    std::optional<bool> prevented;
    go([&] {
      sleep_for(kShort);
      prevented = timer.reset(kShort);
    });

    sleep_for(kLong);

    ASSERT_TRUE(prevented);
    const std::vector<TimePoint> both{at(kShort), at(kShort * 2)};
    EXPECT_EQ(values, *prevented ? std::vector{at(kShort * 2)} : both);
  });
}

/// What Go promises of a timer: until its value is received it is pending, and can be stopped.
class ModelledTimer {
 public:
  explicit ModelledTimer(std::uint64_t seed) : random_(seed), timer_(start()) {}

  void step() {
    const bool pending = pending_;
    switch (random_.below(6)) {
      case 0:
        pending_ = false;
        ASSERT_EQ(timer_.stop(), pending);
        break;
      case 1:
        ASSERT_EQ(timer_.reset(start()), pending);
        break;
      case 2:
        if (!pending) break;
        pending_ = false;
        ASSERT_EQ(timer_.c().recv(), due_);
        break;
      case 3: {
        const bool comes = pending && due_ <= now();
        if (comes) pending_ = false;
        ASSERT_EQ(timer_.c().len(), comes ? 1u : 0u);
        ASSERT_EQ(timer_.c().try_recv().value, comes ? std::optional(due_) : std::nullopt);
        break;
      }
      default:
        sleep_for(Duration(random_.between(0, 20)));
    }
  }

 private:
  /// A duration from now; what it means is noted.
  Duration start() {
    const Duration d(random_.between(0, 30));
    due_ = now() + d;
    pending_ = true;
    return d;
  }

  Random random_;
  TimePoint due_;
  bool pending_ = false;
  Timer timer_;
};

TEST(Timer, DoesWhatGoSaysWhateverIsDoneWithIt) {
  for_each_seed(200, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      ModelledTimer timer(seed);
      for (int i = 0; i < 200 && !testing::Test::HasFailure(); ++i) timer.step();
    });
  });
}

// ---- Timer: its handles ----

TEST(Timer, CopiesAreTheSameTimerAndSoIsWhatItWasMovedTo) {
  in_virtual_time([] {
    Timer timer(kShort);
    const Timer copy = timer;
    EXPECT_EQ(copy.c(), timer.c());
    // NOLINTNEXTLINE(performance-move-const-arg): what is moved is a handle, and copied
    const Timer moved = std::move(timer);
    EXPECT_TRUE(copy.stop());
    EXPECT_FALSE(moved.stop());
    EXPECT_FALSE(moved.reset(kShort));
    EXPECT_EQ(copy.c().recv(), at(kShort));
  });
}

TEST(Timer, ItsChannelServesOnWhenTheTimerIsGone) {
  in_every_order([] {
    auto timer = std::make_optional<Timer>(kShort);
    std::optional<TimePoint> value;
    go([c = timer->c(), &value] { value = c.recv(); });
    yield();

    timer.reset();
    sleep_for(kLong);

    EXPECT_EQ(value, at(kShort));
  });
}

TEST(Timer, GoesOnInTheNextRunAndIsStoppedBetweenTheTwo) {
  VirtualClock clock;
  std::vector<Timer> timers;
  run(
      [&] {
        for (int i = 0; i < 3; ++i) timers.emplace_back(kLong);
        go([c = timers[0].c()] {
          c.recv();
          ADD_FAILURE() << "received after the end of its run";
        });
        sleep_for(kShort);
      },
      {.clock = &clock});
  EXPECT_EQ(clock.elapsed(), kShort);

  EXPECT_TRUE(timers[1].stop());
  EXPECT_FALSE(timers[1].stop());
  timers.erase(timers.begin() + 2);

  run(
      [&] {
        EXPECT_EQ(timers[0].c().recv(), at(kLong));
        EXPECT_FALSE(timers[1].c().try_recv());
        EXPECT_FALSE(timers[1].reset(kShort));
        EXPECT_EQ(timers[1].c().recv(), at(kLong + kShort));
      },
      {.clock = &clock});
}

TEST(Timer, InMainsFrameServesDestructorsAtTheEndOfTheProgram) {
  struct Finally {
    std::function<void()> f;
    ~Finally() { f(); }
  };
  int calls = 0;
  in_every_order([&] {
    const Timer timer(kShort * 2);
    const Timer call = after_func(kShort * 2, [] { ADD_FAILURE() << "it was called"; });
    Ticker ticker(kShort * 2);
    for (int i = 0; i < 3; ++i) {
      go([&] {
        const Finally finally{[&] {
          timer.stop();
          timer.reset(kShort);
          call.stop();
          call.reset(kShort);
          ticker.stop();
          ticker.reset(kShort);
          ++calls;
        }};
        park_for_ever();
      });
    }
    sleep_for(kShort);
  });
  EXPECT_EQ(calls % 3, 0);
  EXPECT_GE(calls, 3);
}

TEST(Timer, OutsideRunPanics) {
  EXPECT_EQ(panic_of([] { const Timer timer(kShort); }).place().line(), __LINE__);
}

TEST(Timer, ServesOnWhenOneOfThoseWhoWaitIsEnded) {
  Log log;
  in_virtual_time([&] {
    Timer timer(std::chrono::seconds(1));
    WaitGroup others;
    others.go([&log, channel = timer.c()] {
      channel.recv();
      log.push_back("rang");
    });
    let_others_park();
    GoroutineGroup group;
    group.go([channel = timer.c()] { channel.recv(); });
    let_others_park();

    group.end();

    others.wait();
  });
  EXPECT_THAT(log, testing::ElementsAre("rang"));
}

TEST(Timer, ADestructorMayResetItForThoseWhoWait) {
  Log log;
  in_virtual_time([&] {
    Timer timer(std::chrono::seconds(1));
    WaitGroup others;
    others.go([&log, channel = timer.c()] {
      channel.recv();
      log.push_back("rang");
    });
    let_others_park();
    GoroutineGroup group;
    group.go([&timer] {
      const AtTheEnd at_the_end{[&timer] { timer.reset(std::chrono::hours(1)); }};
      sleep_for(std::chrono::hours(2));
    });
    let_others_park();

    group.end();

    others.wait();
  });
  EXPECT_THAT(log, testing::ElementsAre("rang"));
}

}  // namespace
}  // namespace conclave
