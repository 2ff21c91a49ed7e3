// chan.hpp: what can travel, law 7 (copies and moves that throw), capacities, and use outside run().
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Sends `first` and `second` through channels with and without a buffer and hands what arrives to `check`.
template <class T, class Check>
void travel(const std::function<T(int)>& make, const Check& check) {
  in_every_order(
      [&] {
        for (const int capacity : {0, 1, 2}) {
          const auto channel = make_chan<T>(capacity);
          go([&] {
            channel.send(make(1));
            channel.send(make(2));
            channel.close();
          });
          check(channel.recv(), 1);
          check(channel.recv(), 2);
          EXPECT_FALSE(channel.recv().has_value());
          EXPECT_FALSE(channel.try_recv().value.has_value());
        }
      },
      2);
}

TEST(ChanValues, MoveOnly) {
  travel<std::unique_ptr<int>>([](int i) { return std::make_unique<int>(i); },
                               [](const auto& got, int i) {
                                 ASSERT_TRUE(got.has_value());
                                 EXPECT_EQ(**got, i);
                               });
}

TEST(ChanValues, NeitherMadeFromNothingNorAssigned) {
  travel<CopyBreaks>([](int i) { return CopyBreaks(i); },
                     [](const auto& got, int i) {
                       ASSERT_TRUE(got.has_value());
                       EXPECT_EQ(got->number, i);
                     });
  EXPECT_EQ(CopyBreaks::copied, 0) << "what is given away is moved all the way";
  EXPECT_EQ(CopyBreaks::alive, 0);
}

TEST(ChanValues, MoveMayThrow) {
  travel<MoveBreaks>([](int i) { return MoveBreaks(i); },
                     [](const auto& got, int i) {
                       ASSERT_TRUE(got.has_value());
                       EXPECT_EQ(got->number, i);
                     });
  EXPECT_EQ(MoveBreaks::copied, 0);
  EXPECT_EQ(MoveBreaks::alive, 0);
}

TEST(ChanValues, LargeAndAligned) {
  struct alignas(128) Page {
    std::array<std::uint64_t, 512> words{};
    std::unique_ptr<int> owned;
  };
  travel<Page>(
      [](int i) {
        Page page;
        page.words.fill(static_cast<std::uint64_t>(i));
        return page;
      },
      [](const auto& got, int i) {
        ASSERT_TRUE(got.has_value());
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&*got) % 128, 0u);
        for (const std::uint64_t word : got->words) EXPECT_EQ(word, static_cast<std::uint64_t>(i));
      });
}

TEST(ChanValues, Channels) {
  in_every_order([] {
    const auto requests = make_chan<Chan<int>>();
    go([requests] {
      for (const Chan<int>& reply : requests) reply.send(42);
    });
    const auto reply = make_chan<int>();
    requests.send(reply);
    EXPECT_EQ(reply.recv(), 42);
    requests.close();
  });
}

/// A request that says where to ask further: it names channels of its own type before it is complete.
struct Request {
  int number = 0;
  SendChan<Request> next;
};

TEST(ChanValues, ThatCarryChannelsOfTheirOwnType) {
  in_every_order([] {
    const auto asked = make_chan<Request>();
    const auto further = make_chan<Request>(1);
    go([asked] {
      for (const Request& request : asked) request.next.send({request.number + 1, {}});
    });
    asked.send({1, further});
    EXPECT_EQ(further.recv()->number, 2);
    asked.close();
  });
}

TEST(ChanValues, OptionalsBoolsAndSignals) {
  run([] {
    const auto optionals = make_chan<std::optional<int>>(2);
    optionals.send(std::nullopt);
    optionals.send(3);
    const std::optional<std::optional<int>> nothing = optionals.recv();
    ASSERT_TRUE(nothing.has_value()) << "a value that is an empty optional";
    EXPECT_FALSE(nothing->has_value());
    EXPECT_EQ(*optionals.recv(), 3);

    const auto bools = make_chan<bool>(3);
    for (const bool bit : {true, false, true}) bools.send(bit);
    EXPECT_EQ(bools.recv(), true);
    EXPECT_EQ(bools.recv(), false);
    EXPECT_EQ(bools.recv(), true);

    const auto signals = make_chan<Signal>(1);
    signals.send({});
    EXPECT_EQ(signals.recv(), Signal{});
  });
}

