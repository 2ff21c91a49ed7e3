// What other libraries of channels in C and C++ were seen to get wrong.  Each is named in the comment above its test.
#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Photon's go.h, goless #43: a select that sends and a select that receives try in turns, and never meet.
TEST(Peers, TwoSelectsMeetWhoeverComesFirst) {
  in_every_order([] {
    for (const bool sender_first : {true, false}) {
      const auto channel = make_chan<int>();
      const auto other = make_chan<int>();
      int got = 0;
      const auto sending = [&] { EXPECT_EQ(select(send(channel, 5), recv(other)), 0); };
      const auto receiving = [&] { EXPECT_EQ(select(recv(other), recv(channel, got)), 1); };
      go(sender_first ? std::function<void()>(sending) : std::function<void()>(receiving));
      until_others_park();
      go(sender_first ? std::function<void()>(receiving) : std::function<void()>(sending));
      until_others_park();
      EXPECT_EQ(got, 5);
      EXPECT_EQ(num_goroutines(), 1u);
    }
  });
}

// The same, with many: each value passes once, and both ends agree on it.
TEST(Peers, ACrowdOfSelectsMeetsInPairs) {
  in_every_order([] {
    const std::vector<Chan<int>> channels = {make_chan<int>(), make_chan<int>(), make_chan<int>()};
    std::map<int, int> sent;
    std::map<int, int> received;
    WaitGroup all;
    for (int g = 0; g < 8; ++g) {
      all.go([&, g] {
        for (int i = 0; i < 20; ++i) {
          const int number = 100 * g + i;
          int chosen = 0;
          if (g % 2 == 0) {
            chosen = select(send(channels[0], number), send(channels[1], number),
                            send(channels[2], number));
            sent[number] = chosen;
          } else {
            int got = -1;
            chosen = select(recv(channels[2], got), recv(channels[1], got), recv(channels[0], got));
            received[got] = 2 - chosen;
          }
        }
      });
    }
    all.wait();
    EXPECT_EQ(sent.size(), 80u);
    EXPECT_EQ(sent, received);
  });
}

// Boost.Fiber's unbuffered_channel: close() with a pending push leaves a dangling pointer; the next pop() crashes.
TEST(Peers, CloseWithAPendingSenderLeavesNothingBehind) {
  in_every_order([] {
    const auto channel = make_chan<std::unique_ptr<int>>();
    int panics = 0;
    go([&] {
      panic_of([&] { channel.send(std::make_unique<int>(1)); });
      ++panics;
    });
    go([&] {
      panic_of([&] { select(send(channel, std::make_unique<int>(2)), recv(Chan<int>())); });
      ++panics;
    });
    until_others_park();
    channel.close();
    EXPECT_FALSE(channel.recv().has_value()) << "before the senders ran";
    until_others_park();
    EXPECT_FALSE(channel.recv().has_value()) << "and after";
    EXPECT_EQ(panics, 2);
  });
}

/// A clock that jumps, and is pushed when the processor was busy for a while.
class PushedClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_; }
  bool jump_to(TimePoint next) noexcept override {
    now_ = std::max(now_, next);
    return true;
  }
  void push(Duration d) { now_ += d; }

 private:
  TimePoint now_{};
};

// Boost.Fiber: push_wait_for() returns timeout although its value was taken, when its fiber resumes late.
TEST(Peers, AValueThatWasTakenWasSentHoweverLateTheSenderWakes) {
  for (const Order order : {Order::standard, Order::random}) {
    PushedClock clock;
    run(
        [&] {
          const auto channel = make_chan<int>();
          int sent = -1;
          int received = -1;
          go([&] { sent = select(send(channel, 7), timeout(milliseconds(10))); });
          sleep_for(milliseconds(9));
          EXPECT_EQ(channel.recv(), 7);
          clock.push(seconds(1));  // before the sender runs
          sleep_for(milliseconds(1));
          EXPECT_EQ(sent, 0);

          go([&] { received = select(recv(channel), timeout(milliseconds(10))); });
          sleep_for(milliseconds(9));
          channel.send(8);
          clock.push(seconds(1));
          sleep_for(milliseconds(1));
          EXPECT_EQ(received, 0);
        },
        {.clock = &clock, .order = order});
  }
}

// The same at the very instant: either the value passed or the time was up, and both ends agree.
TEST(Peers, AtTheInstantOfTheTimeoutBothEndsAgree) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    int sent = 0;
    int timed_out = 0;
    int received = 0;
    for (int i = 0; i < 20; ++i) {
      go([&] {
        if (select(send(channel, 7), timeout(milliseconds(10))) == 0) {
          ++sent;
        } else {
          ++timed_out;
        }
      });
      go([&] {
        sleep_for(milliseconds(10));
        if (channel.try_recv()) ++received;
      });
      go([&] {
        sleep_for(milliseconds(3));
        int got = 0;
        if (select(recv(channel, got), timeout(milliseconds(7))) == 0) ++received;
      });
    }
    sleep_for(seconds(1));
    EXPECT_EQ(sent, received);
    EXPECT_EQ(sent + timed_out, 20);
    EXPECT_EQ(num_goroutines(), 1u);
    EXPECT_FALSE(channel.try_recv());
  });
}

