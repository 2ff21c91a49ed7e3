// Exercise 2.3, in the order in which a reader gets it right.
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "counter.hpp"
#include "goroutines/goroutines.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

/// Adds `d`, unless that leads out of 0..10; takes `pause` for it.
Update add(int d, Duration pause = {}) {
  return [=](int old_value) -> std::optional<int> {
    if (pause != Duration::zero()) sleep_for(pause);
    const int sum = old_value + d;
    if (sum < 0 || sum > 10) return std::nullopt;
    return sum;
  };
}

/// "changed, 3", "refused, 3" or "no answer".
std::string text(const std::optional<Answer>& answer) {
  if (!answer) return "no answer";
  return fmt::format("{}, {}", answer->changed ? "changed" : "refused", answer->value);
}

/// What one caller has seen.
struct Call {
  std::string what;
  std::optional<Answer> by_update;  ///< what its own update has come to
  std::optional<Answer> answer;     ///< what update() has returned
  Duration took{};
  bool returned = false;

  [[nodiscard]] std::string line() const {
    return fmt::format("{:<12}  its update: {:<11}  update() returned: {}", what, text(by_update),
                       !returned ? "not yet" : text(answer));
  }
};

std::string lines(const std::vector<Call>& calls) {
  std::vector<std::string> all;
  for (const Call& call : calls) all.push_back(call.line());
  return fmt::format("{}", fmt::join(all, "\n"));
}

/// Calls update() with add(d, pause), and notes in `call` what came of it.
void make(Call& call, Counter& counter, int d, Duration pause = {}, const Context& context = {}) {
  call.what = fmt::format("add {}", d);
  const TimePoint begun = now();
  call.answer = counter.update(
      [&call, inner = add(d, pause)](int old_value) {
        const std::optional<int> changed = inner(old_value);
        call.by_update = Answer{changed.has_value(), changed.value_or(old_value)};
        return changed;
      },
      context);
  call.took = now() - begun;
  call.returned = true;
}

TEST(Counter, AnswersTheNewValue) {
  const Claim law = announce("an update that changes the value is answered by the new one");
  std::vector<std::string> answers;

  in_virtual_time([&] {
    Counter counter(1);
    Counter other(8);
    for (const int d : {2, 4, -7}) answers.push_back(text(counter.update(add(d))));
    answers.push_back(text(other.update(add(1))));
  });

  must_hold(
      law,
      answers == std::vector<std::string>{"changed, 3", "changed, 7", "changed, 0", "changed, 9"},
      "a counter at 1: add 2, add 4, add -7; then another one, at 8: add 1\nthe answers: {}",
      fmt::join(answers, "; "));
}

TEST(Counter, ARefusalAnswersTheOldValue) {
  const Claim law =
      announce("an update that refuses is answered by the old value, and changes nothing (law 2)");
  std::vector<std::string> answers;

  in_virtual_time([&] {
    Counter counter(6);
    for (const int d : {5, -7, 4, 1}) answers.push_back(text(counter.update(add(d))));
  });

  must_hold(
      law,
      answers == std::vector<std::string>{"refused, 6", "refused, 6", "changed, 10", "refused, 10"},
      "a counter at 6 that stays between 0 and 10: add 5, add -7, add 4, add 1\n"
      "the answers: {}",
      fmt::join(answers, "; "));
}

TEST(Counter, UpdatesOneAtATime) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "updates happen one at a time, each on the value that the one before has left (law 1)");
    std::vector<std::string> events;
    int final_value = 0;

    in_virtual_time(
        [&] {
          Counter counter(0);
          WaitGroup group;
          for (const char* name : {"ann", "bob", "cay"}) {
            group.go([&, name] {
              counter.update([&, name](int old_value) {
                events.push_back(fmt::format("{}'s update begins: it finds {}", name, old_value));
                sleep_for(10ms);
                events.push_back(
                    fmt::format("{}'s update ends:   it leaves {}", name, old_value + 1));
                return old_value + 1;
              });
            });
          }
          group.wait();
          final_value = counter.update(add(0)).value_or(Answer{}).value;
        },
        options);

    must_hold(law, final_value == 3,
              "three add 1 to a counter at 0, each by an update that parks\n{}\n"
              "afterwards it is {}",
              fmt::join(events, "\n"), final_value);
  });
}

