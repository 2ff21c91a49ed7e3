// Exercise 2.6, in the order in which a reader gets it right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "merge.hpp"
#include "support/apart.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;
using Values = std::vector<int>;

/// Runs `body` as the main goroutine, on a clock that jumps.  A merge that never parks ends the test.
void in_virtual_time(const std::function<void()>& body, RunOptions options = {}) {
  must_come_to_rest("while no open input has a value, merge is parked (law 4)",
                    "it was still going round when a second of the processor's time was used up",
                    [&] {
                      VirtualClock clock;
                      options.clock = &clock;
                      run(body, options);
                    });
}

/// A closed channel with these values in it.
RecvChan<int> full_of(const Values& values) {
  auto channel = make_chan<int>(static_cast<std::ptrdiff_t>(values.size()));
  for (const int value : values) channel.send(value);
  channel.close();
  return channel;
}

/// Starts merge() in a goroutine; returns its output.
RecvChan<int> start_merge(const std::vector<RecvChan<int>>& inputs) {
  auto output = make_chan<int>();
  go(Name("merge"), [inputs, output] { merge(inputs, output); });
  return output;
}

Values all_of(const RecvChan<int>& channel) {
  Values values;
  for (const int value : channel) values.push_back(value);
  return values;
}

Values sorted(Values values) {
  std::ranges::sort(values);
  return values;
}

auto minutes_now() { return now().time_since_epoch() / 1min; }

TEST(Merge, PassesEveryValueOn) {
  in_virtual_time([] {
    const Claim law = announce("every value of every input is sent to the output, once (law 1)");
    const Values came = all_of(start_merge({full_of({1, 2}), full_of({3, 4, 5}), full_of({6})}));

    must_hold(law, sorted(came) == Values{1, 2, 3, 4, 5, 6},
              "the inputs were [1, 2], [3, 4, 5] and [6], all of them closed\nwhat came: {}", came);
  });
}

TEST(Merge, DoesNotListenToAClosedInput) {
  in_virtual_time([] {
    const Claim law = announce("closed inputs leave the others as they are");
    const auto input = make_chan<int>();
    const RecvChan<int> output = start_merge({full_of({}), input, full_of({})});
    go([input] {
      sleep_for(60min);
      input.send(7);
      input.close();
    });

    const Values came = all_of(output);

    must_hold(law, came == Values{7},
              "of three inputs two are closed from the start, and one sends a 7 after 60 min\n"
              "what came: {}",
              came);
  });
}

TEST(Merge, ClosesTheOutputWhenTheLastInputIsClosed) {
  in_virtual_time([] {
    const Claim law = announce("the output is closed when the last input is, and not before");
    std::vector<Chan<int>> inputs;
    for (const int minutes : {10, 30, 20}) {
      inputs.push_back(make_chan<int>());
      go([input = inputs.back(), minutes] {
        sleep_for(minutes * 1min);
        input.send(minutes);
        input.close();
      });
    }

    const Values came = all_of(start_merge({inputs.begin(), inputs.end()}));
    const auto ended = minutes_now();

    must_hold(law, came == Values{10, 20, 30} && ended == 30,
              "three inputs send one value each and are closed, after 10, 30 and 20 min\n"
              "what came: {}; and the output was closed after {} min",
              came, ended);
  });
}

TEST(Merge, TakesAZeroForAValue) {
  in_virtual_time([] {
    const Claim law = announce("0 is a value like any other, and no end");
    const Values came = all_of(start_merge({full_of({0, 1, 0}), full_of({0})}));

    must_hold(law, sorted(came) == Values{0, 0, 0, 1},
              "the inputs were [0, 1, 0] and [0]\nwhat came: {}", came);
  });
}

TEST(Merge, SendsAValueWhenItComes) {
  in_virtual_time([] {
    const Claim law =
        announce("a value is sent when it comes, whatever the other inputs do (law 2)");
    const auto slow = make_chan<int>();
    const auto quick = make_chan<int>();
    go([slow] {
      sleep_for(1h);
      slow.close();
    });
    go([quick] {
      for (int i = 1; i <= 3; ++i) {
        sleep_for(1min);
        quick.send(i);
      }
      quick.close();
    });

    std::vector<std::string> came;
    for (const int value : start_merge({slow, quick})) {
      came.push_back(fmt::format("{} at {} min", value, minutes_now()));
    }

    must_hold(
        law, came == std::vector<std::string>{"1 at 1 min", "2 at 2 min", "3 at 3 min"},
        "the first input says nothing for an hour, the second sends 1, 2 and 3 a minute apart\n"
        "what came: {}",
        fmt::join(came, ", "));
  });
}

