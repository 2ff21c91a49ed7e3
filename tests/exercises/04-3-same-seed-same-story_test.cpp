// Exercise 4.3: the village is run twice in one process.  Each test lets one kind of source show, keeps the others still, and may
// be passed before the others.  The last one compares whole stories.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "04-3-same-seed-same-story/memory.hpp"
#include "gossip.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave::village {
namespace {

using Story = std::vector<Arrival>;

/// What gossip() returns, made in memory laid out like that.
Story told(const Options& options, std::uint64_t layout = 1) {
  begin_memory(layout);
  const Story inside = gossip(options);
  end_memory();
  Story story(inside.begin(), inside.end());
  // A clock on the wall must not show the same time in the next run.
  const auto now = std::chrono::system_clock::now();
  while (std::chrono::system_clock::now() == now) continue;
  return story;
}

/// The story without the letters' numbers, or with the first letter as 1; and without what the writers put in.
Story without(Story story, bool numbers) {
  std::int64_t first = story.empty() ? 0 : story.front().letter;
  for (const Arrival& arrival : story) first = std::min(first, arrival.letter);
  for (Arrival& arrival : story) {
    arrival.letter = numbers ? 0 : arrival.letter - first + 1;
    arrival.written = 0;
  }
  return story;
}

std::string line(const Arrival& arrival) {
  return fmt::format("t={:03} min  n{}  hears it from n{}, letter {}, written at {}", arrival.time,
                     arrival.to, arrival.from, arrival.letter, arrival.written);
}

/// "the first line that differs", as each run has it.
std::string first_difference(const Story& left, const Story& right,
                             const std::function<Story(Story)>& seen) {
  const Story left_seen = seen(left);
  const Story right_seen = seen(right);
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(left_seen, right_seen).in1 -
                                           left_seen.begin());
  return fmt::format("line {}\nrun 1  {}\nrun 2  {}", at + 1,
                     at < left.size() ? line(left[at]) : "(ends)",
                     at < right.size() ? line(right[at]) : "(ends)");
}

Story without_both(Story story) { return without(std::move(story), true); }
Story without_stamps(Story story) { return without(std::move(story), false); }
Story whole(Story story) { return story; }

TEST(Gossip, BeginsAnew) {
  const Claim law =
      announce("a second run begins where the first began, not where it ended (law 1)");

  const Story first = told({.people = 2});
  const Story second = told({.people = 2});

  const auto numbers = [](Story story) {
    for (Arrival& arrival : story) arrival = {.letter = arrival.letter};
    return story;
  };
  must_hold(law, numbers(first) == numbers(second),
            "two people, twice; the first line in which the letters' numbers differ: {}\n"
            "Numbers that go on where run 1 stopped: something outlives a run.",
            first_difference(first, second, numbers));
}

TEST(Gossip, KnowsNoTimeButItsOwn) {
  const Claim law = announce("the time in a letter is the village's, in every run (law 1)");

  const Story first = told({.people = 2});
  const Story second = told({.people = 2});

  const auto stamps = [](Story story) {
    for (Arrival& arrival : story) arrival = {.written = arrival.written};
    return story;
  };
  must_hold(law, stamps(first) == stamps(second),
            "two people, no loss, twice; the first line in which the time of writing differs: {}\n"
            "A time that no run shows again: it was asked of a clock that is not in this world.",
            first_difference(first, second, stamps));
  for (const Arrival& letter : first) {
    must_hold(law, letter.time - letter.written >= 10 && letter.time - letter.written <= 60,
              "two people, no loss\n{}\nIt should have been written 10 to 60 minutes before.",
              line(letter));
  }
}

TEST(Gossip, GoesByNoAddress) {
  for_each_seed(20, [](std::uint64_t seed) {
    const Claim law = announce("the story is the same wherever the village lies in memory (law 1)");
    const Options options = {.seed = seed, .people = 7};

    const Story first = told(options, 2 * seed);
    const Story second = told(options, 2 * seed + 1);

    must_hold(law, without_stamps(first) == without_stamps(second),
              "run 2 lies elsewhere in memory than run 1\nthe first line in which the order or a "
              "time differs: "
              "{}\nThe same things in another order: an address has decided.",
              first_difference(first, second, without_stamps));
  });
}

