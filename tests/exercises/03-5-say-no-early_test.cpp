// Exercise 3.5, in the order in which a reader gets it right.  Work is counted in virtual time.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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
#include "front_desk.hpp"
#include "goroutines/goroutines.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

constexpr int kHandlers = 4;
constexpr Duration kWork = 10ms;
constexpr Duration kPatience = 100ms;

/// A call, and what became of it.
struct Caller {
  TimePoint came{};
  std::optional<TimePoint> begun{};
  std::optional<TimePoint> done{};
  std::optional<TimePoint> answered{};
  Status status{};
  Duration work{};

  [[nodiscard]] bool in_time() const { return done && *done - came <= kPatience; }
  [[nodiscard]] bool refused_at_once() const {
    return answered == came && status.code() == Code::resource_exhausted;
  }
};

/// "ok after 20 ms", "resource_exhausted after 0 ms", "waits" or "is served".
std::string fate_of(const Caller& caller) {
  if (!caller.answered) return caller.begun ? "is served" : "waits";
  return fmt::format("{} after {} ms", caller.status.code(),
                     (*caller.answered - caller.came) / 1ms);
}

/// "4 × ok after 10 ms, 4 × ok after 20 ms".
std::string tally(const std::vector<std::string>& fates) {
  std::map<std::string, int> count;
  for (const std::string& fate : fates) ++count[fate];
  std::vector<std::string> lines;
  lines.reserve(count.size());
  for (const auto& [fate, times] : count) lines.push_back(fmt::format("{} × {}", times, fate));
  return fmt::format("{}", fmt::join(lines, ", "));
}

/// A desk before four handlers, and those who come to it.
class House {
 public:
  /// Somebody comes now, and is patient as long as `context` is.
  std::shared_ptr<Caller> comes(const Context& context, Duration work = kWork) {
    const auto caller = std::make_shared<Caller>();
    caller->came = now();
    caller->work = work;
    callers_.push_back(caller);
    go([this, caller, context] {
      caller->status = desk_.serve(context, [this, &caller] {
        caller->begun = now();
        most_ = std::max(most_, ++at_work_);
        sleep_for(caller->work);
        --at_work_;
        caller->done = now();
      });
      caller->answered = now();
    });
    return caller;
  }

  /// The same, with a deadline after kPatience.
  std::shared_ptr<Caller> comes(Duration work = kWork) {
    limits_.push_back(with_timeout({}, kPatience));
    return comes(limits_.back().context, work);
  }

  /// So many come at once.
  void come(int count) {
    for (int i = 0; i < count; ++i) comes();
  }

  [[nodiscard]] const std::vector<std::shared_ptr<Caller>>& callers() const { return callers_; }
  /// How many callers are as `asked`.
  [[nodiscard]] std::int64_t count(const std::function<bool(const Caller&)>& asked) const {
    return std::ranges::count_if(callers_, [&](const auto& caller) { return asked(*caller); });
  }
  /// How many pieces of work were done at the same time, at most.
  [[nodiscard]] int most() const { return most_; }
  [[nodiscard]] std::size_t waiting() const { return desk_.waiting(); }

 private:
  FrontDesk desk_{kHandlers, kWork, kPatience};
  std::vector<CancellableContext> limits_;
  std::vector<std::shared_ptr<Caller>> callers_;
  int at_work_ = 0;
  int most_ = 0;
};

/// Lets all who can run do so; a microsecond passes.
void let_the_others_run() { sleep_for(1us); }

TEST(FrontDesk, ServesWhoeverComes) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("when a handler is idle, the work of a call is done at once");
    std::string fate;

    in_virtual_time(
        [&] {
          House house;
          const auto caller = house.comes();
          sleep_for(1s);
          fate = fate_of(*caller);
        },
        options);

    must_hold(law, fate == "ok after 10 ms", "one call, whose work takes 10 ms: {}", fate);
  });
}

TEST(FrontDesk, AllHandlersWorkAndNoMore) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("as many pieces of work are done at a time as there are handlers (law 1)");
    std::vector<std::string> fates;
    int most = 0;

    in_virtual_time(
        [&] {
          House house;
          house.come(8);
          sleep_for(1s);
          for (const auto& caller : house.callers()) fates.push_back(fate_of(*caller));
          most = house.most();
        },
        options);

    must_hold(law,
              most == 4 && std::ranges::count(fates, "ok after 10 ms") == 4 &&
                  std::ranges::count(fates, "ok after 20 ms") == 4,
              "4 handlers, and 8 calls at once, of 10 ms each; at the same time were done: {}\n{}",
              most, tally(fates));
  });
}

