// select.hpp, law 2: among the cases that are ready all are equally likely, drawn from RunOptions::seed.
//
// Pearson's chi-square test.  The seeds are fixed, so a test passes always or never; for a fair select, the chance
// that a test would have failed with another seed is at most one in a million for each set of counts.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include <gtest/gtest-spi.h>

#include "chan_support.hpp"
#include "common/random.hpp"

namespace conclave {
namespace {

constexpr int kDraws = 10'000;

/// What a chi-square with so many degrees of freedom exceeds with a probability of one in a million
/// (Wilson and Hilferty 1931; 4.7534 is that quantile of the normal distribution).
double one_in_a_million(std::size_t degrees_of_freedom) {
  const double n = static_cast<double>(degrees_of_freedom);
  const double root = 1 - 2 / (9 * n) + 4.7534 * std::sqrt(2 / (9 * n));
  return n * root * root * root;
}

/// Fails the test unless all of `counts` may well be draws of one uniform distribution.
void expect_uniform(const std::vector<int>& counts) {
  const double expected =
      std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chi_square, one_in_a_million(counts.size() - 1))
      << "counts: " << testing::PrintToString(counts);
}

/// What `draw` returns in `kDraws` draws, as counts of 0 to `count` - 1.
template <class Draw>
std::vector<int> counts_of(std::size_t count, const Draw& draw) {
  std::vector<int> counts(count);
  for (int i = 0; i < kDraws; ++i) ++counts.at(static_cast<std::size_t>(draw()));
  return counts;
}

/// Calls `f` with the indices 0 to k - 1 for k from 2 to 16.
template <class F>
void for_2_to_16(const F& f) {
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    (f(std::make_index_sequence<K + 2>()), ...);
  }(std::make_index_sequence<15>());
}

std::vector<Chan<int>> channels_with_room(std::size_t count) {
  std::vector<Chan<int>> channels;
  for (std::size_t i = 0; i < count; ++i) channels.push_back(make_chan<int>(1));
  return channels;
}

TEST(Fairness, TheTestItselfTellsFairFromUnfair) {
  std::vector<int> fair;
  Random random(1);
  fair.resize(16);
  for (int i = 0; i < kDraws; ++i) ++fair[random.below(16)];
  expect_uniform(fair);
  std::vector<int> unfair = fair;
  unfair[3] += 250;
  EXPECT_NONFATAL_FAILURE(expect_uniform(unfair), "counts");
}

TEST(Fairness, OfReadyReceives) {
  run([] {
    for_2_to_16([]<std::size_t... I>(std::index_sequence<I...>) {
      const auto channels = channels_with_room(sizeof...(I));
      for (const auto& channel : channels) channel.send(1);
      expect_uniform(counts_of(sizeof...(I), [&] {
        const int chosen = select(recv(channels[I])...);
        channels[static_cast<std::size_t>(chosen)].send(1);
        return chosen;
      }));
    });
  });
}

TEST(Fairness, OfReadySends) {
  run([] {
    for_2_to_16([]<std::size_t... I>(std::index_sequence<I...>) {
      const auto channels = channels_with_room(sizeof...(I));
      expect_uniform(counts_of(sizeof...(I), [&] {
        const int chosen = select(send(channels[I], 1)...);
        channels[static_cast<std::size_t>(chosen)].recv();
        return chosen;
      }));
    });
  });
}

/// Receives where the index is even and sends where it is odd.
template <std::size_t kIndex>
auto either(const Chan<int>& channel) {
  if constexpr (kIndex % 2 == 0) {
    return recv(channel);
  } else {
    const int one = 1;
    return send(channel, one);
  }
}

TEST(Fairness, OfReceivesAndSends) {
  run([] {
    for_2_to_16([]<std::size_t... I>(std::index_sequence<I...>) {
      const auto channels = channels_with_room(sizeof...(I));
      for (std::size_t i = 0; i < channels.size(); i += 2) channels[i].send(1);
      expect_uniform(counts_of(sizeof...(I), [&] {
        const int chosen = select(either<I>(channels[I])...);
        const auto& channel = channels[static_cast<std::size_t>(chosen)];
        chosen % 2 == 0 ? channel.send(1) : void(channel.recv());
        return chosen;
      }));
    });
  });
}

TEST(Fairness, OfWaitingPartners) {
  run([] {
    for_2_to_16([]<std::size_t... I>(std::index_sequence<I...>) {
      std::vector<Chan<int>> channels;
      for (std::size_t i = 0; i < sizeof...(I); ++i) {
        channels.push_back(make_chan<int>());
        go([channel = channels.back(), i] {
          for (;;) i % 2 == 0 ? channel.send(1) : void(channel.recv());
        });
      }
      expect_uniform(counts_of(sizeof...(I), [&] {
        yield();  // so that all of them wait again
        return select(either<I>(channels[I])...);
      }));
    });
  });
}

