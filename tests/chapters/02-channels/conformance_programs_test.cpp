// The programs of Go's test/chan/*.go, as tests of ours.  conformance.md says which is which.
#include <array>
#include <cstdint>
#include <deque>
#include <numeric>
#include <queue>
#include <string>
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

static_assert(std::is_convertible_v<Both, In> && std::is_convertible_v<Both, Out>);
static_assert(!std::is_convertible_v<In, Both> && !std::is_convertible_v<Out, Both>);
static_assert(!std::is_convertible_v<In, Out> && !std::is_convertible_v<Out, In>);
static_assert(!std::is_constructible_v<Both, In> && !std::is_constructible_v<Both, Out>);
static_assert(!std::is_convertible_v<Both, Chan<long>> &&
              !std::is_convertible_v<Both, SendChan<long>>);
static_assert(CanSend<Both> && CanSend<In> && !CanSend<Out>);
static_assert(CanTrySend<Both> && CanTrySend<In> && !CanTrySend<Out>);
static_assert(CanReceive<Both> && !CanReceive<In> && CanReceive<Out>);
static_assert(CanTryReceive<Both> && !CanTryReceive<In> && CanTryReceive<Out>);
static_assert(CanClose<Both> && CanClose<In> && !CanClose<Out>);
static_assert(CanRange<Both> && !CanRange<In> && CanRange<Out>);
static_assert(CanSelectSend<Both> && CanSelectSend<In> && !CanSelectSend<Out>);
static_assert(CanSelectReceive<Both> && !CanSelectReceive<In> && CanSelectReceive<Out>);
static_assert(!CanSelectSend<int> && !CanSelectReceive<std::vector<int>>);

// What cannot travel, and what is no case.
template <class T>
concept Travels = requires { typename Chan<T>; };
static_assert(Travels<int> && Travels<std::unique_ptr<int>> && Travels<CopyBreaks>);
static_assert(!Travels<const int> && !Travels<int&> && !Travels<void> && !Travels<int()>);
template <class... Cases>
concept Selects = requires(Cases&&... cases) { select(std::forward<Cases>(cases)...); };
static_assert(Selects<decltype(recv(Both())), decltype(otherwise())>);
static_assert(!Selects<int> && !Selects<Both> && !Selects<decltype(recv(Both())), int>);

