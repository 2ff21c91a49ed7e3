// Timers in select: after(), Timer, Ticker and timeout() beside each other and beside other channels.
#include <algorithm>
#include <array>
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

TEST(TimerInSelect, TheFirstThatIsDueIsChosenWhateverItsKind) {
  for_each_seed(200, [](std::uint64_t seed) {
    in_virtual_time(
        [seed] {
          Random random(seed);
          std::array<Duration, 5> due{};
          for (Duration& each : due) each = Duration(random.between(1, 5));
          const RecvChan<TimePoint> one_shot = after(due[0]);
          const Timer timer(due[1]);
          const Ticker ticker(due[2]);

          const int chosen = select(recv(one_shot), recv(timer.c()), recv(ticker.c()),
                                    timeout(due[3]), timeout(due[4]));

          const auto first = std::ranges::min(due);
          ASSERT_EQ(now(), at(first));
          ASSERT_EQ(due[static_cast<std::size_t>(chosen)], first);
          sleep_for(Duration(1000));
          ASSERT_EQ(one_shot.len(), chosen == 0 ? 0u : 1u) << "who was not chosen keeps its value";
          ASSERT_EQ(timer.c().len(), chosen == 1 ? 0u : 1u);
          ASSERT_EQ(ticker.c().recv(), at(chosen == 2 ? due[2] * 2 : due[2]));
        },
        {.order = seed % 2 == 0 ? Order::standard : Order::random, .seed = seed});
  });
}

TEST(TimerInSelect, AValueInTimeBeatsTheTimerAndLeavesNothingOfIt) {
  in_every_order([] {
    const Chan<int> answers = make_chan<int>();
    go([answers] {
      sleep_for(kShort);
      answers.send(7);
      sleep_for(kShort);
      answers.send(8);
    });
    const Timer timer(kLong);
    int answer = 0;
    EXPECT_EQ(select(recv(answers, answer), recv(after(kLong)), recv(timer.c()), timeout(kLong)),
              0);
    EXPECT_EQ(answer, 7);
    EXPECT_EQ(now(), at(kShort));
    EXPECT_EQ(select(recv(timer.c()), timeout(kLong), recv(answers, answer)), 2);
    EXPECT_EQ(answer, 8);
    EXPECT_EQ(now(), at(kShort * 2));
  });
}

TEST(TimerInSelect, TimeoutsOfEqualLengthAreOneTimeout) {
  in_every_order([] {
    int calls = 0;
    const auto count = [&] { ++calls; };
    const int chosen =
        select(timeout(kShort, count), timeout(kShort, count), timeout(kLong, count));
    EXPECT_TRUE(chosen == 0 || chosen == 1);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(now(), at(kShort));
  });
}

TEST(TimerInSelect, TheShortestOfManyTimeoutsCounts) {
  for_each_seed(20, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      Random random(seed);
      std::vector<SelectCase> cases;
      std::vector<Duration> limits;
      for (int i = 0; i < 100; ++i) {
        limits.emplace_back(random.between(1, 1'000'000));
        cases.emplace_back(timeout(limits.back()));
      }
      const auto shortest = std::ranges::min(limits);
      EXPECT_EQ(limits[static_cast<std::size_t>(select(cases))], shortest);
      EXPECT_EQ(now(), at(shortest));
    });
  });
}

TEST(TimerInSelect, ATimeoutOfZeroOrLessIsChosenOnlyWhenNothingIsReady) {
  in_virtual_time([] {
    for (const Duration d : {Duration(0), Duration(-1), -kLong, Duration::min()}) {
      for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(select(timeout(d), recv(after(Duration(0)))), 1);
        EXPECT_EQ(select(timeout(d), recv(after(d))), 1);
      }
      EXPECT_EQ(select(timeout(d), recv(after(Duration(1)))), 0);
      EXPECT_EQ(select(timeout(kShort), timeout(d)), 1);
    }
    EXPECT_EQ(now(), at(Duration(0)));
  });
}

TEST(TimerInSelect, AnEndlessTimeoutNeverComes) {
  in_virtual_time([] {
    EXPECT_EQ(select(timeout(Duration::max()), timeout(hours::max()), timeout(kShort)), 2);
    EXPECT_EQ(select(timeout(Duration::max()), recv(after(kLong))), 1);
    EXPECT_EQ(now(), at(kShort + kLong));
  });
}

