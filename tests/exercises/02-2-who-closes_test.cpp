// Exercise 2.2, in the order in which a reader gets it right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ranges>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "collect.hpp"
#include "goroutines/goroutines.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

/// What happened in a run, a line for each event.
std::vector<std::string> story;

std::string at(TimePoint time) { return fmt::format("t={:>5} ms", time.time_since_epoch() / 1ms); }

void tell(const std::string& event) { story.push_back(fmt::format("{}  {}", at(now()), event)); }

/// A producer that sends `values`, each after `pause`, and returns after `farewell`.
Producer producer(const std::string& name, const std::vector<int>& values, Duration pause,
                  Duration farewell = {}) {
  return [=](const SendChan<int>& channel) {
    for (const int value : values) {
      sleep_for(pause);
      tell(fmt::format("{} sends {}", name, value));
      try {
        channel.send(value);
      } catch (const Panic& panic) {
        must_hold("no send panics: who closes knows that nothing more is sent (law 1)", false,
                  "{}\n{}  {}: {}", fmt::join(story, "\n"), at(now()), name, panic.message());
        throw;
      }
    }
    sleep_for(farewell);
    tell(fmt::format("{} returns", name));
  };
}

/// What one collect() did.
struct Collected {
  std::vector<int> used;
  std::vector<Duration> used_at;
  Duration returned_at{};
  std::size_t left = 0;

  [[nodiscard]] std::vector<int> sorted() const {
    std::vector<int> values = used;
    std::ranges::sort(values);
    return values;
  }
};

Collected collect_all(const std::vector<Producer>& producers, const RunOptions& options = {}) {
  story.clear();
  Collected result;
  in_virtual_time(
      [&] {
        collect(producers, [&](int value) {
          result.used.push_back(value);
          result.used_at.push_back(now().time_since_epoch());
        });
        result.returned_at = now().time_since_epoch();
        tell("collect returns");
        result.left = others_left();
      },
      options);
  return result;
}

TEST(Collect, EndsWithItsProducer) {
  const Claim law = announce(
      "what one producer sends is used, in this order, and then collect returns (laws 1, 2)");
  const Collected result = collect_all({producer("ann", {1, 2, 3}, 0ms)});

  must_hold(law, result.used == std::vector{1, 2, 3}, "ann sent 1, 2 and 3\nused were {}",
            result.used);
}

TEST(Collect, ThreeProducersLoseNothing) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("every value is used once, whoever returns first (law 1)");
    const Collected result =
        collect_all({producer("ann", {1}, 0ms), producer("bob", {11, 12, 13}, 0ms),
                     producer("cay", {21, 22}, 0ms)},
                    options);

    must_hold(law, result.sorted() == std::vector{1, 11, 12, 13, 21, 22}, "{}\nused were {}",
              fmt::join(story, "\n"), result.used);
  });
}

TEST(Collect, LetsTheProducersOverlap) {
  const Claim law =
      announce("each producer has a goroutine of its own, so they run at the same time");
  const Collected result = collect_all(
      {producer("ann", {1}, 10ms), producer("bob", {11}, 10ms), producer("cay", {21}, 10ms)});

  must_hold(law, result.returned_at == 10ms, "each sends one value after 10 ms\n{}",
            fmt::join(story, "\n"));
}

TEST(Collect, WaitsForTheLastProducer) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "collect returns when all producers have returned, however long one is silent (law 2)");
    const Collected result =
        collect_all({producer("ann", {1, 2}, 2000ms), producer("bob", {11}, 10ms),
                     producer("cay", {21}, 20ms, 7000ms)},
                    options);

    must_hold(law, result.sorted() == std::vector{1, 2, 11, 21} && result.returned_at == 7020ms,
              "{}\nwant: t= 7020 ms  collect returns\nused were {}", fmt::join(story, "\n"),
              result.used);
  });
}

TEST(Collect, UsesAValueWhenItIsSent) {
  const Claim law =
      announce("a value is used when it is sent: it does not wait for a producer to end (law 3)");
  const Collected result = collect_all({producer("ann", {1}, 10ms), producer("bob", {11}, 5000ms)});

  must_hold(law, result.used_at == std::vector<Duration>{10ms, 5000ms},
            "ann sends after 10 ms, bob after 5000 ms\nused were {} after {} ms", result.used,
            fmt::join(result.used_at | std::views::transform([](Duration d) { return d / 1ms; }),
                      " and "));
}

TEST(Collect, ReturnsAtOnceWithoutProducers) {
  const Claim law =
      announce("with no producers there is nothing to use and nothing to wait for (law 2)");
  const Collected result = collect_all({});

  must_hold(law, result.used.empty() && result.returned_at == 0ms, "used were {}; it took {} ms",
            result.used, result.returned_at / 1ms);
}

TEST(Collect, HearsProducersThatSayNothing) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a producer that sends nothing returns all the same (law 2)");
    const Collected result =
        collect_all({producer("ann", {}, 0ms), producer("bob", {}, 0ms, 30ms)}, options);

    must_hold(law, result.used.empty() && result.returned_at == 30ms, "{}\nused were {}",
              fmt::join(story, "\n"), result.used);
  });
}

TEST(Collect, LeavesNobodyBehind) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("when collect has returned, no goroutine of it is left (law 4)");
    const Collected result = collect_all(
        {producer("ann", {1, 2}, 10ms), producer("bob", {11}, 0ms), producer("cay", {}, 0ms)},
        options);

    must_hold(law, result.left == 0, "{}\ngoroutines that are left then: {}",
              fmt::join(story, "\n"), result.left);
  });
}

}  // namespace
}  // namespace conclave
