// Exercise 1.2, in the order in which a reader gets it right.
#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "for_all.hpp"
#include "goroutines/goroutines.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

/// Runs `body` as the main goroutine, on a clock that jumps; returns how long it took there.
Duration in_virtual_time(const std::function<void()>& body, RunOptions options = {}) {
  VirtualClock clock;
  options.clock = &clock;
  run(body, options);
  return clock.elapsed();
}

std::vector<int> sorted(std::vector<int> items) {
  std::ranges::sort(items);
  return items;
}

TEST(ForAll, RunsEveryItem) {
  const Claim law = announce("f runs once for every item, before for_all returns");
  const std::vector<int> items = {3, 1, 4, 1, 5};
  std::vector<int> seen;

  in_virtual_time([&] { for_all(items, [&](int item) { seen.push_back(item); }); });

  must_hold(law, sorted(seen) == sorted(items), "the items were {}\nf ran with      {}", items,
            seen);
}

TEST(ForAll, ReturnsAfterTheLastItem) {
  const Claim law = announce("for_all returns when every f has returned, however long that takes");
  std::vector<int> ended;
  std::vector<int> ended_at_return;

  in_virtual_time([&] {
    for_all({30, 10, 20}, [&](int item) {
      sleep_for(minutes(item));
      ended.push_back(item);
    });
    ended_at_return = ended;
  });

  must_hold(law, ended_at_return.size() == 3,
            "the items sleep 30, 10 and 20 minutes\nwhen for_all returned, these had ended: {}",
            ended_at_return);
}

TEST(ForAll, LetsTheItemsOverlap) {
  const Claim law =
      announce("each item has a goroutine of its own, so they all sleep at the same time");
  const Duration took = in_virtual_time([] {
    for_all({10, 10, 10, 10, 10, 10, 10, 10, 10, 10},
            [](int item) { sleep_for(milliseconds(item)); });
  });

  const auto took_ms = std::chrono::duration_cast<milliseconds>(took).count();
  must_hold(law, took_ms == 10,
            "ten items that sleep 10 ms each took {} ms of virtual time, not 10", took_ms);
}

TEST(ForAll, ReturnsAtOnceWhenThereAreNoItems) {
  const Claim law = announce("with no items there is nothing to run and nothing to wait for");
  int calls = 0;

  const Duration took = in_virtual_time([&] { for_all({}, [&](int) { ++calls; }); });

  must_hold(law, calls == 0 && took == Duration::zero(),
            "f ran {} times, and for_all took {} ns of virtual time", calls, took.count());
}

TEST(ForAll, MayBeCalledByItsOwnItems) {
  const Claim law =
      announce("a for_all inside a for_all waits for its own items, and for no others");
  std::vector<int> seen;

  in_virtual_time([&] {
    for_all({10, 20}, [&](int tens) {
      for_all({1, 2}, [&](int ones) {
        sleep_for(minutes(ones));
        seen.push_back(tens + ones);
      });
    });
  });

  must_hold(law, sorted(seen) == std::vector{11, 12, 21, 22},
            "wanted 11, 12, 21 and 22\nf ran with {}", seen);
}

TEST(ForAll, DependsOnNoOrder) {
  for_each_seed(100, [](std::uint64_t seed) {
    const Claim law =
        announce("whatever the order in which goroutines run, for_all waits for all of them");
    int ended = 0;
    int ended_at_return = 0;

    in_virtual_time(
        [&] {
          for_all({1, 2, 3, 4, 5}, [&](int item) {
            for (int i = 0; i < item; ++i) yield();
            ++ended;
          });
          ended_at_return = ended;
        },
        {.order = Order::random, .seed = seed});

    must_hold(law, ended_at_return == 5,
              "in the random order of this seed {} of 5 items had ended when for_all returned",
              ended_at_return);
  });
}

}  // namespace
}  // namespace conclave