TEST(GoChan, AnEndCanDoWhatItSaysAndNoMore) {
  SUCCEED() << "what may be said is checked where this is compiled";
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

// --- powser1.go and powser2.go: power series as demand channels (McIlroy, "Squinting at Power Series")

/// A fraction in lowest terms.
struct Rational {
  std::int64_t above = 0;
  std::int64_t below = 1;

  friend bool operator==(const Rational&, const Rational&) = default;
};

Rational lowest(std::int64_t above, std::int64_t below) {
  const std::int64_t common = std::gcd(above, below) * (below < 0 ? -1 : 1);
  return {above / common, below / common};
}
Rational operator+(const Rational& left, const Rational& right) {
  return lowest(left.above * right.below + right.above * left.below, left.below * right.below);
}
Rational operator*(const Rational& left, const Rational& right) {
  const Rational one = lowest(left.above, right.below);
  const Rational other = lowest(right.above, left.below);
  return {one.above * other.above, one.below * other.below};
}

/// A series: whoever wants its next coefficient asks, and then receives it.
struct Series {
  Chan<Signal> ask = make_chan<Signal>();
  Chan<Rational> answer = make_chan<Rational>();

  [[nodiscard]] Rational next() const {
    ask.send({});
    return *answer.recv();
  }
  void put(const Rational& coefficient) const {
    ask.recv();
    answer.send(coefficient);
  }
  void follow(const Series& other) const {
    for (;;) {
      ask.recv();
      answer.send(other.next());
    }
  }
};

/// Both next coefficients, asked for at once and received as they come: each case is used once and then nil.
std::pair<Rational, Rational> next_of_both(const Series& first, const Series& second) {
  std::array<Chan<Signal>, 2> ask = {first.ask, second.ask};
  std::array<Chan<Rational>, 2> answer;
  std::pair<Rational, Rational> both;
  for (int i = 0; i < 4; ++i) {
    switch (select(send(ask[0], Signal()), send(ask[1], Signal()), recv(answer[0], both.first),
                   recv(answer[1], both.second))) {
      case 0:
        ask[0] = {};
        answer[0] = first.answer;
        break;
      case 1:
        ask[1] = {};
        answer[1] = second.answer;
        break;
      case 2:
        answer[0] = {};
        break;
      default:
        answer[1] = {};
    }
  }
  return both;
}

Series repeat(const Rational& coefficient) {
  Series out;
  go([=] {
    for (;;) out.put(coefficient);
  });
  return out;
}

Series operator+(const Series& left, const Series& right) {
  Series out;
  go([=] {
    for (;;) {
      out.ask.recv();
      const auto [one, other] = next_of_both(left, right);
      out.answer.send(one + other);
    }
  });
  return out;
}

Series operator*(const Rational& factor, const Series& series) {
  Series out;
  go([=] {
    for (;;) {
      out.ask.recv();
      out.answer.send(factor * series.next());
    }
  });
  return out;
}

/// Two series with the coefficients of one, which may be read at different speeds.
std::array<Series, 2> split(const Series& in) {
  std::array<Series, 2> out;
  go([=] {
    std::array<std::deque<Rational>, 2> kept;
    std::array<bool, 2> asked{};
    bool asking = false;
    for (;;) {
      for (std::size_t i = 0; i < 2; ++i) {
        if (!asked[i] || kept[i].empty()) continue;
        asked[i] = false;
        out[i].answer.send(kept[i].front());
        kept[i].pop_front();
      }
      const bool wanted = !asking && (asked[0] || asked[1]);
      Rational coefficient;
      switch (select(recv(asked[0] ? Chan<Signal>() : out[0].ask),
                     recv(asked[1] ? Chan<Signal>() : out[1].ask),
                     send(wanted ? in.ask : Chan<Signal>(), Signal()),
                     recv(asking ? in.answer : Chan<Rational>(), coefficient))) {
        case 0:
          asked[0] = true;
          break;
        case 1:
          asked[1] = true;
          break;
        case 2:
          asking = true;
          break;
        default:
          asking = false;
          for (auto& queue : kept) queue.push_back(coefficient);
      }
    }
  });
  return out;
}

/// (u + xU)(v + xV) = uv + x(uV + vU) + x²UV
Series operator*(const Series& left, const Series& right) {
  Series out;
  go([=] {
    out.ask.recv();
    const auto [u, v] = next_of_both(left, right);
    out.answer.send(u * v);
    const auto rest_of_left = split(left);
    const auto rest_of_right = split(right);
    const Series middle = u * rest_of_right[0] + v * rest_of_left[0];
    out.put(middle.next());
    out.follow(middle + rest_of_left[1] * rest_of_right[1]);
  });
  return out;
}

Series derivative(const Series& series) {
  Series out;
  go([=] {
    out.ask.recv();
    (void)series.next();  // the constant
    for (std::int64_t n = 1;; ++n) {
      out.answer.send(Rational{n, 1} * series.next());
      out.ask.recv();
    }
  });
  return out;
}

Series integral(const Rational& constant, const Series& series) {
  Series out;
  go([=] {
    out.put(constant);
    for (std::int64_t n = 1;; ++n) {
      out.ask.recv();
      out.answer.send(Rational{1, n} * series.next());
    }
  });
  return out;
}

/// series(factor x²)
Series of_square(const Series& series, const Rational& factor) {
  Series out;
  go([=] {
    for (Rational power{1, 1};; power = power * factor) {
      out.ask.recv();
      out.answer.send(power * series.next());
      out.put({0, 1});
    }
  });
  return out;
}

/// Y = e^U is the integral of Y U', which needs Y: the series is fed with its own coefficients.
Series exponential(const Series& series) {
  const Series fed_back;
  const auto both = split(integral({1, 1}, fed_back * derivative(series)));
  go([=] { fed_back.follow(both[0]); });
  return both[1];
}

std::vector<Rational> ten_of(const Series& series) {
  std::vector<Rational> coefficients;
  for (int i = 0; i < 10; ++i) coefficients.push_back(series.next());
  return coefficients;
}

/// What `f` gives for 0 to 9.
template <class F>
std::vector<Rational> ten(const F& f) {
  std::vector<Rational> coefficients;
  for (std::int64_t n = 0; n < 10; ++n) coefficients.push_back(f(n));
  return coefficients;
}

TEST(GoPrograms, PowerSeries) {
  in_every_order(
      [] {
        const Rational one{1, 1};
        const auto ones = [&] { return repeat(one); };
        const auto whole = [](std::int64_t n) { return Rational{n, 1}; };

        EXPECT_EQ(ten_of(ones()), ten([&](auto) { return one; }));
        EXPECT_EQ(ten_of(ones() + repeat({2, 1})), ten([&](auto) { return whole(3); }));
        EXPECT_EQ(ten_of(Rational{-1, 1} * repeat({2, 1})), ten([&](auto) { return whole(-2); }));
        EXPECT_EQ(ten_of(derivative(ones())), ten([&](auto n) { return whole(n + 1); }));
        EXPECT_EQ(ten_of(integral({0, 1}, ones())),
                  ten([](auto n) { return n == 0 ? Rational{0, 1} : Rational{1, n}; }));
        EXPECT_EQ(ten_of(ones() * ones()), ten([&](auto n) { return whole(n + 1); }));
        EXPECT_EQ(ten_of(integral({0, 1}, of_square(ones(), {-1, 1}))),  // the arc tangent
                  ten([](auto n) {
                    return n % 2 == 0 ? Rational{0, 1} : Rational{n % 4 == 1 ? 1 : -1, n};
                  }));
      },
      3);
}

TEST(GoPrograms, APowerSeriesThatIsFedWithItself) {
  in_every_order(
      [] {
        const std::vector<Rational> expected = {
            {1, 1},    {1, 1},      {3, 2},         {13, 6},        {73, 24},
            {167, 40}, {4051, 720}, {37'633, 5040}, {43'817, 4480}, {4'596'553, 362'880}};
        EXPECT_EQ(ten_of(exponential(repeat({1, 1}))), expected);
      },
      3);
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