TEST(Gossip, HasNoChanceButItsSeed) {
  for_each_seed(20, [](std::uint64_t seed) {
    const Claim law =
        announce("all chance comes from the seed, also where letters are lost (law 1)");
    const Options options = {.seed = seed, .loss = 0.5};

    const Story first = told(options);
    const Story second = told(options);

    must_hold(law, without_both(first) == without_both(second),
              "every second letter is lost; two runs at the same addresses\nthe first line in "
              "which the order or a time "
              "differs: {}\nWithout loss they agree: on the way of a lost letter, somebody draws "
              "elsewhere.",
              first_difference(first, second, without_both));
  });
}

TEST(Gossip, IsNotDisturbedByAGull) {
  for_each_seed(20, [](std::uint64_t seed) {
    const Claim law = announce("a draw for one purpose shifts none for another (law 3)");

    for (const double loss : {0.0, 0.5}) {
      const Story first = told({.seed = seed, .loss = loss});
      const Story second = told({.seed = seed, .loss = loss, .gull = true});

      must_hold(
          law, without_both(first) == without_both(second),
          "{}run 1 is without a gull, run 2 with one\nthe first line in which the order or a "
          "time differs: {}\n"
          "All that comes after a draw more has changed: who draws takes what was for others.",
          loss > 0 ? "every second letter is lost; " : "",
          first_difference(first, second, without_both));
    }
  });
}

TEST(Gossip, GivesALetterItsTimeThoughItWasLost) {
  for_each_seed(100, [](std::uint64_t seed) {
    const Claim law = announce(
        "how long a letter takes is another draw than whether it is lost, and for how long its "
        "writer waits (law 3)");

    const auto first_arrival = [](const Story& story) {
      return story.empty() ? Minutes{} : story.front().time;
    };

    const Minutes safe = first_arrival(told({.seed = seed, .people = 2}));
    const Minutes lossy = first_arrival(told({.seed = seed, .people = 2, .loss = 0.5}));
    const Minutes waited = lossy - safe;

    // Lost once it is 60 to 90 minutes, twice 120 to 180, and so on.
    must_hold(law, waited == 0 || (waited >= 60 && (waited <= 90 || waited >= 120)),
              "two people; the first letter arrives after {} minutes when nothing is lost\n"
              "when every second letter is, it arrives after {}, which is {} later\n"
              "Its writer waited for 60 to 90 minutes each time, or never: so it took another time "
              "on its way.",
              safe, lossy, waited);
  });
}

TEST(Gossip, TellsAnotherStoryForAnotherSeed) {
  const Claim law =
      announce("what is drawn differs from seed to seed, and keeps to its bounds (law 2)");
  std::set<Minutes> delays;
  std::set<Minutes> ends;
  bool is_complete = true;

  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Story story = told({.seed = seed});
    const Story lossy = told({.seed = seed, .loss = 0.5});
    std::set<std::pair<int, int>> ways;
    std::set<std::int64_t> letters;
    for (const Arrival& arrival : story) {
      const auto heard = std::ranges::find(story, arrival.from, &Arrival::to);
      delays.insert(arrival.time - (arrival.from == 1 ? 0 : heard->time));
      ways.emplace(arrival.from, arrival.to);
      letters.insert(arrival.letter);
    }
    is_complete = is_complete && story.size() == 20 && ways.size() == 20 && letters.size() == 20 &&
                  lossy.size() == 20 && std::ranges::is_sorted(story, {}, &Arrival::time);
    if (!lossy.empty()) ends.insert(lossy.back().time);
  }

  must_hold(law,
            is_complete && delays.size() == 51 && *delays.begin() == 10 && *delays.rbegin() == 60 &&
                ends.size() > 50,
            "100 seeds, five people: each writes to each other once {}\nletters took {} different "
            "times; with a loss of 0.5 "
            "there are {} different ends\nwant: all of 10 to 60 minutes, and more than 50 ends",
            is_complete ? "(yes)" : "(no)", delays.size(), ends.size());
}

TEST(Gossip, TellsTheSameStoryForTheSameSeed) {
  for_each_seed(50, [](std::uint64_t seed) {
    const Claim law = announce("the same seed is the same story, to the last number (law 1)");
    const Options options = {.seed = seed, .people = 7, .loss = 0.3, .gull = true};

    const Story first = told(options, 1);
    static_cast<void>(told({.seed = seed + 1}));
    const Story second = told(options, 2);

    must_hold(law, first == second,
              "with all of it at once, and another run between\nthe first line that differs: {}",
              first_difference(first, second, whole));
  });
}

}  // namespace
}  // namespace conclave::village
