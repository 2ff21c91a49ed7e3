// select.hpp, laws 1 to 5: which case is chosen, when, and what becomes of the others.
#include <chrono>
#include <memory>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// --- the choice

TEST(Select, ChoosesTheOneThatIsReady) {
  in_every_order([] {
    const auto empty = make_chan<int>(1);
    const auto full = make_chan<int>(1);
    full.send(5);
    int from_empty = 1;
    int from_full = 1;

    EXPECT_EQ(select(recv(empty, from_empty), recv(full, from_full)), 1);

    EXPECT_EQ(from_empty, 1) << "only the chosen case assigns";
    EXPECT_EQ(from_full, 5);
    full.send(6);
    EXPECT_EQ(select(send(full, 7), recv(empty), send(empty, 8)), 2);
    EXPECT_EQ(empty.recv(), 8);
    EXPECT_EQ(full.recv(), 6);
    EXPECT_FALSE(full.try_recv());
  });
}

TEST(Select, WorksWithSwitch) {
  run([] {
    const auto numbers = make_chan<int>(1);
    const auto words = make_chan<std::string>(1);
    Log log;
    for (int i = 0; i < 3; ++i) {
      if (i == 0) numbers.send(4);
      if (i == 1) words.send("four");
      int number = 0;
      std::string word;
      switch (select(recv(numbers, number), recv(words, word), otherwise())) {
        case 0:
          log.push_back(std::to_string(number));
          break;
        case 1:
          log.push_back(word);
          break;
        case 2:
          log.push_back("nothing");
          break;
        default:
          ADD_FAILURE();
      }
    }
    EXPECT_THAT(log, ElementsAre("4", "four", "nothing"));
  });
}

TEST(Select, ParksUntilAValueComes) {
  in_every_order([] {
    const auto one = make_chan<int>();
    const auto two = make_chan<int>(3);
    for (const auto& channel : {one, two}) {
      int chosen = -2;
      int value = 0;
      go([&] { chosen = select(recv(one, value), recv(two, value)); });
      until_others_park();
      EXPECT_EQ(chosen, -2);

      EXPECT_TRUE(channel.try_send(9));

      until_others_park();
      EXPECT_EQ(chosen, channel == one ? 0 : 1);
      EXPECT_EQ(value, 9);
      EXPECT_EQ(two.len(), 0u);
    }
  });
}

TEST(Select, ParksUntilAReceiverComesOrThereIsRoom) {
  in_every_order([] {
    const auto unbuffered = make_chan<int>();
    const auto full = make_chan<int>(1);
    full.send(0);
    for (const auto& channel : {unbuffered, full}) {
      int chosen = -2;
      go([&] { chosen = select(send(unbuffered, 1), send(full, 2)); });
      until_others_park();
      EXPECT_EQ(chosen, -2);

      EXPECT_EQ(channel.recv(), channel == full ? 0 : 1);

      until_others_park();
      EXPECT_EQ(chosen, channel == full ? 1 : 0);
    }
    EXPECT_EQ(full.recv(), 2);
  });
}

TEST(Select, ACloseWakesItToTheEnd) {
  in_every_order([] {
    const auto one = make_chan<int>();
    const auto two = make_chan<int>();
    int chosen = -2;
    int value = 7;
    bool ok = true;
    go([&] { chosen = select(recv(one), recv(two, value, ok)); });
    until_others_park();
    two.close();
    until_others_park();
    EXPECT_EQ(chosen, 1);
    EXPECT_EQ(value, 0);
    EXPECT_FALSE(ok);
    EXPECT_FALSE(one.try_send(1)) << "nobody waits there";
  });
}

TEST(Select, AClosedChannelIsAlwaysReadyToReceive) {
  run([] {
    const auto closed = make_chan<int>(2);
    const auto empty = make_chan<int>();
    closed.send(3);
    closed.close();
    std::optional<int> got;
    EXPECT_EQ(select(recv(empty), recv(closed, got), otherwise()), 1);
    EXPECT_EQ(got, 3) << "what was accepted before";
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(select(recv(empty), recv(closed, got), otherwise()), 1);
      EXPECT_EQ(got, std::nullopt);
    }
  });
}

TEST(Select, ACaseOnNilIsNeverReady) {
  in_every_order([] {
    const Chan<int> nil;
    const auto channel = make_chan<int>(1);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(select(recv(nil), send(nil, 1), send(channel, 2), send(SendChan<int>(), 3)), 2);
      EXPECT_EQ(select(recv(nil), recv(channel), recv(RecvChan<int>())), 1);
      EXPECT_EQ(select(recv(nil), send(nil, 1), otherwise()), 2);
    }
    EXPECT_EQ(select(recv(nil), send(nil, 1), timeout(seconds(5))), 2);
  });
}