TEST(Fairness, OfClosedChannels) {
  run([] {
    for_2_to_16([]<std::size_t... I>(std::index_sequence<I...>) {
      const auto channels = channels_with_room(sizeof...(I));
      for (const auto& channel : channels) channel.close();
      expect_uniform(
          counts_of(sizeof...(I), [&] { return select(recv(channels[I])..., otherwise()); }));
    });
  });
}

TEST(Fairness, OfARunTimeList) {
  run([] {
    for (std::size_t count = 2; count <= 16; ++count) {
      const auto channels = channels_with_room(count);
      std::vector<SelectCase> cases;
      for (const auto& channel : channels) {
        channel.send(1);
        cases.emplace_back(recv(channel));
      }
      expect_uniform(counts_of(count, [&] {
        const int chosen = select(cases);
        channels[static_cast<std::size_t>(chosen)].send(1);
        return chosen;
      }));
    }
  });
}

TEST(Fairness, OfOneChannelInSeveralCases) {
  run([] {
    const auto channel = make_chan<int>();
    channel.close();
    expect_uniform(
        counts_of(3, [&] { return select(recv(channel), recv(channel), recv(channel)); }));
  });
}

TEST(Fairness, OfOneChannelInSeveralCasesThatWait) {
  run([] {
    const auto channel = make_chan<int>();
    go([&] {
      for (;;) {
        select(send(channel, 0), recv(channel), send(channel, 1), send(channel, 2),
               send(channel, 3));
      }
    });
    yield();
    expect_uniform(counts_of(4, [&] {
      const int value = *channel.recv();
      yield();
      return value;
    }));

    const auto other = make_chan<int>();
    const auto done = make_chan<int>();
    go([&] {
      for (;;) done.send(select(recv(other), recv(other), recv(other)));
    });
    expect_uniform(counts_of(3, [&] {
      yield();
      other.send(1);
      return *done.recv();
    }));
  });
}

// A select that begins to look at a place drawn at random is fair only when all its cases are ready.
TEST(Fairness, OfThoseThatAreReadyWhereverTheyStand) {
  run([] {
    const auto closed = make_chan<int>();
    closed.close();
    for (unsigned ready = 1; ready < 256; ready += 6) {
      std::vector<SelectCase> cases;
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < 8; ++i) {
        const bool is_ready = (ready >> i & 1U) != 0;
        cases.emplace_back(recv(is_ready ? closed : Chan<int>()));
        if (is_ready) places.push_back(i);
      }
      const std::vector<int> counts = counts_of(8, [&] { return select(cases); });
      std::vector<int> of_ready;
      for (const std::size_t place : places) of_ready.push_back(counts[place]);
      EXPECT_EQ(std::accumulate(of_ready.begin(), of_ready.end(), 0), kDraws);
      if (of_ready.size() > 1) expect_uniform(of_ready);
    }
  });
}

// One that takes turns is fair in the mean, and not random.
TEST(Fairness, OneChoiceSaysNothingOfTheNext) {
  run([] {
    const auto closed = make_chan<int>();
    closed.close();
    const auto draw = [&] {
      return select(recv(closed), recv(closed), recv(closed), recv(closed));
    };
    expect_uniform(counts_of(16, [&] {
      const int first = draw();
      return 4 * first + draw();
    }));
  });
}

TEST(Fairness, TheFirstChoiceIsFairAmongSeeds) {
  std::vector<int> counts(5);
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    run(
        [&] {
          const auto closed = make_chan<int>();
          closed.close();
          ++counts[static_cast<std::size_t>(
              select(recv(closed), recv(closed), recv(closed), recv(closed), recv(closed)))];
        },
        {.seed = seed});
  }
  expect_uniform(counts);
}

TEST(Fairness, TheSameSeedChoosesTheSame) {
  const auto choices = [](std::uint64_t seed) {
    std::vector<int> chosen;
    run(
        [&] {
          const auto closed = make_chan<int>();
          closed.close();
          for (int i = 0; i < 100; ++i) {
            chosen.push_back(select(recv(closed), recv(closed), recv(closed)));
          }
        },
        {.seed = seed});
    return chosen;
  };
  EXPECT_EQ(choices(1), choices(1));
  EXPECT_NE(choices(1), choices(2));
}

}  // namespace
}  // namespace conclave