TEST(Merge, KnowsWhichInputWasClosed) {
  in_virtual_time([] {
    const Claim law = announce("an input is left out when it is closed, and no other one is");
    std::vector<Chan<int>> inputs;
    for (int i = 0; i < 5; ++i) inputs.push_back(make_chan<int>());
    const RecvChan<int> output = start_merge({inputs.begin(), inputs.end()});
    go([inputs] {
      for (const std::size_t closing : {1U, 0U, 3U, 4U}) {  // an hour apart
        sleep_for(1h);
        inputs[closing].close();
      }
      sleep_for(1h);
      inputs[2].send(2);
      inputs[2].close();
    });

    const Values came = all_of(output);

    must_hold(law, came == Values{2},
              "of five inputs the second is closed, then the first, the fourth and the fifth\n"
              "then the third sends a 2 and is closed; what came: {}",
              came);
  });
}

TEST(Merge, LetsNoInputStarve) {
  in_virtual_time([] {
    const Claim law =
        announce("an input that has a value is served within 100 values of the others (law 3)");
    Values thousand(1000, 1);

    const Values came = all_of(start_merge({full_of(thousand), full_of({2}), full_of(thousand)}));

    const auto before = std::ranges::find(came, 2) - came.begin();
    must_hold(law, before <= 100,
              "one input has one value, and each of its two neighbours has a thousand\n"
              "it was served after {} values of theirs",
              before);
  });
}

TEST(Merge, HoldsItsInputsBack) {
  in_virtual_time([] {
    const Claim law = announce("merge holds no more values than there are inputs (law 5)");
    int sent = 0;
    std::vector<RecvChan<int>> inputs;
    for (int i = 0; i < 3; ++i) {
      const auto input = make_chan<int>();
      inputs.emplace_back(input);
      go([input, &sent] {
        for (int j = 0; j < 100; ++j) {
          input.send(j);
          ++sent;
        }
      });
    }
    const RecvChan<int> output = start_merge(inputs);

    for (int i = 0; i < 10; ++i) output.recv();
    sleep_for(1h);

    must_hold(law, sent <= 10 + 3,
              "three inputs have 100 values each, and 10 values were received from the output\n"
              "merge has taken {} values from the inputs",
              sent);
  });
}

TEST(Merge, EndsAtOnceWithoutInputs) {
  in_virtual_time([] {
    const Claim law = announce("where no input is open, merge closes the output and returns");
    bool returned = false;
    const auto output = make_chan<int>();
    go([&, output] {
      merge({}, output);
      returned = true;
    });

    sleep_for(1min);

    must_hold(law, returned && output.try_recv().closed, "with no inputs, {}",
              returned ? "it returned and left the output open" : "it is still waiting");
  });
}

TEST(Merge, DependsOnNoOrder) {
  const auto merge_four = [](std::uint64_t seed) {
    const Claim law = announce("the values of an input come all, and in their order (law 1)");
    std::vector<Chan<int>> inputs;
    for (int i = 0; i < 4; ++i) {
      inputs.push_back(make_chan<int>(i % 2));
      go([input = inputs.back(), i] {
        for (int j = 0; j < 5 * i; ++j) {
          if (j % 3 == 0) yield();
          input.send(100 * i + j);
        }
        input.close();
      });
    }

    const std::size_t before = num_goroutines();
    const RecvChan<int> output = start_merge({inputs.begin(), inputs.end()});
    std::size_t most = 0;
    std::vector<Values> came(4);
    for (const int value : output) {
      came.at(static_cast<std::size_t>(value / 100)).push_back(value % 100);
      most = std::max(most, num_goroutines());
    }

    for (std::size_t i = 0; i < 4; ++i) {
      Values sent(5 * i);
      for (std::size_t j = 0; j < sent.size(); ++j) sent[j] = static_cast<int>(j);
      must_hold(law, came[i] == sent, "input {} has sent {}\nwhat came in this order (seed {}): {}",
                i, sent, seed, came[i]);
    }
    must_hold("merge starts no goroutine", most <= before + 1,
              "while it ran there were {} more goroutines than before", most - before);
  };

  in_virtual_time([&] { merge_four(0); });
  must_come_to_rest(
      "while no open input has a value, merge is parked (law 4)",
      "it was still going round when a second of the processor's time was used up", [&] {
        for_each_seed(100, [&](std::uint64_t seed) {
          VirtualClock clock;
          run([&] { merge_four(seed); }, {.clock = &clock, .order = Order::random, .seed = seed});
        });
      });
}

}  // namespace
}  // namespace conclave