TEST(Select, OtherwiseIsChosenOnlyWhenNothingIsReadyAndAtOnce) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    int turns = 0;
    go([&] {
      for (;;) {
        ++turns;
        yield();
      }
    });
    EXPECT_EQ(select(otherwise(), recv(channel)), 0);
    EXPECT_EQ(select(recv(channel), otherwise(), send(channel, 1)), 1);
    EXPECT_EQ(select(recv(channel), timeout(seconds(1)), otherwise()), 2);
    EXPECT_EQ(select(otherwise()), 0);
    EXPECT_EQ(turns, 0) << "it did not park";
    channel.close();
    EXPECT_EQ(select(otherwise(), recv(channel)), 1);
  });
}

// --- time

TEST(Select, TimeoutIsChosenAfterItsTimeAndNotBefore) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    const TimePoint start = now();
    EXPECT_EQ(select(recv(channel), timeout(milliseconds(30)), send(channel, 1)), 1);
    EXPECT_EQ(now() - start, milliseconds(30));
    EXPECT_EQ(select(timeout(hours(24))), 0);
    EXPECT_FALSE(channel.try_send(1));
    EXPECT_FALSE(channel.try_recv());
  });
}

TEST(Select, TheShortestTimeoutCounts) {
  in_every_order([] {
    const TimePoint start = now();
    EXPECT_EQ(select(timeout(seconds(3)), timeout(seconds(1)), timeout(seconds(2))), 1);
    EXPECT_EQ(now() - start, seconds(1));
  });
}

TEST(Select, ATimeoutThatWasNotChosenChoosesNothingLater) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    go([&] {
      sleep_for(seconds(1));
      channel.send(1);
    });
    EXPECT_EQ(select(recv(channel), timeout(seconds(2))), 0);
    EXPECT_EQ(select(recv(channel), timeout(seconds(5))), 1);
    EXPECT_EQ(now().time_since_epoch() % seconds(2), Duration(0));
  });
}

TEST(Select, ATimeoutOfZeroOrLessIsChosenWhenNothingIsReadyNow) {
  in_every_order([] {
    const auto channel = make_chan<int>(1);
    const TimePoint start = now();
    for (const Duration d : {Duration(0), Duration(-5), Duration::min()}) {
      EXPECT_EQ(select(recv(channel), timeout(d)), 1);
      channel.send(1);
      EXPECT_EQ(select(timeout(d), recv(channel)), 1) << "what is ready goes first";
      EXPECT_FALSE(channel.try_recv());
    }
    EXPECT_EQ(select(timeout(hours::min())), 0);
    EXPECT_EQ(now(), start);
  });
}

TEST(Select, ATimeoutPastTheEndOfTimeIsNever) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    go([&] {
      sleep_for(hours(1000));
      channel.send(1);
    });
    EXPECT_EQ(select(timeout(hours::max()), recv(channel)), 1);
  });
}

// --- the cases that were not chosen

TEST(Select, OneThatWasClaimedIsOverForItsOtherChannels) {
  in_every_order([] {
    const auto one = make_chan<int>();
    const auto two = make_chan<int>();
    int chosen = -2;
    go([&] { chosen = select(recv(one), recv(two), send(make_chan<int>(), 1)); });
    until_others_park();

    EXPECT_TRUE(one.try_send(1));
    EXPECT_FALSE(two.try_send(2)) << "it has been served, though it has not run yet";
    EXPECT_FALSE(one.try_send(3));

    until_others_park();
    EXPECT_EQ(chosen, 0);
    EXPECT_FALSE(two.try_send(4));
  });
}

TEST(Select, WhoWaitsBehindAClaimedOneIsServed) {
  in_every_order([] {
    const auto one = make_chan<int>();
    const auto two = make_chan<int>();
    std::optional<int> got;
    go([&] { select(recv(one), recv(two)); });
    until_others_park();
    go([&] { got = two.recv(); });
    until_others_park();

    EXPECT_TRUE(one.try_send(1));
    EXPECT_TRUE(two.try_send(2));

    until_others_park();
    EXPECT_EQ(got, 2);
  });
}

