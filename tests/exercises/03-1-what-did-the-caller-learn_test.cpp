// Exercise 3.1: each answer is held against all runs that look the same to the caller, whatever has happened in them.
// What is right is what those runs say; no answer stands here.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "programs.hpp"
#include "support/answers.hpp"
#include "testing/expect.hpp"

namespace conclave::rpc {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = 20;
constexpr std::uint64_t kSession = 1;

const Request kAdd{.verb = "add", .value = 1};
const Request kAddNumbered{.verb = "add", .value = 1, .number = 1};
const Request kSet{.verb = "set", .value = 7};

// What may go wrong, and nothing.
const Mishap kNone{};
const Mishap kNobodyListens{.nobody_listens = true};
const Mishap kLosesRequest{.loses_request = true};
const Mishap kLosesAnswer{.loses_answer = true};
const Mishap kKilledBefore{.killed = Killed::before_it_executes};
const Mishap kKilledAfter{.killed = Killed::after_it_has_executed};
const Mishap kSlow{.work = 150ms};
const Mishap kBusy{.is_busy = true};
const Mishap kHangsUp{.hangs_up = true};
const Mishap kLogIsFull{.log_is_full = true};
const std::array kMishaps = {kNone,         kNobodyListens, kLosesRequest, kLosesAnswer,
                             kKilledBefore, kKilledAfter,   kSlow,         kBusy,
                             kHangsUp,      kLogIsFull};

std::string seen;   // by the caller, in the run at hand
std::string story;  // of that run, as somebody tells it who sees everything

/// Adds a line to the story.
void note(std::string_view who, std::string_view what) {
  if (!story.empty()) story += '\n';
  story += fmt::format("t={:>4} ms  {:<7}  {}", now().time_since_epoch() / 1ms, who, what);
}

/// How a run went.
struct Outcome {
  std::string looks;  ///< to the caller
  std::string story;
  int counter = 0;  ///< in the end
};

/// Sends a request while something goes wrong; `again`, then once more, when nothing does any longer.
Outcome play(const Request& request, const Mishap& mishap, std::uint64_t seed, bool again) {
  seen.clear();
  story.clear();
  Outcome outcome;
  VirtualClock clock;
  run(
      [&] {
        World world{.network = MemoryNetwork(seed), .mishap = mishap};
        static_cast<void>(world.disk.sessions.open(kSession));
        const auto [stopped, stop] = with_cancel({});
        WaitGroup servers;
        const auto start = [&] { servers.go([&] { server(world, stopped); }); };

        if (!mishap.nobody_listens) start();
        client(world, request);
        outcome.looks = seen;
        if (again) {
          tell("caller", "sends it again, and all is well now");
          world.mishap = {};
          if (mishap.nobody_listens || mishap.killed != Killed::never) start();
          client(world, request);
        }
        sleep_for(1s);
        stop();
        servers.wait();
        outcome.counter = world.disk.counter;
        outcome.story = story;
      },
      {.clock = &clock});
  return outcome;
}

/// All runs of one request that look to the caller as one of them does.
class Alike {
 public:
  /// Plays the request under every mishap, and keeps what looks as under `mishap`.
  Alike(const Request& request, const Mishap& mishap, bool again) {
    const std::string looks = play(request, mishap, 1, again).looks;
    for (const Mishap& other : kMishaps) {
      for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Outcome outcome = play(request, other, seed, again);
        if (outcome.looks == looks) runs_.push_back(std::move(outcome));
      }
    }
  }

  [[nodiscard]] const std::vector<Outcome>& all() const { return runs_; }

  /// The first in which the counter ends at this number, or at another; null when there is none.
  [[nodiscard]] const Outcome* find(int counter, bool is) const {
    const auto found = std::ranges::find_if(
        runs_, [&](const Outcome& run) { return (run.counter == counter) == is; });
    return found == runs_.end() ? nullptr : &*found;
  }

 private:
  std::vector<Outcome> runs_;
};

/// The answers of the reader.
Answers answers() {
  std::vector<Question> questions;
  for (const char* id : {"never-sent", "request-lost", "reply-lost", "killed-before",
                         "killed-after", "slow", "refused", "cancelled", "internal"}) {
    questions.push_back({id, {"yes", "no", "unknown"}});
    questions.push_back({fmt::format("{}-again", id), {"yes", "no"}});
  }
  return {"3.1", questions};
}

constexpr std::string_view kKnows =
    "the caller knows what holds in all runs that look the same to it (Halpern, Moses 1990)";
constexpr std::string_view kMayRepeat =
    "a request may be sent again when in all runs that look the same the counter ends as after one";

/// Holds the answer about the first request against all runs that look the same to the caller.
bool judge_executed(const std::string& id, const Alike& runs, std::source_location place) {
  const std::string answer = answers().one(id);
  const Outcome* with = runs.find(0, false);
  const Outcome* without = runs.find(0, true);
  if (answer == "unknown") {
    return must_hold(Claim(kKnows, place), with != nullptr && without != nullptr,
                     "{}: you say 'unknown'\n{} runs look the same to the caller, and in this they "
                     "all end alike:\n{}",
                     id, runs.all().size(), runs.all().front().story);
  }
  const Outcome* against = answer == "yes" ? without : with;
  return must_hold(Claim(kKnows, place), against == nullptr,
                   "{}: you say '{}'\nthis run looks the same to the caller:\n{}", id, answer,
                   against == nullptr ? "" : against->story);
}

/// Holds the answer about sending it again against all runs that look the same to the caller.
void judge_again(const std::string& id, const Alike& runs, int after_one,
                 std::source_location place) {
  const std::string answer = answers().one(id);
  const Outcome* harmed = runs.find(after_one, false);
  if (answer == "no") {
    must_hold(Claim(kMayRepeat, place), harmed != nullptr,
              "{}: you say 'no'\n{} runs look the same to the caller, and in this they all end "
              "alike:\n{}",
              id, runs.all().size(), runs.all().front().story);
  } else {
    must_hold(Claim(kMayRepeat, place), harmed == nullptr,
              "{}: you say 'yes'\nthis run looks the same to the caller:\n{}", id,
              harmed == nullptr ? "" : harmed->story);
  }
}

/// Judges both answers about one run.
void judge(const std::string& id, const Request& request, const Mishap& mishap,
           std::source_location place = std::source_location::current()) {
  if (!judge_executed(id, Alike(request, mishap, false), place)) return;
  judge_again(id + "-again", Alike(request, mishap, true), request.value, place);
}

TEST(AnswersFile, CanBeRead) { static_cast<void>(answers()); }

TEST(Predict, NeverSent) { judge("never-sent", kAdd, kNobodyListens); }

TEST(Predict, RequestLost) { judge("request-lost", kAdd, kLosesRequest); }

TEST(Predict, ReplyLost) { judge("reply-lost", kSet, kLosesAnswer); }

TEST(Predict, KilledBefore) { judge("killed-before", kAdd, kKilledBefore); }

TEST(Predict, KilledAfter) { judge("killed-after", kAdd, kKilledAfter); }

TEST(Predict, Slow) { judge("slow", kAddNumbered, kSlow); }

TEST(Predict, Refused) { judge("refused", kAdd, kBusy); }

TEST(Predict, Cancelled) { judge("cancelled", kAdd, kHangsUp); }

TEST(Predict, Internal) { judge("internal", kAdd, kLogIsFull); }

}  // namespace

void see(std::string_view what) {
  seen += fmt::format("{}\n", what);
  note("caller", what);
}

void tell(std::string_view who, std::string_view what) { note(who, what); }

}  // namespace conclave::rpc
