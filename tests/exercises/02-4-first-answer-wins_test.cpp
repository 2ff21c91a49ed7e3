// Exercise 2.4, in the order in which a reader gets it right.
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "common/result.hpp"
#include "first_answer.hpp"
#include "goroutines/goroutines.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

/// What happened in a run, a line for each event.
std::vector<std::string> story;

void tell(const std::string& event) {
  story.push_back(fmt::format("t={:>4} ms  {}", now().time_since_epoch() / 1ms, event));
}

/// "answer b" or "unavailable: b is down".
std::string text(const Result<std::string>& result) {
  return result.ok() ? fmt::format("answer {}", *result) : to_string(result.status());
}

/// What a replica does when it is left alone, and after what time.
struct Plan {
  std::string name;
  Duration pause;
  bool works = true;
  bool answers_late = false;  ///< when it is told to hang up, its answer is on its way, and arrives
};

/// A replica that keeps to its plan, and hangs up within a millisecond.
Replica replica(const Plan& plan) {
  return [plan](const Context& context) -> Result<std::string> {
    const Status down = Status::unavailable(fmt::format("{} is down", plan.name));
    const bool told = select(recv(context.done()), timeout(plan.pause)) == 0;
    if (told) {
      tell(fmt::format("{} is told to hang up", plan.name));
      sleep_for(1ms);
    }
    Result<std::string> result =
        told && !plan.answers_late
            ? Result<std::string>(Status::cancelled(fmt::format("{} has hung up", plan.name)))
        : plan.works ? Result<std::string>(plan.name)
                     : Result<std::string>(down);
    tell(fmt::format("{} returns: {}", plan.name, text(result)));
    return result;
  };
}

/// How one call went.
struct Asked {
  std::string got;
  Duration took{};
  std::size_t left = 0;  ///< goroutines, when it had returned

  /// The story, for eyes.
  [[nodiscard]] std::string text() const { return fmt::format("{}", fmt::join(story, "\n")); }
};

/// Calls first_answer() inside a run.
Asked ask(const std::vector<Plan>& plans, const Context& context = {}) {
  std::vector<Replica> replicas;
  for (const Plan& plan : plans) replicas.push_back(replica(plan));
  const std::size_t others_before = num_goroutines() - 1;
  const TimePoint begun = now();
  Asked asked;
  asked.got = text(first_answer(context, replicas));
  asked.took = now() - begun;
  tell(fmt::format("first_answer returns: {}", asked.got));
  asked.left = others_left() - others_before;
  return asked;
}

/// The same in a run of its own.
Asked run_and_ask(const std::vector<Plan>& plans, const RunOptions& options = {}) {
  story.clear();
  Asked asked;
  in_virtual_time([&] { asked = ask(plans); }, options);
  return asked;
}

TEST(FirstAnswer, ComesFromTheFastest) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("all are asked at the same time, and the answer that comes first is returned");
    const Asked asked = run_and_ask({{"a", 30ms}, {"b", 10ms}, {"c", 20ms}}, options);

    must_hold(law, asked.got == "answer b" && asked.took < 40ms, "{}", asked.text());
  });
}

TEST(FirstAnswer, IsNoError) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "an error is no answer: as long as a replica may still answer, it is waited for (law 1)");
    const Asked asked = run_and_ask({{"a", 5ms, false}, {"b", 20ms}, {"c", 10ms, false}}, options);

    must_hold(law, asked.got == "answer b", "{}", asked.text());
  });
}

TEST(FirstAnswer, IsAnErrorWhenAllHaveFailed) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("when all have failed, the result is the error of one of them (law 2)");
    const Asked asked =
        run_and_ask({{"a", 5ms, false}, {"b", 20ms, false}, {"c", 10ms, false}}, options);

    must_hold(law, asked.got.starts_with("unavailable: "), "{}", asked.text());
  });
}

TEST(FirstAnswer, LeavesNobodyBehind) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "when first_answer has returned, all replicas have, and no goroutine is left (law 4)");
    const Asked asked = run_and_ask({{"a", 30ms}, {"b", 10ms}, {"c", 20ms}}, options);

    must_hold(law, asked.left == 0, "{}\ngoroutines that are left then: {}", asked.text(),
              asked.left);
  });
}

TEST(FirstAnswer, TellsTheOthersToHangUp) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("when the answer has come, the others are told to hang up (law 3)");
    const Asked asked = run_and_ask({{"a", 9s}, {"b", 10ms}, {"c", 8s}}, options);

    must_hold(law, asked.got == "answer b" && asked.took <= 12ms,
              "{}\nit took {} ms, and to hang up takes 1", asked.text(), asked.took / 1ms);
  });
}

TEST(FirstAnswer, StaysTheFirst) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "the answer that comes first is returned, also when others arrive while they hang up");
    const Asked asked =
        run_and_ask({{"a", 20ms, true, true}, {"b", 10ms}, {"c", 20ms, true, true}}, options);

    must_hold(law, asked.got == "answer b", "{}", asked.text());
  });
}

TEST(FirstAnswer, EndsWithTheContextOfItsCaller) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("when the caller's context ends, all replicas are told to hang up (laws 4, 5)");
    story.clear();
    Asked asked;

    in_virtual_time(
        [&] {
          auto [context, cancel] = with_timeout({}, 5ms);
          asked = ask({{"a", 9s}, {"b", 8s}, {"c", 2ms, false}}, context);
        },
        options);

    must_hold(law, !asked.got.starts_with("answer") && asked.took <= 7ms && asked.left == 0,
              "the caller has 5 ms\n{}\nit took {} ms, and to hang up takes 1; goroutines that are "
              "left then: {}",
              asked.text(), asked.took / 1ms, asked.left);
  });
}

TEST(FirstAnswer, KeepsCallsApart) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("every call has answers of its own, one after the other and at the same time");
    story.clear();
    std::vector<std::string> got;

    in_virtual_time(
        [&] {
          got.push_back(ask({{"a", 10ms}, {"b", 20ms, true, true}}).got);
          got.push_back(ask({{"c", 20ms}, {"d", 10ms}}).got);
          Asked left;
          Asked right;
          WaitGroup both;
          both.go([&] { left = ask({{"e", 10ms}, {"f", 25ms}}); });
          both.go([&] { right = ask({{"g", 30ms}, {"h", 15ms}}); });
          both.wait();
          got.push_back(left.got);
          got.push_back(right.got);
        },
        options);

    must_hold(law, got == std::vector<std::string>{"answer a", "answer d", "answer e", "answer h"},
              "{}\nwanted were the answers a and d, then at the same time e and h\ngot: {}",
              fmt::join(story, "\n"), fmt::join(got, "; "));
  });
}

}  // namespace
}  // namespace conclave
