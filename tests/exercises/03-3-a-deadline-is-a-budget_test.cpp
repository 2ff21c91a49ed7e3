// Exercise 3.3: the laws of quote.hpp, in the order in which a reader gets them right.
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
#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "quote.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kForEver = 0;

const Result<std::string> kInStock = "3 left";
const Result<std::string> kPrice = "20 euros";
const Result<std::string> kUnavailable = Status::unavailable("it restarts");
const Result<std::string> kNotFound = Status::not_found("there is no such thing");

TimePoint arrival;               // of the request
std::vector<std::string> story;  // of a run, a line for each event

std::string time_text(Duration time) {
  return fmt::format("{:.4g} ms", std::chrono::duration<double, std::milli>(time).count());
}

void tell(const std::string& event) {
  story.push_back(fmt::format("t={:>10}  {}", time_text(now() - arrival), event));
}

std::string text(const Result<std::string>& result) {
  return result.ok() ? fmt::format("'{}'", *result) : fmt::format("{}", result.status().code());
}

/// What a service does when it is called.
struct Turn {
  Duration takes;
  Result<std::string> result;
  bool can_be_told = true;  ///< else it goes on when its context has ended, and answers
};

/// What a service was given.
struct Called {
  std::string who;
  Duration at{};  ///< since the request came
  std::int64_t timeout_us = 0;
  std::optional<Duration> until{};  ///< when it returned
};

std::vector<Called> calls;

/// A service that keeps to its plan: one turn for each call, and the last again and again.
class Played final : public Service {
 public:
  Played(std::string name, std::vector<Turn> turns)
      : name_(std::move(name)), turns_(std::move(turns)) {}

  Result<std::string> call(const Context& context, const Request& request) override {
    const std::size_t which = calls.size();
    calls.push_back({.who = name_, .at = now() - arrival, .timeout_us = request.timeout_us});
    tell(fmt::format("{} is called, with {} us", name_, request.timeout_us));
    const Turn turn = turns_[std::min(called_++, turns_.size() - 1)];
    if (!turn.can_be_told) sleep_for(turn.takes);
    const bool is_told = turn.can_be_told && select(recv(context.done()), timeout(turn.takes)) == 0;
    calls[which].until = now() - arrival;
    tell(fmt::format("{} {}", name_, is_told ? "is told to stop" : "returns " + text(turn.result)));
    if (is_told) return context.status();
    return turn.result;
  }

 private:
  std::string name_;
  std::vector<Turn> turns_;
  std::size_t called_ = 0;
};

/// How a request went.
struct Ran {
  Result<std::string> result = Status::unknown("it did not return");
  Duration took{};
  std::vector<Called> calls{};

  /// The story, for eyes.
  [[nodiscard]] std::string text() const { return fmt::format("{}", fmt::join(story, "\n")); }

  /// How many calls there were.
  [[nodiscard]] std::size_t count(std::string_view who) const {
    return static_cast<std::size_t>(std::ranges::count(calls, who, &Called::who));
  }
};

/// What one request meets.
struct Setting {
  std::int64_t timeout_us = kForEver;
  std::vector<Turn> stock = {{10ms, kInStock}};
  std::vector<Turn> prices = {{10ms, kPrice}};
  std::optional<Duration> hangs_up_after{};
};

/// Sends one request, an hour after the clock has begun.
Ran send(const Setting& setting, const RunOptions& options = {}) {
  story.clear();
  calls.clear();
  Ran ran;
  in_virtual_time(
      [&] {
        sleep_for(1h);
        arrival = now();
        Played stock("stock", setting.stock);
        Played prices("prices", setting.prices);
        CancellableContext connection = with_cancel({});
        if (setting.hangs_up_after) {
          go([&] {
            sleep_for(*setting.hangs_up_after);
            tell("the sender hangs up");
            connection.cancel();
          });
        }

        tell(setting.timeout_us == kForEver
                 ? "a request comes, which may take for ever"
                 : fmt::format("a request comes, with {} us", setting.timeout_us));
        ran.result = quote(connection.context, {.order = "tea", .timeout_us = setting.timeout_us},
                           stock, prices);
        ran.took = now() - arrival;
        tell("quote returns " + text(ran.result));
        ran.calls = calls;
        sleep_for(20s);  // the services of a run outlive their calls
      },
      options);
  return ran;
}

