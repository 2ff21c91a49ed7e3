// The laws of timer.hpp for Ticker: a grid of ticks, of which a slow receiver misses some.
#include <optional>
#include <set>
#include <vector>

#include "common/random.hpp"
#include "time_support.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Duration kPeriod = milliseconds(10);

TEST(Ticker, TicksEveryPeriodFirstAfterOne) {  // law 3
  in_virtual_time([] {
    sleep_for(nanoseconds(7));
    const Ticker ticker(kPeriod);
    EXPECT_FALSE(ticker.c().try_recv());
    for (int k = 1; k <= 1000; ++k) {
      ASSERT_EQ(ticker.c().recv(), at(nanoseconds(7) + kPeriod * k));
      ASSERT_EQ(now(), at(nanoseconds(7) + kPeriod * k));
      ASSERT_FALSE(ticker.c().try_recv());
    }
  });
}

TEST(Ticker, ASlowReceiverFindsOneTickAndTheOthersAreDropped) {  // law 3
  in_virtual_time([] {
    const Ticker ticker(kPeriod);
    sleep_for(kPeriod * 3 + kPeriod / 2);

    EXPECT_EQ(ticker.c().len(), 1u);
    EXPECT_EQ(ticker.c().try_recv().value, at(kPeriod)) << "the first that it missed has waited";
    EXPECT_FALSE(ticker.c().try_recv());
    EXPECT_EQ(ticker.c().recv(), at(kPeriod * 4)) << "the grid is kept";
  });
}

TEST(Ticker, ATickThatWaitsMakesNoRoomForLaterOnes) {  // law 3
  in_virtual_time([] {
    const Ticker ticker(kPeriod);
    for (int i = 0; i < 5; ++i) {
      sleep_for(kPeriod);
      EXPECT_EQ(ticker.c().len(), 1u);
    }
    EXPECT_EQ(ticker.c().recv(), at(kPeriod));
    EXPECT_EQ(ticker.c().recv(), at(kPeriod * 6));
  });
}

TEST(Ticker, KeepsItsGridHoweverItIsReceived) {  // law 3
  for_each_seed(100, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      Random random(seed);
      const Duration period(random.between(1, 20));
      const TimePoint start = now();
      const Ticker ticker(period);
      TimePoint due = start + period;  // of the next tick, or of the one that waits
      for (int i = 0; i < 300; ++i) {
        const bool comes = due <= now();
        if (random.chance(0.5)) sleep_for(Duration(random.between(0, 50)));
        if (random.chance(0.2)) {
          ASSERT_EQ(ticker.c().len(), due <= now() ? 1u : 0u);
        }
        if (!comes && random.chance(0.5)) {
          ASSERT_EQ(ticker.c().try_recv().value, due <= now() ? std::optional(due) : std::nullopt);
          if (due > now()) continue;
        } else {
          ASSERT_EQ(ticker.c().recv(), due);
        }
        due = start + period * ((now() - start) / period + 1);
      }
    });
  });
}

TEST(Ticker, EachTickGoesToOneOfThoseWhoWait) {
  in_every_order([] {
    const Ticker ticker(kPeriod);
    std::multiset<TimePoint> ticks;
    for (int i = 0; i < 3; ++i) {
      go([c = ticker.c(), &ticks] {
        for (const TimePoint tick : c) ticks.insert(tick);
      });
    }

    sleep_for(kPeriod * 10 + kPeriod / 2);

    EXPECT_EQ(ticks.size(), 10u);
    EXPECT_EQ(std::set<TimePoint>(ticks.begin(), ticks.end()).size(), 10u);
  });
}

TEST(Ticker, OnTheRealClockItsTicksLieOnTheGrid) {
  run([] {
    const Duration period = milliseconds(1);
    const Ticker ticker(period);
    const TimePoint first = *ticker.c().recv();
    TimePoint latest = first;
    for (int i = 0; i < 5; ++i) {
      const TimePoint tick = *ticker.c().recv();
      EXPECT_GT(tick, latest);
      EXPECT_GE(now(), tick);
      EXPECT_EQ((tick - first) % period, Duration::zero());
      latest = tick;
    }
  });
}

// ---- stop, reset, the end ----

TEST(Ticker, AfterStopNoTickComesNotEvenOneThatWaits) {  // law 2
  in_virtual_time([] {
    Ticker ticker(kPeriod);
    sleep_for(kPeriod * 2);
    ticker.stop();
    EXPECT_FALSE(ticker.c().try_recv());
    sleep_for(kLong);
    const TryRecv<TimePoint> found = ticker.c().try_recv();
    EXPECT_FALSE(found);
    EXPECT_FALSE(found.closed) << "its channel is never closed";
    ticker.stop();
  });
}

TEST(Ticker, ResetBeginsANewGridAndDropsATickThatWaits) {  // laws 2 and 3
  in_virtual_time([] {
    Ticker ticker(kPeriod);
    sleep_for(kPeriod + nanoseconds(3));

    ticker.reset(kPeriod * 2);

    EXPECT_FALSE(ticker.c().try_recv());
    EXPECT_EQ(ticker.c().recv(), at(kPeriod * 3 + nanoseconds(3)));
    EXPECT_EQ(ticker.c().recv(), at(kPeriod * 5 + nanoseconds(3)));
  });
}

TEST(Ticker, ResetStartsAStoppedOneAnew) {
  in_virtual_time([] {
    Ticker ticker(kPeriod);
    ticker.stop();
    sleep_for(kLong);
    ticker.reset(kPeriod);
    EXPECT_EQ(ticker.c().recv(), at(kLong + kPeriod));
  });
}

