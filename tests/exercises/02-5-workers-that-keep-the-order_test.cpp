// Exercise 2.5, in the order in which a reader gets it right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "map_in_order.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

/// The values 1, 2, 3 and so on, as fast as somebody takes them.
class Source {
 public:
  static constexpr int kEndless = 1000;  ///< who has taken so many will take them all

  /// Sends the first `count` values and closes; stops when `context` ends.
  Source(const Context& context, int count) {
    go([this, context, count, channel = channel_] {
      for (int value = 1; value <= count; ++value) {
        if (select(send(channel, value), recv(context.done())) == 1) return;
        ++taken_;
      }
      channel.close();
    });
  }

  [[nodiscard]] const Chan<int>& channel() const { return channel_; }
  /// How many values have been taken.
  [[nodiscard]] int taken() const { return taken_; }

 private:
  Chan<int> channel_ = make_chan<int>();
  int taken_ = 0;
};

/// Receives all results.
std::vector<int> all_of(const RecvChan<int>& results) {
  std::vector<int> all;
  for (const int result : results) all.push_back(result);
  return all;
}

/// 10, 20, 30 and so on, which is what is wanted of ten_times.
std::vector<int> tens(int count) {
  std::vector<int> all;
  for (int i = 1; i <= count; ++i) all.push_back(10 * i);
  return all;
}

std::vector<int> sorted(std::vector<int> values) {
  std::ranges::sort(values);
  return values;
}

int ten_times(int value) { return 10 * value; }

TEST(MapInOrder, MapsEveryValue) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("there is a result for every value, and then the channel is closed (law 4)");
    for (const int count : {5, 0, 1, 2, 3, 4, 20}) {
      std::vector<int> results;

      in_virtual_time(
          [&] {
            const Source source({}, count);
            results = all_of(map_in_order({}, source.channel(), 3, ten_times));
          },
          options);

      if (!must_hold(law, sorted(results) == tens(count),
                     "3 workers, f(x) = 10 x, the input is 1 to {}\nthe results: {}", count,
                     results)) {
        return;
      }
    }
  });
}

TEST(MapInOrder, KeepsTheOrder) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("the results come in the order of the input, however long each f takes (law 1)");
    std::vector<int> results;

    in_virtual_time(
        [&] {
          const Source source({}, 9);
          results = all_of(map_in_order({}, source.channel(), 3, [](int value) {
            sleep_for(std::chrono::milliseconds(value % 3 == 1 ? 50 : 10 - value));
            return ten_times(value);
          }));
        },
        options);

    must_hold(
        law, results == tens(9),
        "3 workers; f is slow for 1, 4 and 7, and ever faster for the others\nthe results: {}",
        results);
  });
}

TEST(MapInOrder, LetsTheWorkersOverlap) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("as many calls of f run at the same time as there are workers (law 2)");
    const Duration took = in_virtual_time(
        [] {
          const Source source({}, 12);
          all_of(map_in_order({}, source.channel(), 4, [](int value) {
            sleep_for(10ms);
            return value;
          }));
        },
        options);

    must_hold(law, took == 30ms,
              "12 values, 4 workers, f takes 10 ms: that is 30 ms; it took {} ms", took / 1ms);
  });
}

TEST(MapInOrder, RunsNoMoreThanItsWorkers) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("never do more calls of f run than there are workers (law 2)");
    int running = 0;
    int most = 0;

    in_virtual_time(
        [&] {
          const Source source({}, 30);
          all_of(map_in_order({}, source.channel(), 4, [&](int value) {
            most = std::max(most, ++running);
            sleep_for(std::chrono::milliseconds(value % 7));
            --running;
            return value;
          }));
        },
        options);

    must_hold(law, most <= 4, "4 workers; {} calls of f ran at the same time", most);
  });
}

TEST(MapInOrder, AnswersWhileTheInputGoesOn) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("results come while the input goes on, which has no end");
    std::vector<int> results;
    int taken = 0;

    in_virtual_time(
        [&] {
          auto [context, cancel] = with_cancel({});
          const Source source(context, Source::kEndless);
          const RecvChan<int> mapped = map_in_order(context, source.channel(), 3, ten_times);
          for (int i = 0; i < 5; ++i) results.push_back(mapped.recv().value_or(-1));
          taken = source.taken();
          cancel();
          sleep_for(1s);
        },
        options);

    must_hold(
        law, results == tens(5) && taken < Source::kEndless,
        "3 workers; the first five results: {}\nwhen they were there, {} values had been taken",
        results, taken);
  });
}

TEST(MapInOrder, HandsOnWhatIsThere) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("a result comes as soon as it and those before it are there (law 1)");
    std::vector<int> results;
    std::vector<int> results_in_time;

    in_virtual_time(
        [&] {
          const Chan<int> input = make_chan<int>();
          const RecvChan<int> mapped = map_in_order({}, input, 3, ten_times);
          go([&, mapped] {
            for (const int result : mapped) results.push_back(result);
          });
          input.send(1);
          input.send(2);
          sleep_for(1h);
          results_in_time = results;
          input.close();
          sleep_for(1s);
        },
        options);

    must_hold(law, results_in_time == tens(2),
              "3 workers, and f takes no time; the input sends 1 and 2, then nothing for an hour\n"
              "received after that hour: {}",
              results_in_time);
  });
}

