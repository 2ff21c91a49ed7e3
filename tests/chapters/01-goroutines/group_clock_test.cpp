// goroutine_group.hpp, laws 7 and 8: a group has a clock of its own, and may be paused.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/random.hpp"
#include "goroutines/alarm.hpp"
#include "support.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kPercent = 10'000;  // parts per million

TimePoint at(Duration d) { return TimePoint(d); }

TEST(GroupClock, SaysTheTimeOfRunUnlessToldOtherwise) {
  const GroupClock clock;
  for (const Duration d : {Duration{}, Duration(1), Duration(seconds(3)), Duration(hours(9999))}) {
    EXPECT_EQ(clock.local(at(d)), at(d));
    EXPECT_EQ(clock.when(at(d)), at(d));
  }
}

TEST(GroupClock, DriftsAndBeginsElsewhere) {
  const GroupClock fast{.offset = hours(1), .drift_ppm = 10 * kPercent};

  EXPECT_EQ(fast.local(at({})), at(hours(1)));
  EXPECT_EQ(fast.local(at(seconds(10))), at(hours(1) + seconds(11)));
  EXPECT_EQ(fast.when(at(hours(1) + seconds(11))), at(seconds(10)));
}

TEST(GroupClock, ADeadlineThatLiesBeforeItsBeginningHasPassed) {
  EXPECT_EQ(GroupClock{.offset = hours(1)}.when(at(seconds(1))), at({}));
}

TEST(GroupClock, NeverStaysNever) {
  EXPECT_EQ(GroupClock{.drift_ppm = kPercent}.when(TimePoint::max()), TimePoint::max());
  EXPECT_EQ((GroupClock{.offset = hours(1), .drift_ppm = kPercent}.local(TimePoint::max())),
            TimePoint::max());
}

TEST(GroupClock, ComesToADeadlineAtTheFirstInstantWhenItHasPassed) {
  Random random = Random(seed_of_this_test());
  for (int i = 0; i < 10'000; ++i) {
    const GroupClock clock{
        .offset = Duration(random.below(std::uint64_t{1} << 40)),
        .drift_ppm = random.between(-GroupClock::kDriftMax, GroupClock::kDriftMax)};
    const std::uint64_t length = random.below(std::uint64_t{1} << random.between(1, 60));
    const TimePoint deadline = at(clock.offset + Duration(length + 1));

    const TimePoint when = clock.when(deadline);

    ASSERT_GE(clock.local(when), deadline);
    ASSERT_LT(clock.local(when - Duration(1)), deadline);
  }
}

TEST(GroupClock, IsWhatMembersSeeAndSleepBy) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup fast("fast", {.offset = hours(1), .drift_ppm = 25 * kPercent});
    fast.go([&] {
      EXPECT_EQ(now(), at(hours(1)));
      sleep_for(seconds(5));
      EXPECT_EQ(now(), at(hours(1) + seconds(5)));
      sleep_until(at(hours(1) + seconds(10)));
      EXPECT_EQ(now(), at(hours(1) + seconds(10)));
      log.push_back("fast");
    });
    sleep_for(seconds(8));
    EXPECT_EQ(now(), at(seconds(8)));
    let_others_park();
    log.push_back("8 s");
  });
  EXPECT_THAT(log, ElementsAre("fast", "8 s"));
}

TEST(GroupClock, OfWhomTheAlarmBelongsToIsWhatItSees) {
  struct Look final : detail::Alarm {
    using Alarm::Alarm;
    void fire() noexcept override { seen = now(); }
    TimePoint seen;
  };
  for (const auto lapses : {detail::Alarm::Lapses::with_group, detail::Alarm::Lapses::with_run}) {
    in_virtual_time([&] {
      Look look(lapses);
      GoroutineGroup slow("slow", {.drift_ppm = -50 * kPercent});
      slow.go([&] {
        look.set(now() + seconds(1));
        sleep_for(hours(1));
      });
      sleep_for(seconds(2));
      let_others_park();

      EXPECT_EQ(look.seen, at(seconds(1)));
    });
  }
}