TEST(TimerInSelect, AnEndlessTimeoutHidesNoDeadlock) {
  const Ending ending = ending_on_telling_clock([] {
    const Timer stopped(kShort);
    stopped.stop();
    select(recv(stopped.c()), timeout(hours::max()));
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("select: recv channel 1, length 0.*; timeout"));
  EXPECT_THAT(ending.words, Not(HasSubstr(kJump)));
}

TEST(TimerInSelect, OtherwiseIsChosenUntilTheTimerIsDue) {
  in_virtual_time([] {
    const Timer timer(kShort);
    const Ticker ticker(kShort);
    EXPECT_EQ(select(recv(timer.c()), recv(ticker.c()), otherwise()), 2);
    sleep_for(kShort);
    EXPECT_NE(select(recv(timer.c()), recv(ticker.c()), otherwise()), 2);
    EXPECT_NE(select(recv(timer.c()), recv(ticker.c()), otherwise()), 2);
    EXPECT_EQ(select(recv(timer.c()), recv(ticker.c()), otherwise()), 2);
  });
}

TEST(TimerInSelect, TwoThatAreDueAreBothChosenSometimes) {
  for_each_seed(5, [](std::uint64_t seed) {
    in_virtual_time(
        [] {
          std::array<int, 3> chosen{};
          const Chan<int> buffer = make_chan<int>(1);
          for (int i = 0; i < 300; ++i) {
            static_cast<void>(buffer.try_send(i));
            const Timer timer(Duration(-1));
            ++chosen[static_cast<std::size_t>(
                select(recv(after(Duration(0))), recv(timer.c()), recv(buffer)))];
          }
          // A fair draw gives 100 each; 50 is six standard deviations away.
          for (const int count : chosen) EXPECT_GT(count, 50);
        },
        {.seed = seed});
  });
}

TEST(TimerInSelect, OneTimerInTwoCasesGivesItsValueOnce) {
  in_every_order([] {
    const Timer timer(kShort);
    std::optional<TimePoint> one;
    std::optional<TimePoint> two;
    const int chosen = select(recv(timer.c(), one), recv(timer.c(), two), timeout(kLong));
    EXPECT_TRUE(chosen == 0 || chosen == 1);
    EXPECT_EQ(chosen == 0 ? one : two, at(kShort));
    EXPECT_FALSE(chosen == 0 ? two : one);
    EXPECT_FALSE(timer.c().try_recv());
  });
}

TEST(TimerInSelect, OfTwoSelectsOnOneTimerOneGetsTheValueAndTheOtherWaitsOn) {
  in_every_order([] {
    const Timer timer(kShort);
    int values = 0;
    int timeouts = 0;
    WaitGroup group;
    for (int i = 0; i < 2; ++i) {
      group.go([&] {
        switch (select(recv(timer.c()), timeout(kLong))) {
          case 0:
            EXPECT_EQ(now(), at(kShort));
            ++values;
            break;
          case 1:
            EXPECT_EQ(now(), at(kLong));
            ++timeouts;
            break;
          default:
            ADD_FAILURE();
        }
      });
    }
    group.wait();
    EXPECT_EQ(values, 1);
    EXPECT_EQ(timeouts, 1);
  });
}

TEST(TimerInSelect, ASelectThatIsDoneLeavesNoAlarmBehind) {
  const Ending ending = ending_on_telling_clock([] {
    const Chan<int> answers = make_chan<int>();
    const Ticker ticker(kShort);
    const Timer timer(kShort);
    go([answers] { answers.send(1); });
    select(recv(ticker.c()), recv(timer.c()), recv(after(kShort)), timeout(kShort), recv(answers));
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, Not(HasSubstr(kJump)));
}

TEST(TimerInSelect, StopAndResetCountForASelectThatWaits) {
  in_every_order([] {
    const Timer stopped(kShort);
    const Timer moved(kShort);
    const Timer idle(kShort);
    go([&] {
      sleep_for(kShort / 2);
      EXPECT_TRUE(stopped.stop());
      EXPECT_TRUE(moved.reset(kShort));
      EXPECT_TRUE(idle.reset(kLong));
    });
    EXPECT_EQ(select(recv(stopped.c()), recv(moved.c()), recv(idle.c()), timeout(kLong)), 1);
    EXPECT_EQ(now(), at(kShort + kShort / 2));
  });
}

TEST(TimerInSelect, AnIdleTimerIsResetByEachMessage) {
  in_every_order([] {
    const Chan<int> messages = make_chan<int>();
    go([messages] {
      for (int i = 0; i < 10; ++i) {
        sleep_for(kShort);
        messages.send(i);
      }
    });
    const Timer idle(kShort * 2);
    int received = 0;
    while (select(recv(messages), recv(idle.c())) == 0) {
      ++received;
      EXPECT_TRUE(idle.reset(kShort * 2));
    }
    EXPECT_EQ(received, 10);
    EXPECT_EQ(now(), at(kShort * 12));
  });
}

TEST(TimerInSelect, TheDeadlineOfAContextIsAlsoOne) {
  in_every_order([] {
    const auto [context, cancel] = with_timeout({}, kShort);
    EXPECT_EQ(select(recv(after(kLong)), recv(context.done()), timeout(kShort * 2)), 1);
    EXPECT_EQ(now(), at(kShort));
    EXPECT_EQ(context.status().code(), Code::deadline_exceeded);
  });
}

TEST(TimerInSelect, ACaseOfAListServesAgainAndAgain) {
  in_virtual_time([] {
    Ticker ticker(kShort);
    std::vector<TimePoint> ticks;
    std::vector<SelectCase> cases;
    cases.emplace_back(recv(ticker.c(), [&](TimePoint tick) { ticks.push_back(tick); }));
    cases.emplace_back(timeout(kShort * 3 / 2));
    while (ticks.size() < 5) EXPECT_EQ(select(cases), 0);
    ticker.stop();
    EXPECT_EQ(select(cases), 1);
    EXPECT_EQ(ticks.back(), at(kShort * 5));
    EXPECT_EQ(now(), at(kShort * 5 + kShort * 3 / 2));
  });
}

TEST(TimerInSelect, OutsideRunATimerThatIsDueIsNotLookedAt) {
  VirtualClock clock;
  std::optional<Timer> timer;
  run([&] { timer.emplace(Duration(0)); }, {.clock = &clock});
  EXPECT_FALSE(timer->c().try_recv()) << "outside run() there is no time";
  run([&] { EXPECT_EQ(select(recv(timer->c()), otherwise()), 0); }, {.clock = &clock});
}

}  // namespace
}  // namespace conclave
