// The programs of Go's test/chan/*.go, as tests of ours.  conformance.md says which is which.
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

using testing::ElementsAreArray;

// --- fifo.go

TEST(GoChan, ABufferIsAQueue) {
  run([] {
    const auto channel = make_chan<int>(10);
    for (int i = 0; i < 10; ++i) channel.send(i);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(channel.recv(), i);
  });
}

TEST(GoChan, ADaisyChainReceivesInSequence) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    const auto start = make_chan<Signal>();
    auto in = start;
    for (int i = 0; i < 10; ++i) {
      const auto out = make_chan<Signal>();
      go([=] {
        in.recv();
        EXPECT_EQ(channel.recv(), i);
        out.send({});
      });
      in = out;
    }
    start.send({});
    for (int i = 0; i < 10; ++i) channel.send(i);
    in.recv();
  });
}

// --- goroutines.go

TEST(GoChan, AChainOfTenThousandGoroutinesHandsAValueOn) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  const auto chain = [] {
    const auto leftmost = make_chan<int>();
    auto left = leftmost;
    for (int i = 0; i < 10'000; ++i) {
      const auto right = make_chan<int>();
      go([left, right] { left.send(*right.recv()); });
      left = right;
    }
    go([left] { left.send(1); });
    EXPECT_EQ(leftmost.recv(), 1);
  };
  in_virtual_time(chain);
  in_virtual_time(chain, {.order = Order::random, .seed = 1});
}

// --- nonblock.go

/// With and without a buffer: a try fails, meets a waiting receiver, and meets a waiting sender.
template <class T>
void try_with(const T& one, const T& other) {
  in_every_order([&] {
    for (const int capacity : {0, 1}) {
      const auto channel = make_chan<T>(capacity);
      EXPECT_FALSE(channel.try_recv());
      EXPECT_EQ(channel.try_send(one), capacity == 1);
      EXPECT_FALSE(channel.try_send(one));
      EXPECT_EQ(static_cast<bool>(channel.try_recv()), capacity == 1);

      std::optional<T> got;
      go([&] { got = channel.recv(); });
      until_others_park();
      EXPECT_TRUE(channel.try_send(one));
      until_others_park();
      EXPECT_EQ(got, one);

      go([&] { channel.send(other); });
      until_others_park();
      EXPECT_EQ(channel.try_recv().value, other);
      EXPECT_FALSE(channel.try_recv());
    }
  });
}

TEST(GoChan, TriesOfEverySize) {
  try_with<std::int32_t>(123, 234);
  try_with<std::int64_t>(123'456, 234'567);
  try_with<bool>(true, false);
  try_with<std::string>("hello", "hello again");
  try_with<std::array<int, 100>>({1, 2}, {3});
}

// --- perm.go: what the compiler lets pass

template <class C>
concept CanSend = requires(const C& c) { c.send(0); };
template <class C>
concept CanTrySend = requires(const C& c) { (void)c.try_send(0); };
template <class C>
concept CanReceive = requires(const C& c) { c.recv(); };
template <class C>
concept CanTryReceive = requires(const C& c) { (void)c.try_recv(); };
template <class C>
concept CanClose = requires(const C& c) { c.close(); };
template <class C>
concept CanRange = requires(const C& c) { (void)c.begin(); };
template <class C>
concept CanSelectSend = requires(const C& c) { (void)send(c, 0); };
template <class C>
concept CanSelectReceive = requires(const C& c, int& x, bool& ok) {
  (void)recv(c);
  (void)recv(c, x);
  (void)recv(c, x, ok);
};

using Both = Chan<int>;
using In = SendChan<int>;
using Out = RecvChan<int>;

// What cannot travel, and what is no case.
template <class T>
concept Travels = requires { typename Chan<T>; };
template <class... Cases>
concept Selects = requires(Cases&&... cases) { select(std::forward<Cases>(cases)...); };

TEST(GoChan, AnEndConvertsToNothing) {
  EXPECT_TRUE((std::is_convertible_v<Both, In> && std::is_convertible_v<Both, Out>));
  EXPECT_FALSE((std::is_convertible_v<In, Both> || std::is_convertible_v<Out, Both>));
  EXPECT_FALSE((std::is_convertible_v<In, Out> || std::is_convertible_v<Out, In>));
  EXPECT_FALSE((std::is_constructible_v<Both, In> || std::is_constructible_v<Both, Out>));
  EXPECT_FALSE(
      (std::is_convertible_v<Both, Chan<long>> || std::is_convertible_v<Both, SendChan<long>>));
}