TEST(GroupPause, HoldsMembersAndNobodyElse) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup group;
    group.go([&] {
      log.push_back("member");
      sleep_for(seconds(1));
      log.push_back("member again");
    });
    let_others_park();

    group.pause();
    EXPECT_TRUE(group.is_paused());
    sleep_for(seconds(5));
    log.push_back("5 s");
    group.resume();
    EXPECT_FALSE(group.is_paused());
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("member", "5 s", "member again"));
}

TEST(GroupPause, OfThoseWhoAreReadyAndOfThoseWhoStart) {
  for (const Order order : {Order::standard, Order::random, Order::pct}) {
    Log log;
    in_virtual_time(
        [&] {
          GoroutineGroup group;
          group.go([&] { log.push_back("ready"); });
          group.pause();
          group.go([&] { log.push_back("new"); });
          sleep_for(seconds(1));
          log.push_back("1 s");
          group.resume();
          sleep_for(seconds(1));
        },
        {.order = order});
    EXPECT_EQ(log.front(), "1 s");
    EXPECT_EQ(log.size(), 3U);
  }
}

TEST(GroupPause, AMemberThatPausesItselfGoesOnUntilItParks) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup group;
    group.go([&] {
      group.pause();
      log.push_back("still here");
      yield();
      log.push_back("back");
    });
    sleep_for(seconds(1));
    log.push_back("1 s");
    group.resume();
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("still here", "1 s", "back"));
}

TEST(GroupPause, EndsWithTheGroup) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup group;
    group.go([&] {
      const Mark mark{log, "unwound"};
      sleep_for(milliseconds(500));
      log.push_back("ran on");
    });
    let_others_park();
    group.go([&] { log.push_back("never"); });
    group.pause();
    sleep_for(seconds(1));

    group.end();

    EXPECT_FALSE(group.is_paused());
    EXPECT_EQ(group.size(), 0U);
    group.go([&] { log.push_back("used again"); });
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("unwound", "used again"));
}

TEST(GroupPause, WhenMainReturnsMembersAreUnwound) {
  Log log;
  GoroutineGroup group;
  for (int i = 0; i < 2; ++i) {
    in_virtual_time([&] {
      group.go([&] {
        const Mark mark{log, "unwound"};
        sleep_for(hours(1));
      });
      let_others_park();
      group.pause();
      sleep_for(hours(2));
    });
    EXPECT_FALSE(group.is_paused());
  }
  EXPECT_THAT(log, ElementsAre("unwound", "unwound"));
}

TEST(GroupPauseDeathTest, ForEverIsADeadlockThatSaysSo) {
  EXPECT_EXIT(in_virtual_time([] {
                GoroutineGroup group("n1");
                WaitGroup never;
                never.add(1);
                group.go([&] {
                  yield();
                  never.done();
                });
                group.pause();
                never.wait();
              }),
              testing::ExitedWithCode(2), HasSubstr("its group is paused"));
}

TEST(GroupInAGroup, HasItsClockAndIsPausedAndEndedWithIt) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup outer("outer", {.offset = hours(1)});
    std::unique_ptr<GoroutineGroup> kept;  // ends with it, though on no stack of its members
    outer.go([&] {
      kept = std::make_unique<GoroutineGroup>("inner");
      kept->go([&] {
        const Mark mark{log, "unwound"};
        EXPECT_EQ(now(), at(hours(1)));
        sleep_for(seconds(1));
        log.push_back("woke at " + std::to_string(now().time_since_epoch() / seconds(1) - 3600));
        sleep_for(hours(1));
        log.push_back("ran on");
      });
      sleep_for(hours(1));
    });
    let_others_park();
    EXPECT_EQ(outer.size(), 2U);
    EXPECT_EQ(kept->size(), 1U);

    outer.pause();
    sleep_for(seconds(5));
    EXPECT_TRUE(outer.holds_members());
    outer.resume();
    let_others_park();
    outer.end();

    EXPECT_EQ(outer.size(), 0U);
    EXPECT_EQ(kept->size(), 0U);
    kept->go([&] { log.push_back("used again"); });
    EXPECT_EQ(outer.size(), 1U);
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("woke at 5", "unwound", "used again"));
}

