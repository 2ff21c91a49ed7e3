// Go's test/chan/powser1.go and powser2.go: power series as demand channels (McIlroy, "Squinting at Power Series").
#include <array>
#include <cstdint>
#include <deque>
#include <numeric>
#include <utility>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

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

}  // namespace
}  // namespace conclave
