// chan.hpp, laws 1 to 4 and 6: order, length, who is served first, the end, and nil.
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

using testing::ElementsAre;

TEST(Chan, AnUnbufferedSendPassesWhenAReceiverTakesTheValue) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    bool sent = false;
    go([&] {
      channel.send(7);
      sent = true;
    });
    until_others_park();
    EXPECT_FALSE(sent);

    EXPECT_EQ(channel.recv(), 7);

    until_others_park();
    EXPECT_TRUE(sent);
  });
}

TEST(Chan, AReceiverParksUntilThereIsAValue) {
  in_every_order([] {
    for (const int capacity : {0, 1, 3}) {
      const auto channel = make_chan<int>(capacity);
      std::optional<int> got;
      go([&] { got = channel.recv(); });
      until_others_park();
      EXPECT_EQ(got, std::nullopt);

      channel.send(7);

      until_others_park();
      EXPECT_EQ(got, 7);
      EXPECT_EQ(channel.len(), 0u);
    }
  });
}

TEST(Chan, CapacityNHoldsN) {
  in_every_order(
      [] {
        for (std::size_t n = 0; n < 20; ++n) {
          const auto channel = make_chan<std::size_t>(static_cast<std::ptrdiff_t>(n));
          EXPECT_EQ(channel.cap(), n);
          for (std::size_t i = 0; i < n; ++i) {
            EXPECT_EQ(channel.len(), i);
            channel.send(i);
          }
          EXPECT_EQ(channel.len(), n);

          EXPECT_FALSE(channel.try_send(n));

          for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(channel.recv(), i);
          EXPECT_EQ(channel.len(), 0u);
        }
      },
      1);
}

TEST(Chan, ASendToAFullBufferParks) {
  in_every_order([] {
    const auto channel = make_chan<int>(2);
    int sent = 0;
    go([&] {
      for (int i = 0; i < 5; ++i) {
        channel.send(i);
        ++sent;
      }
    });
    until_others_park();
    EXPECT_EQ(sent, 2);

    EXPECT_EQ(channel.recv(), 0);

    until_others_park();
    EXPECT_EQ(sent, 3);
    EXPECT_EQ(channel.len(), 2u);
    for (int i = 1; i < 5; ++i) EXPECT_EQ(channel.recv(), i);
  });
}

TEST(Chan, ValuesComeInTheOrderInWhichTheyWereSent) {
  in_every_order([] {
    for (const int capacity : {0, 1, 2, 7, 100}) {
      const auto channel = make_chan<int>(capacity);
      go([channel] {
        for (int i = 0; i < 100; ++i) channel.send(i);
        channel.close();
      });
      int expected = 0;
      for (const int value : channel) EXPECT_EQ(value, expected++);
      EXPECT_EQ(expected, 100);
    }
  });
}

TEST(Chan, TheBufferGoesRoundAndRound) {
  run([] {
    const auto channel = make_chan<int>(3);
    std::deque<int> model;
    int next = 0;
    for (int round = 0; round < 50; ++round) {
      for (int i = 0; i < 1 + round % 3; ++i) {
        EXPECT_EQ(channel.try_send(next), model.size() < 3);
        if (model.size() < 3) model.push_back(next);
        ++next;
      }
      for (int i = 0; i < 1 + round % 2; ++i) {
        const auto found = channel.try_recv();
        ASSERT_EQ(static_cast<bool>(found), !model.empty());
        if (model.empty()) continue;
        EXPECT_EQ(found.value, model.front());
        model.pop_front();
      }
      EXPECT_EQ(channel.len(), model.size());
    }
  });
}

TEST(Chan, WaitingSendersDoNotOvertakeTheBuffer) {
  in_every_order([] {
    const auto channel = make_chan<int>(2);
    channel.send(0);
    channel.send(1);
    for (int i = 2; i < 6; ++i) {
      go([channel, i] { channel.send(i); });
      until_others_park();
    }
    for (int i = 0; i < 6; ++i) {
      EXPECT_EQ(channel.try_recv().value, i);
      EXPECT_EQ(channel.len(), i < 4 ? 2u : 5u - static_cast<unsigned>(i))
          << "the place that came free belongs to the sender that waits longest";
    }
  });
}

TEST(Chan, TheSenderThatWaitsLongestGoesFirst) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    for (int i = 0; i < 5; ++i) {
      go([channel, i] { channel.send(i); });
      until_others_park();
    }
    for (int i = 0; i < 5; ++i) EXPECT_EQ(channel.recv(), i);
  });
}