// Photon's go.h: try_recv() is false at the end of a channel, so a select never chooses a closed one.
TEST(Peers, ASelectChoosesAClosedChannel) {
  in_every_order([] {
    const auto closed = make_chan<int>();
    const auto open = make_chan<int>();
    bool ok = true;
    int value = 3;
    go([&] {
      sleep_for(seconds(1));
      closed.close();
    });
    EXPECT_EQ(select(recv(open), recv(closed, value, ok)), 1) << "closed while it waits";
    EXPECT_FALSE(ok);
    EXPECT_EQ(select(recv(closed, value, ok), recv(open)), 0) << "closed before";
  });
}

// libdill and neco take the first case that is ready: the second starves while the first is busy.
TEST(Peers, ABusyFirstCaseDoesNotStarveTheOthers) {
  in_every_order(
      [] {
        const auto busy = make_chan<int>(1);
        const auto quit = make_chan<Signal>(1);
        quit.send({});
        int rounds = 0;
        for (busy.send(1); select(recv(busy), recv(quit)) == 0; busy.send(1)) {
          ASSERT_LT(++rounds, 64) << "for a fair select, one in 2^64";
        }
      },
      100);
}

// Photon's go.h waits by trying again and again.  Virtual time stands still while anybody can run: it would never
// pass a select that polls.
TEST(Peers, ASelectThatWaitsUsesNoProcessor) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    for (int i = 0; i < 10; ++i) {
      go([&] { select(recv(channel), send(Chan<int>(), 1), timeout(hours(2))); });
      go([&] { channel.recv(); });
    }
    until_others_park();
    int turns = 0;
    const TimePoint start = now();
    for (; turns < 1000; ++turns) yield();  // nobody else is ready
    EXPECT_EQ(now(), start);
    sleep_for(hours(1));
    EXPECT_EQ(now() - start, hours(1));
    channel.close();
    until_others_park();
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

// And nobody would notice that it waits in vain.
TEST(Peers, ASelectThatWaitsInVainIsADeadlock) {
  const Ending ending = ending_of([] {
    run([] {
      const auto channel = make_chan<int>();
      go([&] { select(send(channel, 1), recv(make_chan<int>())); });
      select(send(channel, 2), recv(make_chan<int>()));
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, testing::HasSubstr("deadlock"));
}

// Boost.Fiber's buffered_channel(n) wants a power of two, and holds n - 1.
TEST(Peers, ACapacityOfNHoldsNForEveryN) {
  run([] {
    for (int n = 1; n < 70; ++n) {
      const auto channel = make_chan<int>(n);
      for (int i = 0; i < n; ++i) EXPECT_TRUE(channel.try_send(i));
      EXPECT_FALSE(channel.try_send(n));
      EXPECT_EQ(channel.len(), static_cast<std::size_t>(n));
    }
  });
}

// photon for D, #70: close() of an empty channel wakes nobody.
TEST(Peers, CloseOfAnEmptyChannelWakesThoseThatWaitInASelect) {
  in_every_order([] {
    const auto channel = make_chan<int>(3);
    int ended = 0;
    for (int i = 0; i < 3; ++i) {
      go([&] {
        bool ok = true;
        int value = 0;
        select(recv(channel, value, ok), recv(make_chan<int>()));
        ended += ok ? 0 : 1;
      });
    }
    until_others_park();
    channel.close();
    until_others_park();
    EXPECT_EQ(ended, 3);
  });
}

// copper #1: the handler is called while the channel is locked, so it cannot use it.
TEST(Peers, AHandlerMayUseTheChannelThatWasChosen) {
  in_every_order([] {
    const auto channel = make_chan<int>(1);
    int got = 0;
    channel.send(1);
    select(recv(channel, [&](int value) {
      channel.send(value + 1);
      select(recv(channel, got));
      channel.close();
    }));
    EXPECT_EQ(got, 2);
  });
}

// libgo until 2023: close() threw away what was in the buffer.
TEST(Peers, CloseKeepsTheBuffer) {
  run([] {
    const auto channel = make_chan<int>(3);
    for (int i = 0; i < 3; ++i) channel.send(i);
    channel.close();
    int expected = 0;
    for (const int value : channel) EXPECT_EQ(value, expected++);
    EXPECT_EQ(expected, 3);
  });
}

}  // namespace
}  // namespace conclave
