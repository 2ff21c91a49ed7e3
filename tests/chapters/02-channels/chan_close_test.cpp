// chan.hpp, laws 4 to 6: the end of a channel, range-for, nil, and the two ends.
#include <memory>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

using testing::ElementsAre;

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