/// What is wrong with what a call was given: it must be what is left, never more, and nine tenths of it or more (law 2).
/// Empty when nothing is.
std::string wrong_budget(const Called& call, std::int64_t timeout_us) {
  const std::int64_t left_us = timeout_us - (call.at + 999ns) / 1us;
  const std::int64_t given_us = call.timeout_us;
  if (given_us <= left_us && given_us >= left_us - left_us / 10 && given_us >= 1) return "";
  const char* what = given_us == kForEver    ? "no deadline"
                     : given_us < 0          ? "less than nothing"
                     : given_us < left_us    ? "too little"
                     : given_us < timeout_us ? "too much"
                     : given_us > timeout_us ? "more than the request ever had"
                                             : "as much as if the request came only now";
  return fmt::format("{} was given {}: {} us, and {} are left", call.who, what, given_us, left_us);
}

/// The first call that was given something else than what is left; empty when there is none.
std::string wrong_budget(const Ran& ran, std::int64_t timeout_us) {
  for (const Called& call : ran.calls) {
    if (std::string wrong = wrong_budget(call, timeout_us); !wrong.empty()) return wrong;
  }
  return "";
}

TEST(Quote, AsksBothAndAnswers) {
  const Claim law = announce("stock is asked, then prices, and the result is both answers");
  const Ran ran = send({});

  must_hold(law, ran.result.ok() && *ran.result == "3 left at 20 euros" && ran.calls.size() == 2,
            "{}", ran.text());
  must_hold("when a request may take for ever, so may its calls (law 2)",
            std::ranges::all_of(ran.calls, [](auto& call) { return call.timeout_us == kForEver; }),
            "{}", ran.text());
}