/// A smart pointer of the kind that gives away its inside: its & is not its address.
struct Handle {
  int before;
  int number;
  int* operator&() { return &number; }  // NOLINT(google-runtime-operator): that is the point
};

TEST(ChanValues, WhoseAddressOperatorIsTheirOwn) {
  struct Padded : Handle {
    std::array<int, 8> more{};
  };
  in_every_order([] {
    const auto channel = make_chan<Padded>();
    go([channel] { channel.send(Padded{{0, 1}, {2}}); });
    until_others_park();
    const auto got = channel.recv();
    EXPECT_EQ(got->number, 1);
    EXPECT_EQ(got->more[0], 2);
  });
}

TEST(ChanValues, WhatWasNeverReceivedIsDestroyedWithTheChannel) {
  run([] {
    {
      const auto channel = make_chan<CopyBreaks>(5);
      for (int i = 0; i < 4; ++i) channel.send(CopyBreaks(i));
      channel.recv();
      channel.close();
      const auto boxed = make_chan<MoveBreaks>(5);
      for (int i = 0; i < 4; ++i) boxed.send(MoveBreaks(i));
      EXPECT_EQ(CopyBreaks::alive, 3);
      EXPECT_EQ(MoveBreaks::alive, 4);
    }
    EXPECT_EQ(CopyBreaks::alive, 0);
    EXPECT_EQ(MoveBreaks::alive, 0);
  });
}

TEST(ChanValues, NothingIsCopiedForASendThatCannotPass) {
  run([] {
    const auto channel = make_chan<CopyBreaks>();
    const CopyBreaks value(1);
    EXPECT_FALSE(channel.try_send(value));
    EXPECT_EQ(CopyBreaks::copied, 0);
  });
}

// --- law 7

TEST(ChanValues, ACopyThatThrowsSendsNothing) {
  in_every_order([] {
    for (const int capacity : {0, 1}) {
      const auto channel = make_chan<CopyBreaks>(capacity);
      int got = 0;
      go([&] { got = channel.recv()->number; });
      until_others_park();
      CopyBreaks::copies_throw = true;
      const CopyBreaks value(1);

      EXPECT_TRUE(breaks([&] { channel.send(value); }));
      EXPECT_TRUE(breaks([&] { (void)channel.try_send(value); }));
      EXPECT_TRUE(breaks([&] { select(send(channel, value), otherwise()); }));

      CopyBreaks::copies_throw = false;
      until_others_park();
      EXPECT_EQ(channel.len(), 0u);
      EXPECT_EQ(got, 0) << "the receiver still waits";
      channel.send(CopyBreaks(2));
      until_others_park();
      EXPECT_EQ(got, 2);
    }
    EXPECT_EQ(CopyBreaks::alive, 0);
  });
}

TEST(ChanValues, AMoveThatThrowsInASendSendsNothing) {
  in_every_order([] {
    for (const int capacity : {0, 1}) {
      const auto channel = make_chan<MoveBreaks>(capacity);
      int got = 0;
      go([&] { got = channel.recv()->number; });
      until_others_park();
      MoveBreaks value(1);
      MoveBreaks::moves_throw = true;

      EXPECT_TRUE(breaks([&] { channel.send(std::move(value)); }));
      EXPECT_TRUE(breaks([&] { (void)channel.try_send(std::move(value)); }));
      EXPECT_TRUE(breaks([&] { select(send(channel, std::move(value)), otherwise()); }));

      MoveBreaks::moves_throw = false;
      until_others_park();
      EXPECT_EQ(channel.len(), 0u);
      EXPECT_EQ(got, 0) << "the receiver still waits";
      EXPECT_EQ(value.number, 1);
      channel.send(MoveBreaks(2));
      until_others_park();
      EXPECT_EQ(got, 2);
    }
    EXPECT_EQ(MoveBreaks::alive, 0);
  });
}