TEST(FrontDesk, TheFirstToComeIsNext) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("the call that has waited longest is next (law 1)");
    std::vector<std::int64_t> waited;

    in_virtual_time(
        [&] {
          House house;
          for (int i = 0; i < 16; ++i) {
            house.comes();
            sleep_for(1ms);
          }
          sleep_for(1s);
          for (const auto& caller : house.callers()) {
            waited.push_back(caller->begun ? (*caller->begun - caller->came) / 1ms : -1);
          }
        },
        options);

    must_hold(
        law,
        waited == std::vector<std::int64_t>{0, 0, 0, 0, 6, 6, 6, 6, 12, 12, 12, 12, 18, 18, 18, 18},
        "4 handlers, work of 10 ms, and a call each millisecond\n"
        "they wait 0, 0, 0, 0, 6, 6, 6, 6, 12 ms and so on; here it was (-1: never served)\n{}",
        fmt::join(waited, ", "));
  });
}

TEST(FrontDesk, ABurstIsNotRefused) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "half as many calls as can be answered in time are served when they come at once (law 3)");
    std::int64_t served = 0;
    std::int64_t refused = 0;

    in_virtual_time(
        [&] {
          House house;
          house.come(20);
          sleep_for(1s);
          served = house.count([](const Caller& caller) { return caller.in_time(); });
          refused = house.count(
              [](const Caller& caller) { return caller.answered && !caller.status.ok(); });
        },
        options);

    must_hold(law, served == 20,
              "4 handlers, work of 10 ms, a patience of 100 ms: 40 can be answered in time\n"
              "20 come at once to an idle desk; answered in time: {}, refused: {}",
              served, refused);
  });
}

/// What a desk did with more than it could.
struct Account {
  Duration asked{};
  Duration in_time{};
  Duration late{};
  std::int64_t refused = 0;
};

/// Lets calls come for three seconds, with `load` times the work that the handlers can do.
/// @param random   null for calls that come as a clock ticks, with work that always takes the longest
Account under_load(int load, Random* random, const RunOptions& options) {
  Account account;
  in_virtual_time(
      [&] {
        House house;
        const TimePoint end = now() + 3s;
        while (now() < end) {
          const Duration work =
              random == nullptr ? kWork : std::chrono::microseconds(random->between(5000, 10000));
          house.comes(work);
          const Duration mean = work / (kHandlers * load);
          sleep_for(random == nullptr
                        ? mean
                        : Duration(random->between(std::int64_t{0}, 2 * mean.count())));
        }
        sleep_for(1s);
        for (const auto& caller : house.callers()) {
          account.asked += caller->work;
          if (caller->done && *caller->done <= end)
            (caller->in_time() ? account.in_time : account.late) += caller->work;
        }
        account.refused =
            house.count([](const Caller& caller) { return caller.refused_at_once(); });
      },
      options);
  return account;
}

/// The share of what four handlers can do in three seconds, in per cent.
std::int64_t percent(Duration work) { return 100 * work / (kHandlers * 3s); }

TEST(FrontDesk, TwiceTheLoadIsAnsweredInTime) {
  const Claim law = announce(
      "at twice the load, the work done in time is 90 % of what the handlers can do (law 2)");

  const Account account = under_load(2, nullptr, {});

  must_hold(
      law, percent(account.in_time) >= 90,
      "4 handlers, work of 10 ms, a patience of 100 ms; for 3 s comes twice what they can do\n"
      "of what they can do, {} % was done in time, and {} % too late for its caller\n"
      "refused at once: {} calls",
      percent(account.in_time), percent(account.late), account.refused);
}

TEST(FrontDesk, AnyLoadIsAnsweredInTime) {
  for_each_seed(3, [](std::uint64_t seed) {
    const Claim law = announce(
        "under any load, the work done in time is 90 % of what was asked or can be done (law 2)");
    for (const int load : {1, 3}) {
      Random random(seed);

      const Account account = under_load(load, &random, {.order = Order::random, .seed = seed});

      const std::int64_t wanted = std::min<std::int64_t>(percent(account.asked), 100) * 9 / 10;
      if (!must_hold(
              law, percent(account.in_time) >= wanted,
              "4 handlers, work of 5 to 10 ms, a patience of 100 ms; for 3 s comes {} times "
              "what they can do\nof what they can do, {} % was done in time, and {} % too late "
              "for its caller\nrefused at once: {} calls",
              load, percent(account.in_time), percent(account.late), account.refused)) {
        return;
      }
    }
  });
}

