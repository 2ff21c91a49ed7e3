// Exercise 2.9: the laws of context_tree.hpp, in the order in which a reader gets them right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "context_tree.hpp"
#include "goroutines/goroutines.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave::own {
namespace {

using namespace std::chrono_literals;

/// A clock that jumps, and notes where it has stopped.
class NotingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_; }

  bool jump_to(TimePoint next) noexcept override {
    now_ = next;
    stops_.push_back(next.time_since_epoch() / 1min);
    return true;
  }

  /// In minutes.
  [[nodiscard]] const std::vector<std::int64_t>& stops() const { return stops_; }

 private:
  TimePoint now_{};
  std::vector<std::int64_t> stops_;
};

/// Runs `body` as the main goroutine, on a clock that jumps; returns where the clock stopped, in minutes.
std::vector<std::int64_t> in_virtual_time(const std::function<void()>& body) {
  NotingClock clock;
  run(body, {.clock = &clock});
  return clock.stops();
}

TimePoint at(Duration time) { return TimePoint(time); }

/// Lets those who are ready run; time stands still.
void let_the_others_run() {
  for (int i = 0; i < 10; ++i) yield();
}

const Status kHungUp = Status::cancelled("the caller hung up");
const Status kTooMany = Status::cancelled("too many requests");

bool ended(const Context& context) { return context.done().try_recv().closed; }

/// "goes on", or "ended: the caller hung up"; also when done() and cause() do not agree.
std::string state_of(const Context& context) {
  const Status cause = context.cause();
  if (ended(context) != !cause.ok()) {
    return fmt::format("done is {} and cause is {}", ended(context) ? "closed" : "open", cause);
  }
  if (cause.ok()) return "goes on";
  if (cause.code() == Code::deadline_exceeded) return "ended: deadline";
  return fmt::format("ended: {}", cause.message());
}

using States = std::vector<std::string>;

States states_of(const std::vector<Context>& contexts) {
  States states;
  for (const Context& context : contexts) states.push_back(state_of(context));
  return states;
}

std::string joined(const States& states) { return fmt::format("{}", fmt::join(states, " · ")); }

TEST(ContextTree, CancelEndsAContext) {
  in_virtual_time([] {
    const Claim law = announce("cancel ends the context: done is closed, and cause says why");
    const auto request = with_cancel(Context());

    const std::string before = state_of(request.context);
    request.cancel(kHungUp);
    const std::string after = state_of(request.context);

    must_hold(law, before == "goes on" && after == "ended: the caller hung up",
              "before the call: {}\nafter it: {}", before, after);
    must_hold("the background never ends", !Context().done() && Context().cause().ok(),
              "its done() is {}, its cause {}", Context().done() ? "a channel" : "nil",
              Context().cause());
  });
}

TEST(ContextTree, TheFirstCauseStays) {
  in_virtual_time([] {
    const Claim law = announce("a context ends once, with the cause that came first (law 1)");
    const auto request = with_cancel(Context());

    request.cancel(kHungUp);
    request.cancel(kTooMany);

    must_hold(
        law, state_of(request.context) == "ended: the caller hung up",
        "it was cancelled because the caller hung up, and again because of too many requests\n{}",
        state_of(request.context));
  });
}

TEST(ContextTree, WhatIsBelowEndsToo) {
  in_virtual_time([] {
    const Claim law =
        announce("when a context ends all below it have ended, when cancel returns (law 2)");
    const auto server = with_cancel(Context());
    const auto request = with_cancel(server.context);
    const auto neighbour = with_cancel(server.context);
    const auto backend = with_cancel(request.context);
    const auto other_backend = with_cancel(request.context);
    const auto cache = with_cancel(backend.context);

    request.cancel(kHungUp);
    const States below =
        states_of({request.context, backend.context, other_backend.context, cache.context});
    const States others = states_of({server.context, neighbour.context});

    must_hold(law, below == States(4, "ended: the caller hung up"),
              "server > request > backend > cache, and request > other backend\n"
              "the request was cancelled; request, backend, other backend and cache:\n{}",
              joined(below));
    must_hold("its parent and its siblings go on (law 2)", others == States(2, "goes on"),
              "server > request, and server > neighbour; the request was cancelled\n"
              "server and neighbour: {}",
              joined(others));
  });
}

