// Exercise 1.3, in the order in which a reader gets it right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "goroutines/goroutines.hpp"
#include "pager.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;

/// What the telephone was given.
struct Call {
  Look from;
  Look person;
  Look message;
};

/// How one alert went.
struct Story {
  std::vector<Call> calls;
  std::size_t calls_at_return = 0;
  Duration return_time{};
  Duration end_time{};
  std::size_t left_alive = 0;

  [[nodiscard]] std::vector<std::string> called() const {
    std::vector<std::string> names;
    for (const Call& call : calls) names.push_back(call.person.characters);
    return names;
  }
};
Story story;

/// Raises an alert, ends the pager and the alert at once, and waits for a second.
void raise_an_alert() {
  story = {};
  from_now_on_things_end("before the run");
  // Their storage outlives the run, so that even a pointer to what has ended points at something.
  static std::optional<Pager> pager;
  static std::optional<Alert> alert;
  const std::size_t alive_before = texts_alive();
  VirtualClock clock;
  const auto main = [&clock] {
    pager.emplace(Text("tower"));
    alert.emplace(Alert{Text("[disk 7] no space left"), {Text("ann"), Text("bob"), Text("cay")}});
    from_now_on_things_end("when raise() returned");
    pager->raise(*alert);
    story.return_time = clock.elapsed();
    story.calls_at_return = story.calls.size();
    from_now_on_things_end("with its Pager");
    pager.reset();
    from_now_on_things_end("with its Alert");
    alert.reset();
    from_now_on_things_end("with its goroutine");
    sleep_for(std::chrono::seconds(1));
  };
  run(main, {.clock = &clock});
  story.left_alive = texts_alive() - alive_before;
}

/// Fails the test if something that call() was given had ended.
void must_live(const Claim& claim, std::string_view what, Look Call::* given) {
  for (const Call& call : story.calls) {
    const Look& seen = call.*given;
    if (!must_hold(
            claim, seen.ended.empty(),
            "when raise() had returned, its Pager ended, and its Alert; then the goroutines ran\n"
            "call() was given the {} '{}', which had ended {}",
            what, seen.characters, seen.ended)) {
      return;
    }
  }
}

TEST(Pager, CallsEveryoneOnCall) {
  const Claim law = announce("there is a call for each person on call");
  raise_an_alert();

  must_hold(law, story.calls.size() == 3, "there were {} calls, not 3", story.calls.size());
  must_live("each goroutine owns the name it calls, or shares it with those that own it", "person",
            &Call::person);
}

TEST(Pager, CallsFromAStationThatIsStillThere) {
  const Claim law = announce(
      "each goroutine owns the station it calls from, or shares it with those that own it");
  raise_an_alert();

  must_live(law, "station", &Call::from);
}

TEST(Pager, SaysAMessageThatIsStillThere) {
  const Claim law = announce(
      "each goroutine owns the message it has for them, or shares it with those that own it");
  raise_an_alert();

  must_live(law, "message", &Call::message);
}

TEST(Pager, TellsAllOfThemTheSame) {
  const Claim law =
      announce("ann, bob and cay are each called from 'tower' and told 'no space left'");
  raise_an_alert();

  std::vector<std::string> calls;
  bool all_right = true;
  for (const Call& call : story.calls) {
    all_right =
        all_right && call.from.characters == "tower" && call.message.characters == "no space left";
    calls.push_back(fmt::format("from '{}' to '{}': '{}'", call.from.characters,
                                call.person.characters, call.message.characters));
  }
  std::vector<std::string> names = story.called();
  std::ranges::sort(names);
  must_hold(law, all_right && names == std::vector<std::string>{"ann", "bob", "cay"},
            "the calls were\n  {}", fmt::join(calls, "\n  "));
}

TEST(Pager, ReturnsBeforeAnyoneIsCalled) {
  const Claim law = announce("raise() does not park, and the goroutines call all at once");
  raise_an_alert();

  must_hold(law,
            story.calls_at_return == 0 && story.return_time == Duration::zero() &&
                story.end_time == milliseconds(10),
            "a call takes 10 ms\nraise() returned at t={} ms, after {} calls; the last call ended "
            "at t={} ms",
            story.return_time / milliseconds(1), story.calls_at_return,
            story.end_time / milliseconds(1));
}

TEST(Pager, LeavesNothingBehind) {
  const Claim law = announce("when all have been called, nothing is left of the alert");
  raise_an_alert();

  must_hold(law, story.left_alive == 0,
            "the goroutines, the Pager and the Alert have ended; {} more texts live than before",
            story.left_alive);
}

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): by value, as a string_view is
void call(const Text& from, const Text& person, TextView message) {
  story.calls.push_back({look(from), look(person), look(message)});
  const std::size_t mine = story.calls.size() - 1;
  sleep_for(milliseconds(10));
  story.end_time = now().time_since_epoch();
  // Still there when they answer?
  if (const Look at_the_end = look(from); !at_the_end.ended.empty())
    story.calls[mine].from = at_the_end;
  if (const Look at_the_end = look(person); !at_the_end.ended.empty())
    story.calls[mine].person = at_the_end;
  if (const Look at_the_end = look(message); !at_the_end.ended.empty())
    story.calls[mine].message = at_the_end;
}

}  // namespace conclave