TEST(Quote, HandsDownWhatIsLeft) {
  const Claim law =
      announce("a call is given what is left of its request's time (law 2; gRPC, \"Deadlines\")");
  const Ran ran = send({.timeout_us = 100'000, .stock = {{40ms, kInStock}}});
  const std::string wrong = wrong_budget(ran, 100'000);

  must_hold(law, wrong.empty() && ran.calls.size() == 2, "{}\n{}", wrong, ran.text());
}

TEST(Quote, AsksAgainWithinTheSameBudget) {
  const Claim law = announce("attempts share one budget: each is given what is left (law 2)");
  const Ran ran = send({.timeout_us = 100'000,
                        .prices = {{15ms, kUnavailable}, {15ms, kUnavailable}, {5ms, kPrice}}});
  const std::string wrong = wrong_budget(ran, 100'000);

  must_hold("after unavailable prices is asked again, 10 ms later (law 1)",
            ran.result.ok() && ran.count("prices") == 3 && ran.took == 65ms, "{}", ran.text());
  must_hold(law, wrong.empty(), "{}\n{}", wrong, ran.text());
}

TEST(Quote, AsksAgainOnlyWhereThatMayHelp) {
  const Claim law = announce("prices is asked again after unavailable, three times in all (law 1)");
  const Ran unknown_thing = send({.prices = {{5ms, kNotFound}, {5ms, kPrice}}});
  must_hold(law, unknown_thing.count("prices") == 1, "{}", unknown_thing.text());

  const Ran no_stock = send({.stock = {{5ms, kUnavailable}, {5ms, kInStock}}});
  must_hold("stock is asked once, and its error is the result (law 1)",
            no_stock.calls.size() == 1 && no_stock.result.status().code() == Code::unavailable,
            "{}", no_stock.text());

  const Ran down = send({.prices = {{5ms, kUnavailable}}});
  must_hold(law,
            down.count("prices") == 3 && down.result.status().code() == Code::unavailable &&
                down.took == 45ms,
            "{}", down.text());
}

/// A request for which it is too late, before its second call or before any.
void starts_no_call(const Setting& setting, std::size_t calls_max, Duration took_max) {
  const Claim law = announce("nothing is started late: no call when the time is up (law 3)");
  const Ran ran = send(setting);

  must_hold(law,
            ran.calls.size() <= calls_max && ran.took <= took_max &&
                ran.result.status().code() == Code::deadline_exceeded,
            "{}", ran.text());
}

TEST(Quote, StartsNoCallForARequestThatIsLate) { starts_no_call({.timeout_us = -5'000}, 0, 0ms); }

TEST(Quote, StartsNoCallWhenTheTimeIsUp) {
  // This stock cannot be told, and answers 20 ms after the deadline; this one at the deadline.
  starts_no_call({.timeout_us = 100'000, .stock = {{120ms, kInStock, false}}}, 1, 120ms);
  starts_no_call({.timeout_us = 100'000, .stock = {{100ms, kInStock, false}}}, 1, 100ms);
}

TEST(Quote, StartsNoCallInTheLastMicrosecond) {
  // On the wire, half a microsecond is 0.
  starts_no_call({.timeout_us = 100'000, .stock = {{100ms - 500ns, kInStock}}}, 1, 100ms);
}

TEST(Quote, StartsNoPauseThatLastsTooLong) {
  const Claim law = announce(
      "no pause is begun that lasts until the deadline: the error is returned at once (law 3)");
  const Ran ran = send({.timeout_us = 100'000, .prices = {{82ms, kUnavailable}}});

  must_hold(law, ran.took == 92ms && ran.result.status().code() == Code::unavailable, "{}",
            ran.text());
}

TEST(Quote, EndsAtItsDeadline) {
  const Claim law = announce("at the deadline the call under way is told to stop (law 4)");
  const Ran in_stock = send({.timeout_us = 100'000, .stock = {{9s, kInStock}}});
  must_hold(law,
            in_stock.took == 100ms && in_stock.calls.size() == 1 &&
                in_stock.result.status().code() == Code::deadline_exceeded,
            "{}", in_stock.text());

  const Ran in_prices =
      send({.timeout_us = 100'000, .prices = {{5ms, kUnavailable}, {9s, kPrice}}});
  must_hold(law,
            in_prices.took == 100ms && in_prices.result.status().code() == Code::deadline_exceeded,
            "{}", in_prices.text());
}

/// A sender who hangs up at this time.
void ends_with_its_sender(const Setting& setting) {
  in_every_order([&](const RunOptions& options) {
    const Claim law = announce(
        "when the sender hangs up nothing more is started, and what runs is told to stop (law 5)");
    const Ran ran = send(setting, options);

    const bool none_later = std::ranges::all_of(
        ran.calls, [&](const Called& call) { return call.at < *setting.hangs_up_after; });
    must_hold(law, none_later && ran.took == *setting.hangs_up_after && !ran.result.ok(), "{}",
              ran.text());
  });
}

TEST(Quote, EndsWithItsSenderInACall) {
  ends_with_its_sender({.stock = {{9s, kInStock}}, .hangs_up_after = 35ms});
  ends_with_its_sender({.timeout_us = 100'000, .prices = {{9s, kPrice}}, .hangs_up_after = 35ms});
}

TEST(Quote, EndsWithItsSenderInAPause) {
  ends_with_its_sender({.prices = {{20ms, kUnavailable}}, .hangs_up_after = 35ms});
}

/// What a run has done against the laws; empty when nothing.
std::string broken_law(const Setting& setting, const Ran& ran) {
  const Duration deadline = setting.timeout_us * 1us;
  const Duration end = std::min(deadline, setting.hangs_up_after.value_or(deadline));
  for (const Called& call : ran.calls) {
    const std::string which = fmt::format("the call of {} at {}", call.who, time_text(call.at));
    if (call.at > end) return which + " was started late";
    if (std::string wrong = wrong_budget(call, setting.timeout_us); !wrong.empty()) return wrong;
    if (!call.until) return which + " has not returned";
  }
  if (ran.took > end) return "quote returned late";
  return "";
}

TEST(Quote, KeepsEveryLawInEverySetting) {
  for_each_seed(200, [](std::uint64_t seed) {
    const Claim law = announce("the laws hold whatever the services do");
    Random random(seed);
    const auto turn = [&](const Result<std::string>& answer) {
      const Result<std::string> result = random.chance(0.5)   ? kUnavailable
                                         : random.chance(0.1) ? kNotFound
                                                              : answer;
      return Turn{random.between(1, 60'000) * 1us, result};
    };
    Setting setting{.timeout_us = random.between(1, 120'000),
                    .stock = {{random.between(1, 60'000) * 1us, kInStock}},
                    .prices = {turn(kPrice), turn(kPrice), turn(kPrice)}};
    if (random.chance(0.3)) setting.hangs_up_after = random.between(1, 120'000) * 1us + 1ns;

    const Ran ran = send(setting);
    const std::string broken = broken_law(setting, ran);

    must_hold(law, broken.empty(), "{}\n{}", broken, ran.text());
  });
}

}  // namespace
}  // namespace conclave