TEST(ContextTree, WakesEverybodyWhoWaits) {
  in_virtual_time([] {
    const Claim law = announce("everybody who waits for done() goes on when the context ends");
    const auto request = with_cancel(Context());
    const auto backend = with_cancel(request.context);
    std::vector<std::string> woke;
    for (int i = 0; i < 3; ++i) {
      go([&, done = backend.context.done()] {
        done.recv();
        woke.push_back(fmt::format("{}", now().time_since_epoch() / 1min));
      });
    }

    sleep_for(7min);
    request.cancel(kHungUp);
    sleep_for(1min);

    must_hold(law, woke == std::vector<std::string>(3, "7"),
              "three goroutines wait, and after 7 min the context above is cancelled\n"
              "{} of them went on, at minute {}",
              woke.size(), fmt::join(woke, ", "));
  });
}

TEST(ContextTree, BelowAnEndedOneNothingBegins) {
  in_virtual_time([] {
    const Claim law =
        announce("a context below one that has ended has ended from the start (law 4)");
    const auto request = with_cancel(Context());
    request.cancel(kHungUp);

    const auto late = with_cancel(request.context);
    const auto later = with_deadline(late.context, at(1h));
    const States states = states_of({late.context, later.context});

    must_hold(law, states == States(2, "ended: the caller hung up"),
              "the request was cancelled, then a child and a grandchild were derived\n{}",
              joined(states));
  });
}

TEST(ContextTree, ADeadlineEndsAContext) {
  in_virtual_time([] {
    const Claim law = announce("a context whose deadline has passed has ended from the start");
    const auto server = with_cancel(Context());
    const auto request = with_deadline(server.context, at(10min));
    const auto backend = with_cancel(request.context);
    const auto past = with_deadline(server.context, at(0min));
    const std::vector contexts = {server.context, request.context, backend.context};

    const std::string of_past = state_of(past.context);
    sleep_for(9min);
    const States before = states_of(contexts);
    sleep_for(1min);
    let_the_others_run();
    const States after = states_of(contexts);

    must_hold(law, of_past == "ended: deadline",
              "at 0 min a context was made with deadline 0 min\n{}", of_past);
    must_hold("a context ends at its deadline, with all below it, and not before (law 3)",
              before == States(3, "goes on") &&
                  after == States{"goes on", "ended: deadline", "ended: deadline"},
              "server > request > backend, and the request's deadline is 10 min\n"
              "after 9 min:  {}\nafter 10 min: {}",
              joined(before), joined(after));
  });
}

TEST(ContextTree, TheEarlierDeadlineCounts) {
  in_virtual_time([] {
    const Claim law =
        announce("a context ends at its deadline or its parent's, whichever comes first (law 3)");
    const auto short_one = with_deadline(Context(), at(10min));
    const auto long_below = with_deadline(short_one.context, at(20min));
    const auto long_one = with_deadline(Context(), at(20min));
    const auto short_below = with_deadline(long_one.context, at(10min));
    const std::vector contexts = {long_below.context, long_one.context, short_below.context};

    sleep_for(15min);
    const States states = states_of(contexts);

    must_hold(law, states == States{"ended: deadline", "goes on", "ended: deadline"},
              "20 min below 10 min; 20 min; and 10 min below that\nafter 15 min: {}",
              joined(states));
  });
}

TEST(ContextTree, LeavesNoTimer) {
  const Claim law = announce("no timer runs for a context that has ended (law 5)");
  const auto stops = in_virtual_time([] {
    const auto server = with_cancel(Context());
    const auto request = with_deadline(server.context, at(30min));
    const auto neighbour = with_deadline(Context(), at(40min));
    const auto backend = with_deadline(neighbour.context, at(35min));

    sleep_for(1min);
    server.cancel(kHungUp);
    neighbour.cancel(kHungUp);
    sleep_for(60min);
  });

  must_hold(law, stops == std::vector<std::int64_t>{1, 61},
            "contexts with deadlines of 30, 35 and 40 min have ended after 1 min\n"
            "the clock had to stop at minutes {}",
            fmt::join(stops, ", "));
}