/// Each way to receive from a channel of MoveBreaks.
const std::vector<std::function<void(const Chan<MoveBreaks>&)>> kWaysToReceive = {
    [](const auto& channel) { (void)channel.recv(); },
    [](const auto& channel) { (void)channel.try_recv(); },
    [](const auto& channel) {
      for (MoveBreaks& value : channel) {
        ADD_FAILURE() << "received " << value.number;
        break;
      }
    },
    [](const auto& channel) { select(recv(channel, [](const std::optional<MoveBreaks>&) {})); },
    [](const auto& channel) {
      std::optional<MoveBreaks> value;
      select(recv(channel, value), recv(Chan<int>()));
    },
};

TEST(ChanValues, AMoveThatThrowsInAReceiveHasTakenTheValueAndDestroysIt) {
  in_every_order([] {
    for (const int capacity : {0, 2}) {
      for (const auto& receive : kWaysToReceive) {
        const auto channel = make_chan<MoveBreaks>(capacity);
        int sent = 0;
        go([&] {
          for (int i = 1; i <= 3; ++i) {
            channel.send(MoveBreaks(i));
            ++sent;
          }
          channel.close();
        });
        until_others_park();
        MoveBreaks::moves_throw = true;

        EXPECT_TRUE(breaks([&] { receive(channel); }));

        MoveBreaks::moves_throw = false;
        until_others_park();
        EXPECT_EQ(sent, capacity == 0 ? 1 : 3) << "its sender has sent it";
        EXPECT_EQ(channel.recv()->number, 2);
        EXPECT_EQ(channel.recv()->number, 3);
        EXPECT_FALSE(channel.recv().has_value());
        EXPECT_EQ(MoveBreaks::alive, 0);
      }
    }
  });
}

TEST(ChanValues, AReceiverWhoseMoveThrowsAfterWaitingBreaksAlone) {
  in_every_order([] {
    for (const auto& receive : kWaysToReceive) {
      const auto channel = make_chan<MoveBreaks>();
      bool broke = false;
      if (&receive == &kWaysToReceive[1]) continue;  // try_recv does not wait
      go([&] {
        broke = breaks([&] { receive(channel); });
        MoveBreaks::moves_throw = false;
      });
      until_others_park();
      channel.send(MoveBreaks(1));
      MoveBreaks::moves_throw = true;  // before the receiver runs
      until_others_park();
      EXPECT_TRUE(broke);
      EXPECT_EQ(MoveBreaks::alive, 0);
      EXPECT_FALSE(channel.try_recv());
      EXPECT_FALSE(channel.try_send(MoveBreaks(2)));
    }
  });
}

TEST(ChanValues, AValueThatBrokeDoesNotComeOutOfTheSameListLater) {
  run([] {
    const auto channel = make_chan<MoveBreaks>(1);
    bool got_value = false;
    std::vector<SelectCase> cases;
    cases.emplace_back(recv(
        channel, [&](const std::optional<MoveBreaks>& value) { got_value = value.has_value(); }));
    channel.send(MoveBreaks(1));
    MoveBreaks::moves_throw = true;
    EXPECT_TRUE(breaks([&] { select(cases); }));
    MoveBreaks::moves_throw = false;
    EXPECT_EQ(MoveBreaks::alive, 0) << "it destroys the value";

    channel.close();
    EXPECT_EQ(select(cases), 0);

    EXPECT_FALSE(got_value) << "the channel is closed and drained";
  });
}

// --- capacities

