// The laws of timer.hpp for after(): one value, at its deadline, at no cost while nobody waits for it.
#include <algorithm>
#include <optional>

#include "common/random.hpp"
#include "time_support.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

TEST(After, SendsTheTimeWhenItsDurationHasPassed) {  // law 1
  in_virtual_time([] {
    sleep_for(seconds(1));

    const std::optional<TimePoint> value = after(kShort).recv();

    EXPECT_EQ(value, at(seconds(1) + kShort));
    EXPECT_EQ(now(), at(seconds(1) + kShort));
  });
}

TEST(After, SendsNothingBeforeTheDeadlineAndOneValueFromThenOn) {  // law 1
  in_virtual_time([] {
    const RecvChan<TimePoint> timer = after(kShort);
    EXPECT_FALSE(timer.try_recv());
    sleep_for(kShort - nanoseconds(1));
    EXPECT_FALSE(timer.try_recv());
    EXPECT_EQ(timer.len(), 0u);

    sleep_for(nanoseconds(1));

    EXPECT_EQ(timer.try_recv().value, at(kShort));
    sleep_for(kLong);
    const TryRecv<TimePoint> more = timer.try_recv();
    EXPECT_FALSE(more);
    EXPECT_FALSE(more.closed);
  });
}

TEST(After, ALateReceiverFindsTheTimeAtWhichItWasDue) {
  in_virtual_time([] {
    const RecvChan<TimePoint> timer = after(kShort);
    sleep_for(kLong);

    EXPECT_EQ(timer.recv(), at(kShort));

    EXPECT_EQ(now(), at(kLong)) << "the receive did not park";
  });
}

TEST(After, ZeroOrLessIsDueAtOnce) {
  in_virtual_time([] {
    sleep_for(seconds(1));
    for (const Duration d : {Duration(0), Duration(-1), -kLong, Duration::min()}) {
      const RecvChan<TimePoint> timer = after(d);
      EXPECT_EQ(timer.try_recv().value, at(seconds(1))) << "the time, and not one before the timer";
      EXPECT_FALSE(timer.try_recv());
    }
    EXPECT_EQ(now(), at(seconds(1)));
  });
}

TEST(After, TheLastInstantOfTheClockComesAndWhatIsAfterItNeverDoes) {
  in_virtual_time([] {
    const Duration last = Duration::max() - nanoseconds(1);
    const RecvChan<TimePoint> never = after(Duration::max());
    sleep_for(kShort);
    const RecvChan<TimePoint> beyond = after(Duration::max() - nanoseconds(1));

    EXPECT_EQ(after(last - kShort).recv(), at(last));

    EXPECT_FALSE(after(nanoseconds(1)).try_recv());
    EXPECT_FALSE(never.try_recv());
    EXPECT_FALSE(beyond.try_recv());
  });
}

TEST(After, OneOfThoseWhoWaitForItGetsTheValue) {
  in_every_order([] {
    int received = 0;
    const RecvChan<TimePoint> timer = after(kShort);
    for (int i = 0; i < 5; ++i) {
      go([timer, &received] {
        timer.recv();
        ++received;
      });
    }

    sleep_for(kLong);

    EXPECT_EQ(received, 1);
  });
}

TEST(After, ThousandsComeAtTheirDeadlines) {  // law 1
  for_each_seed(5, [](std::uint64_t seed) {
    in_virtual_time(
        [seed] {
          Random random(seed);
          WaitGroup group;
          for (int i = 0; i < 2000; ++i) {
            group.go([d = Duration(random.between(-5, 1000))] {
              const Duration due = std::max(d, Duration(0));
              EXPECT_EQ(after(d).recv(), at(due));
              EXPECT_EQ(now(), at(due));
            });
          }
        },
        {.order = seed % 2 == 0 ? Order::standard : Order::random, .seed = seed});
  });
}

TEST(After, ForgottenOnesMoveNoClockAndHideNoDeadlock) {
  const Ending ending = ending_on_telling_clock([] {
    const RecvChan<TimePoint> kept = after(kShort);
    for (int i = 0; i < 1000; ++i) static_cast<void>(after(kShort));
    EXPECT_FALSE(kept.try_recv());
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, Not(HasSubstr(kJump)));
}

TEST(After, WhoWaitsForItIsInNoDeadlock) {
  const Duration elapsed = in_virtual_time([] {
    const Chan<int> result = make_chan<int>();
    go([result] {
      after(kLong).recv();
      result.send(1);
    });
    EXPECT_EQ(result.recv(), 1);
  });
  EXPECT_EQ(elapsed, kLong);
}

TEST(After, OutsideRunPanicsAndNamesThePlace) {
  const Panic panic = panic_of([] { static_cast<void>(after(kShort)); });
  EXPECT_EQ(panic.place().line(), __LINE__ - 1);
  EXPECT_THAT(panic.what(), HasSubstr(place_in(__FILE__, __LINE__ - 2)));
}

TEST(After, OnTheRealClockItComesNotBeforeItsDeadline) {
  run([] {
    const TimePoint start = now();
    const std::optional<TimePoint> value = after(milliseconds(2)).recv();
    ASSERT_TRUE(value);
    EXPECT_GE(*value, start + milliseconds(2));
    EXPECT_GE(now(), *value);
  });
}

}  // namespace
}  // namespace conclave