TEST(Chan, TheReceiverThatWaitsLongestGoesFirst) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    std::vector<std::optional<int>> got(5);
    for (auto& slot : got) {
      go([channel, &slot] { slot = channel.recv(); });
      until_others_park();
    }
    for (int i = 0; i < 5; ++i) channel.send(i);
    until_others_park();
    EXPECT_THAT(got, ElementsAre(0, 1, 2, 3, 4));
  });
}

TEST(Chan, AnUnbufferedChannelHoldsNothingWhoeverWaits) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    for (int i = 0; i < 3; ++i) go([channel] { channel.send(1); });
    until_others_park();
    EXPECT_EQ(channel.len(), 0u);
    EXPECT_EQ(channel.cap(), 0u);
    for (int i = 0; i < 3; ++i) channel.recv();
  });
}

TEST(Chan, NothingIsLostOrDoubledAmongManySendersAndReceivers) {
  in_every_order([] {
    for (const int capacity : {0, 1, 5}) {
      const auto channel = make_chan<int>(capacity);
      WaitGroup senders;
      for (int s = 0; s < 5; ++s) {
        senders.go([channel, s] {
          for (int i = 0; i < 50; ++i) channel.send(s * 50 + i);
        });
      }
      std::multiset<int> received;
      WaitGroup receivers;
      for (int r = 0; r < 3; ++r) {
        receivers.go([&] {
          int last_of[5] = {-1, -1, -1, -1, -1};
          for (const int value : channel) {
            received.insert(value);
            EXPECT_GT(value, last_of[value / 50]) << "one sender's values stay in order";
            last_of[value / 50] = value;
          }
        });
      }
      senders.wait();
      channel.close();
      receivers.wait();
      EXPECT_EQ(received.size(), 250u);
      EXPECT_EQ(std::set<int>(received.begin(), received.end()).size(), 250u);
    }
  });
}

TEST(Chan, TrySendSucceedsOnlyWithRoomOrAWaitingReceiver) {
  in_every_order([] {
    const auto unbuffered = make_chan<int>();
    EXPECT_FALSE(unbuffered.try_send(1));
    std::optional<int> got;
    go([&] { got = unbuffered.recv(); });
    until_others_park();
    EXPECT_TRUE(unbuffered.try_send(2));
    EXPECT_FALSE(unbuffered.try_send(3)) << "one receiver takes one value";
    until_others_park();
    EXPECT_EQ(got, 2);

    const auto buffered = make_chan<int>(1);
    EXPECT_TRUE(buffered.try_send(1));
    EXPECT_FALSE(buffered.try_send(2));
    EXPECT_EQ(buffered.recv(), 1);
  });
}

TEST(Chan, AFailedTrySendLeavesTheValueAsItWas) {
  run([] {
    const auto channel = make_chan<std::unique_ptr<int>>(1);
    auto value = std::make_unique<int>(1);
    ASSERT_TRUE(channel.try_send(std::move(value)));
    EXPECT_EQ(value, nullptr);
    value = std::make_unique<int>(2);
    EXPECT_FALSE(channel.try_send(std::move(value)));
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(*value, 2);
  });
}

TEST(Chan, TryRecvTellsValueNothingYetAndTheEnd) {
  in_every_order([] {
    const auto channel = make_chan<int>(1);
    auto found = channel.try_recv();
    EXPECT_FALSE(found);
    EXPECT_FALSE(found.closed);

    channel.send(0);
    found = channel.try_recv();
    EXPECT_TRUE(found);
    EXPECT_EQ(*found, 0);
    EXPECT_FALSE(found.closed);

    channel.send(1);
    channel.close();
    found = channel.try_recv();
    EXPECT_TRUE(found);
    EXPECT_FALSE(found.closed) << "not the end while there are values";
    found = channel.try_recv();
    EXPECT_FALSE(found);
    EXPECT_TRUE(found.closed);
  });
}

TEST(Chan, TryRecvTakesFromAWaitingSender) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    bool sent = false;
    go([&] {
      channel.send(7);
      sent = true;
    });
    until_others_park();
    EXPECT_EQ(channel.try_recv().value, 7);
    EXPECT_FALSE(channel.try_recv());
    until_others_park();
    EXPECT_TRUE(sent);
  });
}