TEST(MapInOrder, HoldsFewValuesBehindASlowOne) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("at most 2 * workers + 2 values are taken whose result was not received (law 3)");
    int taken = 0;
    std::vector<int> results;

    in_virtual_time(
        [&] {
          auto [context, cancel] = with_cancel({});
          const Source source(context, Source::kEndless);
          const RecvChan<int> mapped = map_in_order(context, source.channel(), 3, [](int value) {
            if (value == 1) sleep_for(1h);
            return ten_times(value);
          });
          go([&, mapped] { results = all_of(mapped); });
          sleep_for(30min);
          taken = source.taken();
          cancel();
          sleep_for(1h);
        },
        options);

    must_hold(law, taken <= 8,
              "3 workers; f takes an hour for the first value, and no time for the others\n"
              "after 30 min no result has come, and {} values have been taken",
              taken);
  });
}

TEST(MapInOrder, WaitsForItsReceiver) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("while nobody receives, no more than 2 * workers + 2 values are taken (law 3)");
    int taken = 0;
    int taken_later = 0;

    in_virtual_time(
        [&] {
          auto [context, cancel] = with_cancel({});
          const Source source(context, Source::kEndless);
          const RecvChan<int> mapped = map_in_order(context, source.channel(), 3, ten_times);
          sleep_for(1h);
          taken = source.taken();
          for (int i = 0; i < 10; ++i) mapped.recv();
          sleep_for(1h);
          taken_later = source.taken();
          cancel();
          sleep_for(1s);
        },
        options);

    must_hold(law, taken <= 8 && taken_later - 10 <= 8,
              "3 workers; in an hour nobody receives, and {} values are taken\n"
              "then 10 results are received; an hour later {} values have been taken",
              taken, taken_later);
  });
}

TEST(MapInOrder, EndsWhenItsReceiverHasGone) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "when the context ends, no goroutine is left, though nobody receives any more (law 5)");
    std::size_t left = 0;
    int taken = 0;
    std::vector<int> results;

    in_virtual_time(
        [&] {
          auto [context, cancel] = with_cancel({});
          const Source source(context, Source::kEndless);
          const RecvChan<int> mapped = map_in_order(context, source.channel(), 3, [](int value) {
            sleep_for(10ms);
            return ten_times(value);
          });
          for (int i = 0; i < 5; ++i) results.push_back(mapped.recv().value_or(-1));
          cancel();
          sleep_for(1s);
          taken = source.taken();
          left = others_left();
        },
        options);

    must_hold(law, left == 0 && results == tens(5),
              "3 workers; five results were received, {}, then the context ended\n"
              "a second later, {} values have been taken; goroutines that are left: {}",
              results, taken, left);
  });
}

TEST(MapInOrder, EndsWhenItsInputIsSilent) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("when the context ends, the results are closed and no goroutine is left (law 5)");
    std::size_t left = 0;
    std::vector<int> results;
    std::optional<Duration> closed_at;

    in_virtual_time(
        [&] {
          auto [context, cancel] = with_cancel({});
          const Chan<int> input = make_chan<int>();
          const RecvChan<int> mapped = map_in_order(context, input, 3, ten_times);
          go([&, mapped] {
            results = all_of(mapped);
            closed_at = now().time_since_epoch();
          });
          input.send(1);
          input.send(2);
          sleep_for(10ms);
          cancel();
          sleep_for(1s);
          left = others_left();
        },
        options);

    must_hold(law, closed_at == 10ms && left == 0 && results == tens(2),
              "the input sent 1 and 2 and was silent; after 10 ms the context ended\n"
              "received were {}; the results were {}; goroutines that are left: {}",
              results,
              closed_at ? fmt::format("closed after {} ms", *closed_at / 1ms) : "not closed", left);
  });
}

TEST(MapInOrder, LeavesNoGapWhenItEnds) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "what was received when the context ended is the beginning of the results (law 5)");
    std::vector<int> results;

    in_virtual_time(
        [&] {
          auto [context, cancel] = with_cancel({});
          const Source source(context, Source::kEndless);
          const RecvChan<int> mapped = map_in_order(context, source.channel(), 3, [](int value) {
            sleep_for(std::chrono::milliseconds(10 - value % 8));
            return ten_times(value);
          });
          go([&, mapped] { results = all_of(mapped); });
          sleep_for(100ms);
          cancel();
          sleep_for(1s);
        },
        options);

    const std::vector<int> wanted = tens(static_cast<int>(results.size()));
    const auto [first_wrong, in_its_place] = std::ranges::mismatch(results, wanted);
    must_hold(law, results == wanted, "{} results were received; in the place of {} came {}",
              results.size(), in_its_place == wanted.end() ? 0 : *in_its_place,
              first_wrong == results.end() ? 0 : *first_wrong);
  });
}

}  // namespace
}  // namespace conclave
