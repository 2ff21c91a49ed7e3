// chan.hpp, laws 1 to 3: order, length, who is served first, and what does not park.
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

}  // namespace
}  // namespace conclave