TEST(Chan, WhatDoesNotParkGivesTheProcessorToNobody) {
  in_every_order([] {
    const auto channel = make_chan<int>(2);
    int turns = 0;
    go([&] {
      for (int i = 0; i < 100; ++i) {
        ++turns;
        yield();
      }
    });
    channel.send(1);
    EXPECT_TRUE(channel.try_send(2));
    EXPECT_FALSE(channel.try_send(3));
    EXPECT_EQ(channel.recv(), 1);
    EXPECT_TRUE(channel.try_recv());
    EXPECT_FALSE(channel.try_recv());
    channel.close();
    EXPECT_EQ(channel.recv(), std::nullopt);
    EXPECT_EQ(turns, 0);
  });
}

TEST(Chan, CopiesAreTheSameChannel) {
  run([] {
    const auto channel = make_chan<int>(1);
    const Chan<int> copy = channel;
    const auto other = make_chan<int>(1);
    EXPECT_EQ(copy, channel);
    EXPECT_NE(copy, other);
    EXPECT_TRUE(copy);
    copy.send(5);
    EXPECT_EQ(channel.len(), 1u);
    EXPECT_EQ(channel.recv(), 5);
  });
}

// --- the end

TEST(ChanClose, WhatWasAcceptedBeforeIsReceivedAndThenTheEnd) {
  in_every_order([] {
    const auto channel = make_chan<int>(3);
    for (int i = 0; i < 3; ++i) channel.send(i);
    channel.close();
    EXPECT_EQ(channel.len(), 3u);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(channel.recv(), i);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(channel.recv(), std::nullopt);
    EXPECT_EQ(channel.len(), 0u);
    EXPECT_EQ(channel.cap(), 3u);
  });
}

TEST(ChanClose, EveryWaitingReceiverEnds) {
  in_every_order([] {
    for (const int capacity : {0, 2}) {
      const auto channel = make_chan<int>(capacity);
      int ended = 0;
      for (int i = 0; i < 5; ++i) {
        go([&] {
          EXPECT_EQ(channel.recv(), std::nullopt);
          ++ended;
        });
      }
      until_others_park();
      channel.close();
      until_others_park();
      EXPECT_EQ(ended, 5);
    }
  });
}

TEST(ChanClose, EveryWaitingSenderPanicsAndItsValueIsDestroyed) {
  in_every_order([] {
    for (const int capacity : {0, 2}) {
      const auto channel = make_chan<CopyBreaks>(capacity);
      for (int i = 0; i < capacity; ++i) channel.send(CopyBreaks(i));
      int panics = 0;
      for (int i = 0; i < 5; ++i) {
        go([&] {
          panic_of([&] { channel.send(CopyBreaks(100)); });
          ++panics;
        });
      }
      until_others_park();
      EXPECT_EQ(CopyBreaks::alive, capacity + 5);

      channel.close();
      until_others_park();

      EXPECT_EQ(panics, 5);
      EXPECT_EQ(CopyBreaks::alive, capacity);
      for (int i = 0; i < capacity; ++i) EXPECT_EQ(channel.recv()->number, i);
      EXPECT_FALSE(channel.recv().has_value());
    }
    EXPECT_EQ(CopyBreaks::alive, 0);
  });
}

TEST(ChanClose, ASenderWhoseValueWasTakenHasSentItThoughTheChannelIsClosedNow) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    bool sent = false;
    go([&] {
      channel.send(1);
      sent = true;
    });
    until_others_park();
    EXPECT_EQ(channel.recv(), 1);
    channel.close();  // before the sender runs again
    until_others_park();
    EXPECT_TRUE(sent);
  });
}

TEST(ChanClose, AReceiverThatWasGivenAValueHasItThoughTheChannelIsClosedNow) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    std::optional<int> got;
    go([&] { got = channel.recv(); });
    until_others_park();
    channel.send(1);
    channel.close();  // before the receiver runs again
    until_others_park();
    EXPECT_EQ(got, 1);
  });
}

TEST(ChanClose, AMistakeChangesNothing) {
  run([] {
    const auto channel = make_chan<int>(3);
    channel.send(1);
    channel.close();
    panic_of([&] { channel.close(); });
    panic_of([&] { channel.send(2); });
    panic_of([&] { (void)channel.try_send(2); });
    panic_of([&] {
      const int two = 2;
      (void)channel.try_send(two);
    });
    EXPECT_EQ(channel.len(), 1u);
    EXPECT_EQ(channel.recv(), 1);
    EXPECT_EQ(channel.recv(), std::nullopt);
  });
}

// --- range-for