TEST(ContextTree, LeavesNoNode) {
  in_virtual_time([] {
    const Claim law = announce(
        "a context that has ended and has no handles is gone, while its parent lives (law 5)");
    const auto server = with_cancel(Context());
    const std::size_t before = num_goroutines();
    std::vector<std::weak_ptr<Node>> nodes;
    for (int i = 0; i < 100; ++i) {
      const auto request = with_deadline(server.context, at(1h));
      const auto backend = with_cancel(request.context);
      nodes.emplace_back(request.context.node);
      nodes.emplace_back(backend.context.node);
      request.cancel(kTooMany);
    }
    let_the_others_run();

    const auto alive =
        std::ranges::count_if(nodes, [](const auto& node) { return !node.expired(); });
    const std::size_t more = num_goroutines() - before;
    must_hold(law, alive == 0 && more == 0,
              "100 requests with a backend each have ended below a server that goes on\n"
              "of their 200 nodes {} are still there, and {} goroutines",
              alive, more);
  });
}

TEST(ContextTree, LeavesNoNodeWhenADeadlineHasPassed) {
  in_virtual_time([] {
    const Claim law =
        announce("a context that its deadline has ended leaves nothing behind either (law 5)");
    const auto server = with_cancel(Context());
    std::vector<std::weak_ptr<Node>> nodes;
    {
      const auto request = with_deadline(server.context, at(10min));
      const auto backend = with_deadline(request.context, at(20min));
      nodes = {request.context.node, backend.context.node};
      sleep_for(15min);
    }
    let_the_others_run();

    const auto alive =
        std::ranges::count_if(nodes, [](const auto& node) { return !node.expired(); });
    must_hold(law, alive == 0,
              "the request's deadline was 10 min, its backend's 20 min; after 15 min their handles "
              "are gone\n{} of the two nodes are still there",
              alive);
  });
}

/// What the laws say, in the simplest words: every context asks its ancestors.
struct Model {
  struct Entry {
    std::size_t parent;
    std::string state = "goes on";
  };
  std::vector<Entry> entries;

  void end(std::size_t which, const std::string& why) {
    if (entries[which].state != "goes on") return;
    entries[which].state = why;
    for (std::size_t i = which + 1; i < entries.size(); ++i) {
      if (entries[i].parent == which) end(i, why);
    }
  }
};

TEST(ContextTree, EveryTreeEndsAsTheLawsSay) {
  for_each_seed(100, [](std::uint64_t seed) {
    in_virtual_time([&] {
      const Claim law = announce("in a random tree every context ends when the laws say so");
      Random random(seed);
      Model model;
      std::vector<Cancellable> contexts;
      std::vector<std::optional<Duration>> deadlines;
      std::string story;
      for (int step = 1; step <= 40; ++step) {
        const std::size_t other = contexts.empty() ? 0 : random.below(contexts.size());
        if (contexts.empty() || random.chance(0.6)) {
          const bool from_background = contexts.empty() || random.chance(0.1);
          const Context parent = from_background ? Context() : contexts[other].context;
          const std::size_t parent_index = from_background ? SIZE_MAX : other;
          model.entries.push_back({parent_index});
          if (!from_background) model.entries.back().state = model.entries[other].state;
          deadlines.emplace_back();
          if (random.chance(0.5)) {
            deadlines.back() = (step + random.between(1, 20)) * 1min + 30s;
            contexts.push_back(with_deadline(parent, at(*deadlines.back())));
          } else {
            contexts.push_back(with_cancel(parent));
          }
        } else {
          const std::string why = fmt::format("step {}", step);
          contexts[other].cancel(Status::cancelled(why));
          model.end(other, "ended: " + why);
          story = fmt::format("last, context {} was cancelled at {} min", other, step - 1);
        }
        sleep_for(1min);
        // Deadlines lie at half minutes; equal ones end with the same words.
        for (std::size_t i = 0; i < contexts.size(); ++i) {
          if (deadlines[i] && at(*deadlines[i]) <= now()) model.end(i, "ended: deadline");
        }
        for (std::size_t i = 0; i < contexts.size(); ++i) {
          const std::string state = state_of(contexts[i].context);
          if (!must_hold(law, state == model.entries[i].state,
                         "of {} contexts number {}, below number {}, after {} min: {}\n"
                         "the laws say: {}; {}",
                         contexts.size(), i,
                         model.entries[i].parent == SIZE_MAX
                             ? "none"
                             : fmt::format("{}", model.entries[i].parent),
                         step, state, model.entries[i].state, story)) {
            return;
          }
        }
      }
    });
  });
}

}  // namespace
}  // namespace conclave::own