TEST(GoChan, AnEndCanDoWhatItSaysAndNoMore) {
  EXPECT_TRUE(CanSend<Both> && CanSend<In> && !CanSend<Out>);
  EXPECT_TRUE(CanTrySend<Both> && CanTrySend<In> && !CanTrySend<Out>);
  EXPECT_TRUE(CanReceive<Both> && !CanReceive<In> && CanReceive<Out>);
  EXPECT_TRUE(CanTryReceive<Both> && !CanTryReceive<In> && CanTryReceive<Out>);
  EXPECT_TRUE(CanClose<Both> && CanClose<In> && !CanClose<Out>);
  EXPECT_TRUE(CanRange<Both> && !CanRange<In> && CanRange<Out>);
  EXPECT_TRUE(CanSelectSend<Both> && CanSelectSend<In> && !CanSelectSend<Out>);
  EXPECT_TRUE(CanSelectReceive<Both> && !CanSelectReceive<In> && CanSelectReceive<Out>);
  EXPECT_FALSE(CanSelectSend<int> || CanSelectReceive<std::vector<int>>);
}

TEST(GoChan, WhatIsNoChannelAndNoCaseDoesNotCompile) {
  EXPECT_TRUE(Travels<int> && Travels<std::unique_ptr<int>> && Travels<CopyBreaks>);
  EXPECT_FALSE(Travels<const int> || Travels<int&> || Travels<void> || Travels<int()>);
  EXPECT_TRUE((Selects<decltype(recv(Both())), decltype(otherwise())>));
  EXPECT_FALSE((Selects<int> || Selects<Both> || Selects<decltype(recv(Both())), int>));
}

// --- sendstmt.go

TEST(GoChan, AChannelOfChannels) {
  run([] {
    const auto channels = make_chan<Chan<int>>(1);
    const auto channel = make_chan<int>(1);
    channels.send(channel);
    EXPECT_EQ(select(send(*channels.recv(), 2), otherwise()), 0);
    EXPECT_EQ(channel.recv(), 2);
  });
}

// --- zerosize.go

TEST(GoChan, AValueMayBeEmpty) {
  struct Nothing {};
  run([] {
    for (const int capacity : {0, 1, 100}) {
      const auto channel = make_chan<Nothing>(capacity);
      for (int i = 0; i < capacity; ++i) EXPECT_TRUE(channel.try_send(Nothing()));
      EXPECT_FALSE(channel.try_send(Nothing()));
      EXPECT_EQ(channel.len(), static_cast<std::size_t>(capacity));
      for (int i = 0; i < capacity; ++i) EXPECT_TRUE(channel.try_recv());
      EXPECT_FALSE(channel.try_recv());
    }
  });
}

// --- closedchan.go and chancap.go, which lie one folder higher

TEST(GoChan, AClosedChannelInEveryPhrase) {
  run([] {
    for (const int capacity : {0, 2}) {
      const auto channel = make_chan<int>(capacity);
      if (capacity != 0) channel.send(1);
      channel.close();
      int value = 9;
      bool ok = false;
      if (capacity != 0) {
        EXPECT_EQ(select(recv(channel, value, ok), otherwise()), 0);
        EXPECT_TRUE(ok);
        EXPECT_EQ(value, 1);
      }
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(channel.recv(), std::nullopt);
        EXPECT_TRUE(channel.try_recv().closed);
        EXPECT_EQ(select(recv(channel, value, ok)), 0);
        EXPECT_FALSE(ok);
        EXPECT_EQ(select(recv(channel, value, ok), otherwise()), 0);
        EXPECT_EQ(select(recv(make_chan<int>()), recv(channel, value, ok)), 1);
        EXPECT_EQ(value, 0);
      }
      panic_of([&] { channel.send(2); });
      panic_of([&] { (void)channel.try_send(2); });
      panic_of([&] { select(send(channel, 2)); });
      panic_of([&] { select(send(make_chan<int>(), 3), send(channel, 2)); });
      panic_of([&] { channel.close(); });
    }
  });
}