TEST(ChanRange, EndsWhenTheChannelIsClosedAndDrained) {
  in_every_order([] {
    const auto channel = make_chan<int>(2);
    go([channel] {
      for (const int value : {1, 2, 3, 4}) channel.send(value);
      channel.close();
    });
    std::vector<int> got;
    for (const int value : channel) got.push_back(value);
    EXPECT_THAT(got, ElementsAre(1, 2, 3, 4));
    for (const int value : channel) ADD_FAILURE() << value << " came after the end";
  });
}

TEST(ChanRange, TakesNoMoreThanItGives) {
  run([] {
    const auto channel = make_chan<int>(5);
    for (int i = 0; i < 5; ++i) channel.send(i);
    for (const int value : channel) {
      if (value == 2) break;
    }
    EXPECT_EQ(channel.len(), 2u);
    EXPECT_EQ(channel.recv(), 3);
  });
}

TEST(ChanRange, GivesValuesThatCanOnlyBeMoved) {
  run([] {
    const auto channel = make_chan<std::unique_ptr<int>>(3);
    for (int i = 0; i < 3; ++i) channel.send(std::make_unique<int>(i));
    channel.close();
    std::vector<std::unique_ptr<int>> got;
    for (std::unique_ptr<int>& value : channel) got.push_back(std::move(value));
    ASSERT_EQ(got.size(), 3u);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(*got[static_cast<std::size_t>(i)], i);
  });
}

TEST(ChanRange, KeepsAChannelThatHasNoOtherHandle) {
  in_every_order([] {
    const auto counting = [] {
      const auto channel = make_chan<int>();
      go([channel] {
        for (int i = 0; i < 3; ++i) channel.send(i);
        channel.close();
      });
      return RecvChan<int>(channel);
    };
    int sum = 0;
    for (const int value : counting()) sum += value;
    EXPECT_EQ(sum, 3);
  });
}

// --- nil

TEST(ChanNil, IsWhatADefaultHandleIs) {
  const Chan<int> nil;
  EXPECT_FALSE(nil);
  EXPECT_FALSE(SendChan<int>());
  EXPECT_FALSE(RecvChan<int>());
  EXPECT_EQ(nil, Chan<int>());
  EXPECT_EQ(nil.len(), 0u);
  EXPECT_EQ(nil.cap(), 0u);
  EXPECT_FALSE(nil.try_send(1));
  const int two = 2;
  EXPECT_FALSE(nil.try_send(two));
  EXPECT_FALSE(nil.try_recv());
  EXPECT_FALSE(nil.try_recv().closed);
}

TEST(ChanNil, SendAndRecvParkForEver) {
  int passed = 0;
  in_every_order([&] {
    go([&] {
      Chan<int>().send(1);
      ++passed;
    });
    go([&] {
      Chan<int>().recv();
      ++passed;
    });
    go([&] {
      for (const int value : Chan<int>()) passed += 1 + value;
      ++passed;
    });
    sleep_for(std::chrono::hours(1000));
    EXPECT_EQ(num_goroutines(), 4u);
  });
  EXPECT_EQ(passed, 0);
}

// --- the two ends

TEST(ChanEnds, AreTheSameChannel) {
  in_every_order([] {
    const auto channel = make_chan<int>(2);
    const SendChan<int> in = channel;
    const RecvChan<int> out = channel;
    EXPECT_EQ(in, SendChan<int>(channel));
    EXPECT_EQ(out, RecvChan<int>(channel));
    EXPECT_TRUE(in);
    EXPECT_TRUE(out);
    in.send(1);
    EXPECT_TRUE(in.try_send(2));
    const int three = 3;
    EXPECT_FALSE(in.try_send(three));
    EXPECT_EQ(in.len(), 2u);
    EXPECT_EQ(out.len(), 2u);
    EXPECT_EQ(in.cap(), 2u);
    EXPECT_EQ(out.cap(), 2u);
    EXPECT_EQ(out.recv(), 1);
    EXPECT_EQ(out.try_recv().value, 2);
    in.send(4);
    in.close();
    for (const int value : out) EXPECT_EQ(value, 4);
    EXPECT_TRUE(out.try_recv().closed);
  });
}

TEST(ChanEnds, ServeTheSidesOfASelect) {
  in_every_order([] {
    const auto channel = make_chan<int>(1);
    const SendChan<int> in = channel;
    const RecvChan<int> out = channel;
    int got = 0;
    EXPECT_EQ(select(recv(out, got), send(in, 5)), 1);
    EXPECT_EQ(select(recv(out, got), send(in, 6)), 0);
    EXPECT_EQ(got, 5);
  });
}

}  // namespace
}  // namespace conclave