TEST(GroupInAGroup, OneWithAClockOfItsOwnIsAMachineOfItsOwn) {
  in_virtual_time([] {
    std::unique_ptr<GoroutineGroup> machine;
    int turns = 0;
    GoroutineGroup maker("maker");
    maker.go([&] {
      machine = std::make_unique<GoroutineGroup>("machine", GroupClock{});
      machine->go([&] {
        for (;; sleep_for(seconds(1))) ++turns;
      });
    });
    let_others_park();

    maker.pause();
    maker.end();

    sleep_for(seconds(10));
    EXPECT_GT(turns, 8);
  });
}

TEST(GroupInAGroup, MayOutliveIt) {
  in_virtual_time([] {
    std::unique_ptr<GoroutineGroup> kept;
    {
      GoroutineGroup outer("outer");
      outer.go([&] { kept = std::make_unique<GoroutineGroup>("inner"); });
      let_others_park();
    }
    bool ran = false;
    kept->go([&] { ran = true; });
    let_others_park();
    EXPECT_TRUE(ran);
    EXPECT_EQ(kept->size(), 0U);
  });
}

TEST(GroupInAGroup, AMemberThatEndsTheOuterOneIsUnwoundLast) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup outer("outer");
    outer.go([&] {
      const Mark mark{log, "outer's"};
      GoroutineGroup inner("inner");
      inner.go([&] {
        const Mark mark_inside{log, "inner's"};
        outer.end();
        log.push_back("ran on");
      });
      sleep_for(hours(1));
    });
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("outer's", "inner's"));
}

TEST(GroupPause, OfAnEmptyGroupLastsIntoTheNextRun) {
  GoroutineGroup group;
  in_virtual_time([&] { group.pause(); });
  int turns = 0;
  in_virtual_time([&] {
    group.go([&] { ++turns; });
    sleep_for(seconds(1));
    EXPECT_EQ(turns, 0);
    group.resume();
    let_others_park();
    EXPECT_EQ(turns, 1);
  });
}

TEST(Uncaught, IsToldAndTheOthersGoOn) {
  std::vector<std::string> told;
  in_virtual_time(
      [] {
        WaitGroup done;
        done.go([] { throw std::runtime_error("no disk"); });
        done.go([] { throw 7; });
        done.wait();
        sleep_for(seconds(1));
      },
      {.uncaught = [&](const Turn& turn, const std::string& what) {
        EXPECT_EQ(turn.group, nullptr);
        told.push_back(what);
      }});
  EXPECT_THAT(told, testing::UnorderedElementsAre(HasSubstr("no disk"), "uncaught exception int"));
}

TEST(BetweenTurns, IsToldWhoseTurnComesAndBelongsToNobody) {
  std::vector<std::uint64_t> turns;
  in_virtual_time(
      [] {
        go([] { yield(); });  // 2
        go([] {});            // 3
        yield();
        sleep_for(seconds(1));
      },
      {.between_turns = [&](const Turn& turn) {
        EXPECT_THROW(yield(), Panic);
        EXPECT_EQ(turn.group, nullptr);
        turns.push_back(turn.goroutine);
      }});

  EXPECT_EQ(std::ranges::count(turns, 1U), 2);
  EXPECT_EQ(std::ranges::count(turns, 2U), 2);
  EXPECT_EQ(std::ranges::count(turns, 3U), 1);
}

TEST(BetweenTurns, AGroupMayBePausedBeforeAnyTurn) {
  for (int allowed = 0; allowed < 5; ++allowed) {
    int steps = 0;
    int left = allowed;
    GoroutineGroup group;
    in_virtual_time(
        [&] {
          group.go([&] {
            for (;; yield()) ++steps;
          });
          sleep_for(seconds(1));
          EXPECT_EQ(steps, allowed);
          group.end();
        },
        {.between_turns = [&](const Turn& turn) {
          if (turn.group == &group && left-- == 0) group.pause();
        }});
  }
}

}  // namespace
}  // namespace conclave