TEST(GoChan, CapacitiesThatMakeNoSensePanic) {
  EXPECT_EQ(Chan<int>().cap(), 0u);
  EXPECT_EQ(make_chan<int>(10).cap(), 10u);
  panic_of([] { (void)make_chan<int>(-1); });
  panic_of([] { (void)make_chan<std::array<char, 1024>>(PTRDIFF_MAX / 8); });
}

// --- sieve1.go

RecvChan<int> counting_from(int first, int step, int capacity = 0) {
  const auto out = make_chan<int>(capacity);
  go([=] {
    for (int n = first;; n += step) out.send(n);
  });
  return out;
}

constexpr int kPrimes[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41,
                           43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97};

TEST(GoPrograms, ASieveOfFilters) {
  in_every_order([] {
    std::vector<int> primes;
    RecvChan<int> numbers = counting_from(2, 1);
    while (primes.size() < std::size(kPrimes)) {
      const int prime = *numbers.recv();
      primes.push_back(prime);
      const auto rest = make_chan<int>();
      go([=] {
        for (const int n : numbers) {
          if (n % prime != 0) rest.send(n);
        }
      });
      numbers = rest;
    }
    EXPECT_THAT(primes, ElementsAreArray(kPrimes));
  });
}

// --- sieve2.go

/// A channel that never is full: a goroutine keeps what the receiver has not asked for.
SendChan<int> without_bound(const SendChan<int>& out) {
  const auto in = make_chan<int>(10);
  go([=] {
    std::deque<int> kept;
    for (;;) {
      const bool any = !kept.empty();
      int value = 0;
      if (select(recv(in, value), send(any ? out : SendChan<int>(), any ? kept.front() : 0)) == 0) {
        kept.push_back(value);
      } else {
        kept.pop_front();
      }
    }
  });
  return in;
}

/// The odd composites in order, each perhaps more than once, merged from the multiples of the primes that come.
RecvChan<int> composites_of(const RecvChan<int>& primes) {
  const auto out = make_chan<int>(50);
  go([=] {
    using Head = std::pair<int, RecvChan<int>>;
    const auto later = [](const Head& left, const Head& right) { return left.first > right.first; };
    std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
    const auto add = [&] {
      const int prime = *primes.recv();
      const auto multiples = counting_from(prime * prime, 2 * prime, 10);
      heads.emplace(*multiples.recv(), multiples);
      return prime * prime;
    };
    int newest = add();
    for (;;) {
      while (heads.top().first > newest) newest = add();  // the next prime may have smaller ones
      const auto [least, of_least] = heads.top();
      heads.pop();
      heads.emplace(*of_least.recv(), of_least);
      out.send(least);
    }
  });
  return out;
}

TEST(GoPrograms, ASieveOfMergedMultiplesThatFeedsItself) {
  in_every_order([] {
    const auto found = make_chan<int>(10);
    found.send(3);
    const auto composites = composites_of(found);
    const auto out = make_chan<int>(10);
    go([=] {
      const SendChan<int> back = without_bound(found);
      out.send(2);
      out.send(3);
      int composite = *composites.recv();
      for (const int candidate : counting_from(5, 2, 50)) {
        while (composite < candidate) composite = *composites.recv();
        if (composite == candidate) continue;
        back.send(candidate);
        out.send(candidate);
      }
    });
    std::vector<int> primes;
    while (primes.size() < std::size(kPrimes)) primes.push_back(*out.recv());
    EXPECT_THAT(primes, ElementsAreArray(kPrimes));
  });
}

// --- select2.go: a hundred thousand selects need no memory of their own (see also SelectAllocation)

TEST(GoPrograms, AHundredThousandSelectsLeaveNothingInTheQueues) {
  run([] {
    const auto channel = make_chan<int>();
    const auto dummy = make_chan<int>();
    go([&] {
      for (int i = 0; i < 100'000; ++i) channel.send(1);
    });
    for (int i = 0; i < 100'000; ++i) EXPECT_EQ(select(recv(channel), recv(dummy)), 0);
    EXPECT_FALSE(dummy.try_send(1));
    EXPECT_FALSE(channel.try_send(1));
  });
}

}  // namespace
}  // namespace conclave