TEST(FrontDesk, ARefusalComesAtOnce) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "a call that finds no room gets resource_exhausted, at once, and nothing was done (law 4)");
    std::int64_t in_time = 0;
    std::int64_t refused = 0;
    std::string other = "none";

    in_virtual_time(
        [&] {
          House house;
          house.come(100);
          sleep_for(1s);
          for (const auto& caller : house.callers()) {
            if (caller->status.ok() && caller->in_time()) {
              ++in_time;
            } else if (caller->refused_at_once() && !caller->begun) {
              ++refused;
            } else {
              other = fate_of(*caller);
            }
          }
        },
        options);

    must_hold(law, in_time + refused == 100 && refused > 0,
              "100 calls at once, where 40 can be answered in time\n"
              "answered in time: {}; refused at once: {}; something else: {}",
              in_time, refused, other);
  });
}

TEST(FrontDesk, NothingIsBegunForWhoeverHasGone) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "a call whose context ends while it waits returns in that moment, and its work is not "
        "begun (laws 4, 5)");
    std::vector<std::string> fates;
    int begun = 0;

    in_virtual_time(
        [&] {
          House house;
          const auto before = with_cancel({});
          const auto early = with_cancel({});
          const auto with_turn = with_cancel({});
          before.cancel();
          house.come(4);
          let_the_others_run();
          const std::vector gone = {house.comes(before.context), house.comes(early.context),
                                    house.comes(with_turn.context)};
          sleep_for(5ms - 1us);
          early.cancel();
          sleep_for(5ms);
          const bool had_its_turn = gone[2]->begun.has_value();
          with_turn.cancel();
          sleep_for(1s);
          for (const auto& caller : gone) {
            fates.push_back(fate_of(*caller));
            if (caller->begun) ++begun;
          }
          if (had_its_turn) {
            fates[2] = "cancelled after 9 ms";
            --begun;
          }
        },
        options);

    must_hold(law,
              begun == 0 &&
                  fates == std::vector<std::string>{"cancelled after 0 ms", "cancelled after 4 ms",
                                                    "cancelled after 9 ms"},
              "4 handlers are busy until 10 ms; three calls come right after the 4, and hang up:\n"
              "one before it came, one at 5 ms, one at 10 ms: {}\nwork was begun for {} of them",
              fmt::join(fates, ", "), begun);
  });
}

TEST(FrontDesk, WhoeverLeavesGivesItsPlaceBack) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("a call that gives up leaves the queue, and its place is free (law 5)");
    std::int64_t refused_before = 0;
    std::size_t waiting = 0;
    std::int64_t in_time = 0;

    in_virtual_time(
        [&] {
          House house;
          auto [context, hang_up] = with_cancel({});
          for (int i = 0; i < 100; ++i) house.comes(context);
          let_the_others_run();
          refused_before =
              house.count([](const Caller& caller) { return caller.refused_at_once(); });
          hang_up();
          let_the_others_run();
          waiting = house.waiting();
          house.come(12);
          sleep_for(1s);
          in_time = house.count([](const Caller& caller) { return caller.in_time(); });
        },
        options);

    must_hold(
        law, refused_before > 0 && waiting == 0 && in_time == 16,
        "100 calls at once, of which 4 are served and {} refused; the others wait, and hang up\n"
        "then waiting() is {}; 12 others come: with the 4, answered in time are {}",
        refused_before, waiting, in_time);
  });
}

TEST(FrontDesk, ATurnThatNobodyTakesIsTheNextOnes) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "a handler that comes free in the moment when a call gives up is not lost (laws 1, 5)");
    std::vector<std::string> fates;
    int most = 0;
    std::size_t waiting = 0;
    std::size_t left = 0;

    in_virtual_time(
        [&] {
          {
            House house;
            house.come(4);
            let_the_others_run();
            const auto with_turn = with_cancel({});
            for (int i = 0; i < 4; ++i) house.comes(with_turn.context);
            sleep_for(kWork - 1us);
            with_turn.cancel();
            sleep_for(50ms);
            std::vector<std::shared_ptr<Caller>> later;
            for (int i = 0; i < 8; ++i) later.push_back(house.comes());
            sleep_for(1s);
            for (const auto& caller : later) fates.push_back(fate_of(*caller));
            most = house.most();
            waiting = house.waiting();
          }
          left = others_left();
        },
        options);

    must_hold(law,
              std::ranges::count(fates, "ok after 10 ms") == 4 &&
                  std::ranges::count(fates, "ok after 20 ms") == 4 && most == 4,
              "4 calls gave up in the moment when the 4 handlers came free\n"
              "later come 8 others at once, of 10 ms each: {}",
              tally(fates));
    must_hold("nothing is left when all have been answered", waiting == 0 && left == 0,
              "waiting() is {}; goroutines that are left: {}", waiting, left);
  });
}

}  // namespace
}  // namespace conclave