TEST(Counter, EveryoneGetsTheirOwnAnswer) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("update() returns what came of its own update (law 3)");
    std::vector<Call> calls(6);

    in_virtual_time(
        [&] {
          Counter counter(5);
          WaitGroup group;
          const std::vector<int> steps = {3, -4, 4, 6, -9, -2};
          for (std::size_t i = 0; i < calls.size(); ++i) {
            group.go([&, i] { make(calls[i], counter, steps[i]); });
          }
          group.wait();
        },
        options);

    for (const Call& call : calls) {
      if (!must_hold(law, call.answer.has_value() && call.answer == call.by_update,
                     "six at once, on a counter at 5 that stays between 0 and 10\n{}",
                     lines(calls))) {
        return;
      }
    }
  });
}

TEST(Counter, WhoGivesUpIsFreeAtOnce) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("who waits for a place in the queue can give up (law 4)");
    std::vector<Call> calls(2);

    in_virtual_time(
        [&] {
          Counter counter(0);
          go([&] { make(calls[0], counter, 1, 1h, with_timeout({}, 20ms).context); });
          go([&] {
            sleep_for(5ms);  // the owner is busy with the first
            auto [context, cancel] = with_timeout({}, 10ms);
            make(calls[1], counter, 2, 0ms, context);
          });
          sleep_for(1h + 1s);
        },
        options);

    must_hold(
        law, calls[1].returned && !calls[1].answer && calls[1].took == 10ms,
        "somebody's update takes an hour; 5 ms later somebody else asks, and gives up after 10 ms\n"
        "its update() took {} ms and returned: {}",
        calls[1].took / 1ms, text(calls[1].answer));
    must_hold("who waits for an answer can give up (law 4)",
              calls[0].returned && !calls[0].answer && calls[0].took == 20ms,
              "an update takes an hour; who asked for it gives up after 20 ms\n"
              "its update() took {} ms and returned: {}",
              calls[0].took / 1ms, text(calls[0].answer));
  });
}

TEST(Counter, ServesThoseWhoComeAfterOneWhoGaveUp) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("those who come later get an answer, and their own (laws 3, 5)");
    std::vector<Call> calls(3);

    in_virtual_time(
        [&] {
          Counter counter(0);
          auto [context, cancel] = with_timeout({}, 20ms);
          make(calls[0], counter, 1, 100ms, context);
          WaitGroup group;
          group.go([&] { make(calls[1], counter, 2); });
          group.go([&] { make(calls[2], counter, 4); });
          group.wait();
        },
        options);

    for (std::size_t i : {1, 2}) {
      if (!must_hold(law, calls[i].answer.has_value() && calls[i].answer == calls[i].by_update,
                     "the first takes 100 ms and gives up after 20 ms; two others come then\n{}",
                     lines(calls))) {
        return;
      }
    }
  });
}

TEST(Counter, LeavesNobodyBehind) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a Counter that has ended leaves no goroutine behind (law 6)");
    std::size_t left = 0;

    in_virtual_time(
        [&] {
          {
            Counter unused(7);
            Counter counter(0);
            counter.update(add(1));
            auto [context, cancel] = with_timeout({}, 20ms);
            counter.update(add(1, 100ms), context);
          }
          sleep_for(1s);
          left = others_left();
        },
        options);

    must_hold(law, left == 0,
              "one Counter was never used, another has answered once, and once somebody gave up\n"
              "a second after both have ended, goroutines that are left: {}",
              left);
  });
}

}  // namespace
}  // namespace conclave