TEST(Select, TakesItsTurnAmongThoseThatWait) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    const auto other = make_chan<int>();
    std::vector<int> got(4);
    for (std::size_t i = 0; i < got.size(); ++i) {
      go([&, i] {
        if (i % 2 == 0) {
          select(recv(channel, got[i]), recv(other));
        } else {
          got[i] = *channel.recv();
        }
      });
      until_others_park();
    }
    for (int i = 1; i <= 4; ++i) channel.send(i);
    until_others_park();
    EXPECT_THAT(got, ElementsAre(1, 2, 3, 4));
  });
}

TEST(Select, AChannelMayAppearInSeveralCases) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    const auto other = make_chan<int>();
    int value = 0;
    int chosen = -2;
    go([&] { chosen = select(recv(channel, value), recv(channel, value), recv(other)); });
    until_others_park();
    channel.send(5);
    EXPECT_FALSE(channel.try_send(6)) << "one select takes one value";
    until_others_park();
    EXPECT_TRUE(chosen == 0 || chosen == 1);
    EXPECT_EQ(value, 5);
  });
}

TEST(Select, DoesNotMeetItself) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    EXPECT_EQ(select(send(channel, 1), recv(channel), otherwise()), 2);
    EXPECT_EQ(select(send(channel, 1), recv(channel), timeout(seconds(1))), 2);
    go([&] { EXPECT_EQ(select(send(channel, 1), recv(channel)), 0); });
    until_others_park();
    EXPECT_EQ(channel.recv(), 1);
    go([&] { EXPECT_EQ(select(send(channel, 1), recv(channel)), 1); });
    until_others_park();
    channel.send(2);
    until_others_park();
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

TEST(Select, BothEndsMayBeSelects) {
  in_every_order([] {
    const auto there = make_chan<int>();
    const auto back = make_chan<int>();
    int met = 0;
    int got = 0;
    go([&] { met += select(send(there, 3), recv(back)) == 0 ? 1 : 0; });
    until_others_park();
    const int chosen = select(recv(there, got), send(back, 4));
    EXPECT_EQ(got, chosen == 0 ? 3 : 0);
    until_others_park();
    EXPECT_EQ(num_goroutines(), 1u);
    EXPECT_EQ(met, got == 3 ? 1 : 0) << "both agree which of the two channels it was";
  });
}

TEST(Select, WithoutCasesParksForEver) {
  bool ran_on = false;
  in_every_order([&] {
    go([&] {
      select();
      ran_on = true;
    });
    go([&] {
      std::vector<SelectCase> none;
      select(none);
      ran_on = true;
    });
    sleep_for(hours(1000));
    EXPECT_EQ(num_goroutines(), 3u);
  });
  EXPECT_FALSE(ran_on);
}

TEST(Select, SendOnAClosedChannelPanicsOnlyIfChosen) {
  run([] {
    const auto closed = make_chan<int>();
    closed.close();
    EXPECT_NE(panic_of([&] { select(send(closed, 1)); }).message(), "");
    const auto ready = make_chan<int>(1);
    int panics = 0;
    for (int i = 0; i < 200; ++i) {
      try {
        EXPECT_EQ(select(send(closed, 1), send(ready, i)), 1);
        EXPECT_EQ(ready.recv(), i);
      } catch (const Panic&) {
        ++panics;
        EXPECT_EQ(ready.len(), 0u);
      }
    }
    EXPECT_GT(panics, 50) << "a closed channel is as ready as the other";
    EXPECT_LT(panics, 150);
  });
}

TEST(SelectOutsideRun, WhatWouldParkPanics) {
  const auto channel = make_chan<int>();
  panic_of([&] { select(recv(channel), send(channel, 1)); });
  panic_of([&] { select(recv(channel), timeout(seconds(1))); });
  panic_of([] { select(); });
  EXPECT_FALSE(channel.try_send(1)) << "nobody was left in a queue";
  EXPECT_FALSE(channel.try_recv());
}

TEST(SelectOutsideRun, WhatDoesNotParkWorks) {
  const auto channel = make_chan<int>(1);
  int got = 0;
  EXPECT_EQ(select(recv(channel, got), otherwise()), 1);
  EXPECT_EQ(select(recv(channel, got), timeout(seconds(0))), 1);
  EXPECT_EQ(select(recv(channel, got), send(channel, 5)), 1);
  EXPECT_EQ(select(recv(channel, got), otherwise()), 0);
  EXPECT_EQ(got, 5);
  std::vector<SelectCase> cases;
  cases.emplace_back(recv(channel));
  cases.emplace_back(otherwise());
  EXPECT_EQ(select(cases), 1);
}

}  // namespace
}  // namespace conclave
