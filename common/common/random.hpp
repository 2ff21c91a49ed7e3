/// @file
/// Random numbers that a seed repeats, with a stream of their own for each purpose.
///
/// Laws
///  1. The same seed, names and calls give the same numbers on every compiler and machine.
///  2. A stream is determined by its seed and its name alone: drawing from one never changes another.
///  3. Bounded numbers are unbiased.
///
/// Call from anywhere; one object serves one goroutine at a time, a copy goes its own way.  Not for
/// secrets.
/// Source: xoshiro256** 1.0 and SplitMix64, Blackman and Vigna 2018 (prng.di.unimi.it); bounds by
/// Lemire 2019, "Fast Random Integer Generation in an Interval"; names by FNV-1a (Fowler, Noll, Vo).
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ranges>
#include <string_view>
#include <type_traits>

#include "common/assert.hpp"

namespace conclave {

/// The hash FNV-1a of `text`, 64 bits: the same number everywhere, for short names.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : text) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x00000100000001b3;
  }
  return hash;
}

/// SplitMix64: makes well mixed numbers from any seed, even 0.  It fills the state of the next one.
class SplitMix64 {
 public:
  /// A generator that `seed` determines.
  explicit constexpr SplitMix64(std::uint64_t seed) : state_(seed) {}

  /// The next number.
  constexpr std::uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

 private:
  std::uint64_t state_;
};

/// xoshiro256**: 32 bytes of state, period 2^256 - 1.
class Xoshiro256 {
 public:
  using State = std::array<std::uint64_t, 4>;  ///< Anything but four zeros.

  /// A generator that goes on from `state`.
  /// @pre `state` is not all zero
  explicit constexpr Xoshiro256(const State& state) : state_(state) {
    ensure(state != State{}, "a state is not all zero, since zeros would stay zeros");
  }

  /// The next number.
  constexpr std::uint64_t operator()() {
    auto& [a, b, c, d] = state_;
    const std::uint64_t number = std::rotl(b * 5, 7) * 9;
    const std::uint64_t shifted = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = std::rotl(d, 45);
    return number;
  }

 private:
  State state_;
};

/// A seeded source of random numbers.  40 bytes, no allocation; satisfies
/// std::uniform_random_bit_generator.
///
///     Random random(7);
///     Random order = random.stream("order");   // the same for seed 7, whatever else was drawn
///     if (order.chance(0.1)) order.shuffle(ready);
class Random {
 public:
  using result_type = std::uint64_t;  ///< What a standard generator calls its numbers.

  /// A source that `seed` determines; every seed is as good as any other.
  explicit constexpr Random(std::uint64_t seed) : seed_(seed), generator_(state_of(seed)) {}

  /// A source of its own for one purpose, determined by this one's seed and `name`, not by what was
  /// drawn so far.
  [[nodiscard]] constexpr Random stream(std::string_view name) const {
    return Random(SplitMix64(SplitMix64(seed_)() ^ fnv1a(name))());
  }

  /// The next number, any of 2^64 alike.
  constexpr std::uint64_t operator()() { return generator_(); }
  /// The smallest number of operator().
  static constexpr std::uint64_t min() { return 0; }
  /// The largest.
  static constexpr std::uint64_t max() { return std::numeric_limits<std::uint64_t>::max(); }

  /// One of 0 to `count` - 1, each alike.
  /// @pre `count` is not 0
  [[nodiscard]] constexpr std::uint64_t below(std::uint64_t count) {
    ensure(count != 0, "below(count) has a number to choose, so count is not 0");
    Product product = multiply((*this)(), count);
    if (product.low < count) {
      // 2^64 numbers fall into `count` buckets; the first 2^64 mod count of each are too many.
      const std::uint64_t surplus = (0 - count) % count;
      while (product.low < surplus) product = multiply((*this)(), count);
    }
    return product.high;
  }

  /// One of `first` to `final`, both included, each alike.
  /// @pre first <= final
  template <std::integral Integer>
  [[nodiscard]] constexpr Integer between(Integer first, std::type_identity_t<Integer> final) {
    ensure(first <= final, "between(first, final) has a number to choose (first {}, final {})",
           first, final);
    const std::uint64_t distance =
        static_cast<std::uint64_t>(final) - static_cast<std::uint64_t>(first);
    const std::uint64_t step = distance == max() ? (*this)() : below(distance + 1);
    return static_cast<Integer>(static_cast<std::uint64_t>(first) + step);
  }

  /// True with the given probability; never for 0, always for 1.
  /// @pre `probability` is from 0 to 1
  [[nodiscard]] constexpr bool chance(double probability) {
    ensure(probability >= 0 && probability <= 1, "a probability is from 0 to 1 (it is {})",
           probability);
    const double fraction = static_cast<double>((*this)() >> 11) * 0x1.0p-53;  // from 0, below 1
    return fraction < probability;
  }

  /// Puts the elements into an order of which all are alike (Fisher and Yates).
  template <std::ranges::random_access_range Range>
    requires std::ranges::sized_range<Range>
  constexpr void shuffle(Range&& range) {
    const auto begin = std::ranges::begin(range);
    for (auto left = std::ranges::ssize(range); left > 1; --left) {
      const auto chosen = static_cast<decltype(left)>(below(static_cast<std::uint64_t>(left)));
      std::ranges::iter_swap(begin + (left - 1), begin + chosen);
    }
  }

 private:
  struct Product {
    std::uint64_t high;
    std::uint64_t low;
  };

  static constexpr Product multiply(std::uint64_t left, std::uint64_t right) {
    __extension__ using Wide = unsigned __int128;  // not ISO C++; GCC and Clang have it
    const Wide product = static_cast<Wide>(left) * right;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
  }

  static constexpr Xoshiro256::State state_of(std::uint64_t seed) {
    SplitMix64 mix(seed);
    return {mix(), mix(), mix(), mix()};  // braces: left to right
  }

  std::uint64_t seed_;
  Xoshiro256 generator_;
};

/// A seed that nobody can foretell, from the kernel: for programs, where each run shall be another.
[[nodiscard]] std::uint64_t fresh_seed();

}  // namespace conclave
