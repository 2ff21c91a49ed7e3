#include "common/random.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace conclave {
namespace {

static_assert(std::uniform_random_bit_generator<Random>);
static_assert(std::is_trivially_copyable_v<Random> && sizeof(Random) == 40);

template <class Generator>
std::vector<std::uint64_t> first_numbers(Generator generator, std::size_t count) {
  std::vector<std::uint64_t> numbers(count);
  std::ranges::generate(numbers, [&] { return generator(); });
  return numbers;
}

// The published values: splitmix64.c and xoshiro256starstar.c of prng.di.unimi.it, and FNV's own
// test suite.
TEST(RandomReference, SplitMix64GivesItsPublishedNumbers) {
  const std::vector<std::uint64_t> published = {6457827717110365317U, 3203168211198807973U,
                                                9817491932198370423U, 4593380528125082431U,
                                                16408922859458223821U};
  EXPECT_EQ(first_numbers(SplitMix64(1234567), 5), published);
}

TEST(RandomReference, XoshiroGivesItsPublishedNumbers) {
  const std::vector<std::uint64_t> published = {11520U,
                                                0U,
                                                1509978240U,
                                                1215971899390074240U,
                                                1216172134540287360U,
                                                607988272756665600U,
                                                16172922978634559625U,
                                                8476171486693032832U,
                                                10595114339597558777U,
                                                2904607092377533576U};
  EXPECT_EQ(first_numbers(Xoshiro256({1, 2, 3, 4}), 10), published);
}

TEST(RandomReference, Fnv1aGivesItsPublishedNumbers) {
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325U);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8U);
}

TEST(Random, IsSeededBySplitMix64) {
  SplitMix64 mix(7);
  const Xoshiro256::State state = {mix(), mix(), mix(), mix()};
  EXPECT_EQ(first_numbers(Random(7), 5), first_numbers(Xoshiro256(state), 5));
}

// Computed by a second program, in Python. A change here changes what every recorded seed of the
// book means.
TEST(Random, GivesTheSameNumbersForEver) {
  Random random(7);
  std::vector<int> cards = {1, 2, 3, 4, 5, 6, 7, 8};
  random.shuffle(cards);

  EXPECT_EQ(cards, (std::vector<int>{7, 1, 3, 4, 5, 8, 2, 6}));
  EXPECT_EQ(random.between(-50, 50), -40);
  EXPECT_EQ(random.stream("select").below(1000), 469U);
}

TEST(Random, StreamsAreDeterminedBySeedAndNameAlone) {
  Random random(7);
  const auto before = first_numbers(random.stream("order"), 5);
  static_cast<void>(random());

  EXPECT_EQ(first_numbers(random.stream("order"), 5), before);
  EXPECT_NE(first_numbers(random.stream("select"), 5), before);
  EXPECT_NE(first_numbers(Random(8).stream("order"), 5), before);
  EXPECT_NE(first_numbers(Random(7), 5), before);
  EXPECT_NE(first_numbers(random.stream("order").stream("order"), 5), before);
}

TEST(Random, CopiesGoTheirOwnWay) {
  Random random(7);
  static_cast<void>(random());
  const Random copy = random;
  const auto expected = first_numbers(random, 5);
  static_cast<void>(random());

  EXPECT_EQ(first_numbers(copy, 5), expected);
}

TEST(Random, BelowReachesEachNumberAboutEquallyOften) {
  Random random(7);
  std::map<std::uint64_t, int> counts;
  for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];

  ASSERT_EQ(counts.size(), 7U);
  for (const auto& [number, count] : counts) EXPECT_NEAR(count, 10'000, 500) << "number " << number;
}

TEST(Random, BelowIsUnbiasedForACountThatDoesNotFit) {
  // Unless the surplus is refused, every third number of these comes twice as often as the others.
  constexpr std::uint64_t kCount = 3ULL << 62;
  Random random(7);
  int every_third = 0;
  for (int i = 0; i < 30'000; ++i) every_third += random.below(kCount) % 3 == 0 ? 1 : 0;

  EXPECT_NEAR(every_third, 10'000, 500);
  EXPECT_EQ(Random(7).below(1), 0U);
}

TEST(Random, BetweenIncludesBothEndsAndTakesAnyRange) {
  Random random(7);
  std::map<int, int> counts;
  for (int i = 0; i < 1'000; ++i) ++counts[random.between(-1, 1)];
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_EQ(counts.begin()->first, -1);

  using Limits = std::numeric_limits<std::int64_t>;
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t number = random.between(Limits::min(), Limits::max());
    (number < 0 ? negative : positive) = true;
  }
  EXPECT_TRUE(negative && positive);
  EXPECT_EQ(random.between(Limits::min(), Limits::min()), Limits::min());
}

TEST(Random, ChanceKeepsItsProbability) {
  Random random(7);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
    hits += random.chance(0.3) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 3'000, 200);
}

TEST(Random, ShuffleReachesEachOrderAboutEquallyOften) {
  Random random(7);
  std::map<std::vector<int>, int> counts;
  for (int i = 0; i < 6'000; ++i) {
    std::vector<int> cards = {1, 2, 3};
    random.shuffle(cards);
    ++counts[cards];
  }

  ASSERT_EQ(counts.size(), 6U);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1'000, 150);
}

TEST(Random, ShuffleTakesTheEmptyAndTheSingle) {
  Random random(7);
  std::vector<int> none;
  std::vector<int> one = {1};
  random.shuffle(none);
  random.shuffle(one);

  EXPECT_TRUE(none.empty());
  EXPECT_EQ(one, std::vector<int>{1});
}

TEST(RandomDeathTest, NamesAnImpossibleChoice) {
  Random random(7);
  EXPECT_DEATH(static_cast<void>(random.below(0)), "count is not 0");
  EXPECT_DEATH(static_cast<void>(random.between(3, 2)), "first 3, final 2");
  EXPECT_DEATH(static_cast<void>(random.chance(1.5)), "a probability is from 0 to 1 .it is 1.5");
}

}  // namespace
}  // namespace conclave