TEST(Ticker, ResetCountsForThoseWhoWaitAlready) {
  in_every_order([] {
    Ticker ticker(kLong);
    std::vector<TimePoint> ticks;
    go([c = ticker.c(), &ticks] {
      for (const TimePoint tick : c) ticks.push_back(tick);
    });
    sleep_for(kPeriod / 2);

    ticker.reset(kPeriod);
    sleep_for(kPeriod * 2 + nanoseconds(1));
    ticker.stop();
    sleep_for(kLong);

    EXPECT_THAT(ticks, ElementsAre(at(kPeriod / 2 + kPeriod), at(kPeriod / 2 + kPeriod * 2)));
  });
}

TEST(Ticker, StopWhileSomebodyWaitsLeavesHimWaiting) {
  const Ending ending = ending_on_telling_clock([] {
    Ticker ticker(kPeriod);
    go([&] { ticker.stop(); });
    ticker.c().recv();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("Chan::recv: channel 1, length 0"));
  EXPECT_THAT(ending.words, Not(HasSubstr(kJump)));
}

TEST(Ticker, EndsWithTheObjectAndWhoWaitsThenWaitsForEver) {  // law 4
  const Ending ending = ending_on_telling_clock([] {
    auto ticker = std::make_optional<Ticker>(kPeriod);
    go(Name("waits"), [c = ticker->c()] {
      while (c.recv()) std::puts("a tick");
    });
    ticker->c().recv();
    ticker.reset();
    std::puts("the ticker is gone");
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("\\(waits\\) .Chan::recv: channel 1, length 0"));
  EXPECT_THAT(ending.words, Not(ContainsRegex("gone.*the clock jumps")));
  EXPECT_THAT(ending.words, Not(ContainsRegex("gone.*a tick")));
}

TEST(Ticker, ItsChannelGivesNothingMoreWhenItIsGone) {  // law 4
  in_virtual_time([] {
    auto ticker = std::make_optional<Ticker>(kPeriod);
    const RecvChan<TimePoint> c = ticker->c();
    sleep_for(kPeriod);
    EXPECT_EQ(c.len(), 1u);
    ticker.reset();
    EXPECT_FALSE(c.try_recv());
    sleep_for(kLong);
    EXPECT_FALSE(c.try_recv());
  });
}

// ---- what it does not do ----

TEST(Ticker, ThatNobodyWaitsForMovesNoClockAndHidesNoDeadlock) {
  const Ending ending = ending_on_telling_clock([] {
    const Ticker ticker(kPeriod);
    EXPECT_FALSE(ticker.c().try_recv());
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, Not(HasSubstr(kJump)));
}

TEST(Ticker, WhoStoppedWaitingMovesTheClockNoMore) {
  const Ending ending = ending_on_telling_clock([] {
    const Ticker ticker(kPeriod);
    EXPECT_EQ(select(recv(ticker.c()), timeout(kPeriod / 2)), 1);
    std::puts("from now on nobody waits");
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, Not(ContainsRegex("nobody waits.*the clock jumps")));
}

TEST(Ticker, TrillionsOfTicksThatNobodySawCostNothing) {
  in_virtual_time([] {
    const Ticker ticker(nanoseconds(1));
    sleep_for(kLong);
    EXPECT_EQ(ticker.c().recv(), at(nanoseconds(1)));
    EXPECT_EQ(ticker.c().recv(), at(kLong + nanoseconds(1)));
  });
}

TEST(Ticker, PeriodsOfZeroOrLessPanicAndChangeNothing) {
  in_virtual_time([] {
    Ticker ticker(kPeriod);
    for (const Duration period : {Duration(0), Duration(-1), Duration::min()}) {
      const Panic made = panic_of([&] { const Ticker wrong(period); });
      EXPECT_EQ(made.place().line(), __LINE__ - 1);
      EXPECT_THAT(made.message(), HasSubstr(std::to_string(period.count())));
      const Panic reset = panic_of([&] { ticker.reset(period); });
      EXPECT_EQ(reset.place().line(), __LINE__ - 1);
    }
    EXPECT_EQ(ticker.c().recv(), at(kPeriod));
  });
}

TEST(Ticker, OutsideRunPanics) {
  EXPECT_EQ(panic_of([] { const Ticker ticker(kPeriod); }).place().line(), __LINE__);
}

TEST(Ticker, EnormousPeriodsTickOnceOrNever) {
  in_virtual_time([] {
    const Duration last = Duration::max() - nanoseconds(1);
    const Ticker never(Duration::max());
    const Ticker once(last);

    EXPECT_EQ(once.c().recv(), at(last));

    EXPECT_FALSE(once.c().try_recv());
    EXPECT_FALSE(never.c().try_recv());
  });
}

TEST(Ticker, KeepsItsGridFromOneRunToTheNext) {
  VirtualClock clock;
  std::optional<Ticker> ticker;
  run(
      [&] {
        ticker.emplace(kPeriod);
        go([c = ticker->c()] {
          for (;;) c.recv();
        });
        sleep_for(kPeriod * 2 + kPeriod / 2);
      },
      {.clock = &clock});
  run([&] { EXPECT_EQ(ticker->c().recv(), at(kPeriod * 3)); }, {.clock = &clock});
  ticker->stop();
  ticker.reset();
}

}  // namespace
}  // namespace conclave