TEST(ChanBadInput, ACapacityBelowZeroPanics) {
  for (const std::ptrdiff_t capacity :
       {std::ptrdiff_t{-1}, std::numeric_limits<std::ptrdiff_t>::min()}) {
    const int line = __LINE__ + 1;
    const Panic panic = panic_of([&] { (void)make_chan<int>(capacity); });
    EXPECT_THAT(panic.message(), HasSubstr(std::to_string(capacity)));
    EXPECT_THAT(panic.what(), HasSubstr(place_in(__FILE__, line)));
  }
}

TEST(ChanBadInput, ACapacityThatNoAddressCanReachPanics) {
  constexpr std::ptrdiff_t kMax = std::numeric_limits<std::ptrdiff_t>::max();
  const Panic panic = panic_of([] { (void)make_chan<std::uint64_t>(kMax); });
  EXPECT_THAT(panic.message(), AllOf(HasSubstr(std::to_string(kMax)), HasSubstr("8 bytes")));
  panic_of([] { (void)make_chan<std::uint64_t>(kMax / 8 + 1); });
  panic_of([] { (void)make_chan<MoveBreaks>(kMax); });
}

TEST(ChanBadInput, ACapacityThatNoMemoryCanHoldPanics) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer ends the program at such an allocation";
  constexpr std::ptrdiff_t kMax = std::numeric_limits<std::ptrdiff_t>::max();
  for (const std::ptrdiff_t capacity : {kMax / 8, std::ptrdiff_t{1} << 58}) {
    const int line = __LINE__ + 1;
    const Panic panic = panic_of([&] { (void)make_chan<std::uint64_t>(capacity); });
    EXPECT_THAT(panic.message(), AllOf(HasSubstr("memory"), HasSubstr(std::to_string(capacity))));
    EXPECT_THAT(panic.what(), HasSubstr(place_in(__FILE__, line)));
  }
}

// --- outside run()

TEST(ChanOutsideRun, WhatDoesNotParkWorks) {
  const auto channel = make_chan<int>(2);
  channel.send(1);
  EXPECT_TRUE(channel.try_send(2));
  EXPECT_FALSE(channel.try_send(3));
  EXPECT_EQ(channel.len(), 2u);
  EXPECT_EQ(channel.recv(), 1);
  channel.close();
  EXPECT_EQ(channel.try_recv().value, 2);
  EXPECT_EQ(channel.recv(), std::nullopt);
  for (const int value : channel) ADD_FAILURE() << value;
  panic_of([&] { channel.close(); });
  panic_of([&] { channel.send(1); });
}

TEST(ChanOutsideRun, WhatWouldParkPanicsAtItsPlaceAndChangesNothing) {
  const auto channel = make_chan<int>();
  const auto full = make_chan<int>(1);
  full.send(1);
  const Chan<int> nil;
  const auto expect_panic = [](const std::function<void()>& call) {
    const Panic panic = panic_of(call);
    EXPECT_THAT(panic.message(), HasSubstr("run"));
    EXPECT_THAT(panic.what(), HasSubstr("chan_values_test.cpp:"));
  };
  expect_panic([&] { channel.send(1); });
  expect_panic([&] { (void)channel.recv(); });
  expect_panic([&] { (void)channel.begin(); });
  expect_panic([&] { full.send(2); });
  expect_panic([&] { nil.send(1); });
  expect_panic([&] { (void)nil.recv(); });

  EXPECT_FALSE(channel.try_send(1)) << "no receiver was left behind";
  EXPECT_FALSE(channel.try_recv()) << "no sender was left behind";
  EXPECT_EQ(full.recv(), 1);
  EXPECT_FALSE(full.try_recv());
}

TEST(ChanOutsideRun, AChannelOutlivesARun) {
  const auto channel = make_chan<int>(1);
  run([&] { channel.send(1); });
  EXPECT_EQ(channel.recv(), 1);
  run([&] {
    go([&] { channel.send(2); });
    EXPECT_EQ(channel.recv(), 2);
  });
  EXPECT_FALSE(channel.try_recv());
}

}  // namespace
}  // namespace conclave
