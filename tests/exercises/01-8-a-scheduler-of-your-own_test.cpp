// Exercise 1.8: the laws of scheduler.hpp, in the order in which a scheduler grows; at the end programs that rest on
// all of them.  No test knows an order that the laws leave open.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "contexts.hpp"
#include "scheduler.hpp"
#include "testing/expect.hpp"

namespace conclave::own {
namespace {

using namespace std::chrono_literals;
using Log = std::vector<std::string>;

std::string joined(const Log& log) { return fmt::format("{}", fmt::join(log, ", ")); }

Log sorted(Log log) {
  std::ranges::sort(log);
  return log;
}

auto minutes_of(Duration duration) { return duration / 1min; }

/// Gives way until `condition` holds, and then a little longer, so that the others are where they stop.
template <class Condition>
void yield_until(Condition condition) {
  while (!condition()) yield();
  for (int i = 0; i < 5; ++i) yield();
}

TEST(Scheduler, RunsWhatWasStarted) {
  const Claim law = announce("run() runs every goroutine once, also those that goroutines start");
  Log log;

  go([&] { log.emplace_back("a"); });
  go([&] { log.emplace_back("b"); });
  go([&] {
    log.emplace_back("c");
    go([&] { log.emplace_back("d"); });
  });
  const std::size_t left = run();

  must_hold(law, sorted(log) == Log{"a", "b", "c", "d"} && left == 0,
            "a, b and c were started, and c starts d\nwhat ran: {}; run() says that {} are left",
            joined(log), left);
}

TEST(Scheduler, GoReturnsBeforeItsGoroutineRuns) {  // law 1
  const Claim law = announce("go() returns before the new goroutine runs (law 1)");
  Log log;

  go([&] {
    log.emplace_back("before go");
    go([&] { log.emplace_back("the new goroutine"); });
    log.emplace_back("after go");
  });
  run();

  must_hold(law, log == Log{"before go", "after go", "the new goroutine"}, "the order was: {}",
            joined(log));
}

TEST(Scheduler, YieldLetsAnotherRunFirst) {
  const Claim law =
      announce("yield() lets another goroutine run first, and then goes on where it stopped");
  Log log;
  const auto walk = [&log](const std::string& name) {
    for (int step = 1; step <= 3; ++step) {
      log.push_back(fmt::format("{}{}", name, step));
      yield();
    }
  };

  go([&] { walk("a"); });
  go([&] { walk("b"); });
  run();

  const Log a_first = {"a1", "b1", "a2", "b2", "a3", "b3"};
  const Log b_first = {"b1", "a1", "b2", "a2", "b3", "a3"};
  must_hold(law, log == a_first || log == b_first,
            "a and b take three steps each, and yield after each\nthey took them in this order: {}",
            joined(log));
}

TEST(Scheduler, YieldReturnsWhenNobodyElseIsReady) {
  const Claim law = announce("a goroutine that is alone goes on after yield()");
  int steps = 0;

  go([&] {
    for (; steps < 10; ++steps) yield();
  });
  run();

  must_hold(law, steps == 10, "it took {} of 10 steps when run() returned", steps);
}

TEST(Scheduler, SelfIsTheGoroutineThatCalls) {
  const Claim law =
      announce("self() is another one in each goroutine, and always the same one in each");
  Goroutine* first = nullptr;
  Goroutine* second = nullptr;
  bool same_later = true;
  const auto look = [&](Goroutine*& place) {
    place = &self();
    for (int i = 0; i < 3; ++i) {
      yield();
      same_later = same_later && place == &self();
    }
  };

  go([&] { look(first); });
  go([&] { look(second); });
  run();

  must_hold(law, first != nullptr && second != nullptr && first != second && same_later,
            "it was {} in the two, and after a yield it was {}",
            first == second ? "the same" : "another", same_later ? "still that" : "another one");
}

TEST(Scheduler, AParkedGoroutineRunsWhenItIsReady) {
  const Claim law = announce("a parked goroutine has no turn until somebody calls ready() for it");
  Log log;
  Goroutine* parked = nullptr;

  go([&] {
    parked = &self();
    log.emplace_back("parks");
    park();
    log.emplace_back("goes on");
  });
  go([&] {
    yield_until([&] { return parked != nullptr; });
    log.emplace_back("calls ready");
    ready(*parked);
    log.emplace_back("ready has returned");
  });
  run();

  must_hold(law, log == Log{"parks", "calls ready", "ready has returned", "goes on"},
            "the order was: {}", joined(log));
}

TEST(Scheduler, AWakeUpBeforeTheParkIsNotLost) {  // law 4
  const Claim law =
      announce("ready(g) lets one park() of g return, also one that comes later (law 4)");
  bool went_on = false;
  Goroutine* waiter = nullptr;

  go([&] {
    waiter = &self();
    yield();  // as in an audit line between the look and the park
    park();
    went_on = true;
  });
  go([&] {
    while (waiter == nullptr) yield();
    ready(*waiter);
  });
  const std::size_t left = run();

  must_hold(
      law, went_on,
      "a goroutine left its pointer and yielded, another called ready(), then the first parked\n"
      "it did not go on; run() says that {} are left",
      left);
}

TEST(Scheduler, TwoWakeUpsBeforeOneTurnAreOne) {  // law 4
  const Claim law =
      announce("a second ready() before the first has had its effect adds nothing (law 4)");
  int returned = 0;
  int returned_by_two = 0;
  Goroutine* waiter = nullptr;

  go([&] {
    waiter = &self();
    for (; returned < 2; ++returned) park();
  });
  go([&] {
    yield_until([&] { return waiter != nullptr; });
    ready(*waiter);
    ready(*waiter);
    yield_until([&] { return returned > 0; });
    returned_by_two = returned;
    if (returned == 1) ready(*waiter);
  });
  const std::size_t left = run();

  must_hold(law, returned_by_two == 1, "after two calls of ready(), two park()s in a row returned");
  must_hold("after that, ready() works as before", returned == 2 && left == 0,
            "a third ready() for the goroutine, parked again, has not let it go on");
}

TEST(Scheduler, NobodyStarves) {  // law 3
  const Claim law =
      announce("a goroutine that is ready gets a turn within 1,000 turns of the others (law 3)");
  constexpr int kWanted = 10;
  constexpr int kTurnsMax = kWanted * 1010;
  std::vector<int> turns(4);
  int turns_of_all = 0;

  for (int& own : turns) {
    go([&] {
      while (std::ranges::min(turns) < kWanted && turns_of_all < kTurnsMax) {
        ++own;
        ++turns_of_all;
        yield();
      }
    });
  }
  run();

  must_hold(
      law, std::ranges::min(turns) >= kWanted,
      "four goroutines yield in a loop\nafter {} turns, this is how many each of them had: {}",
      turns_of_all, fmt::join(turns, ", "));
}

TEST(Scheduler, SleepersWakeAtTheirDeadlines) {  // law 5
  const Claim law = announce(
      "the clock jumps from deadline to deadline, and the sleepers wake in that order (law 5)");
  Log log;

  for (const int length : {30, 10, 20}) {
    go([&log, length] {
      sleep_for(length * 1min);
      log.push_back(fmt::format("{} at {} min", length, minutes_of(now())));
    });
  }
  run();

  must_hold(law, log == Log{"10 at 10 min", "20 at 20 min", "30 at 30 min"},
            "at 0 min three fell asleep, for 30, 10 and 20 min\nthey woke: {}",
            log.empty() ? "never" : joined(log));
}

TEST(Scheduler, TimeStandsStillWhileSomebodyCanRun) {
  const Claim law = announce("time stands still as long as a goroutine can run");
  bool woke = false;
  bool woke_too_early = false;
  Duration moved{0};

  go([&] {
    sleep_for(1min);
    woke = true;
  });
  go([&] {
    const Duration start = now();
    for (int i = 0; i < 100; ++i) yield();
    moved = now() - start;
    woke_too_early = woke;
  });
  run();

  must_hold(law, moved == Duration::zero() && !woke_too_early,
            "while one goroutine yielded 100 times, the clock went on by {} s{}", moved / 1s,
            woke_too_early ? ", and a sleeper woke" : "");
}

TEST(Scheduler, EqualDeadlinesWakeInTheOrderOfFallingAsleep) {  // law 5
  const Claim law =
      announce("sleepers with equal deadlines wake in the order in which they fell asleep (law 5)");
  std::vector<int> fell_asleep;
  std::vector<int> woke;

  for (int i = 0; i < 12; ++i) {
    go([&, i] {
      sleep_for((i * 5 % 12) * 1s);  // each at a second of its own
      fell_asleep.push_back(i);
      sleep_for(1min - now());
      woke.push_back(i);
    });
  }
  run();

  must_hold(law, woke == fell_asleep,
            "twelve goroutines sleep until 1 min\nthey fell asleep: {}\nthey woke:        {}",
            fmt::join(fell_asleep, " "), fmt::join(woke, " "));
}

TEST(Scheduler, ReadyDoesNotEndASleep) {
  const Claim law = announce("ready() does not end a sleep");
  Duration woke{-1};
  Duration went_on{-1};
  Goroutine* sleeper = nullptr;

  go([&] {
    sleeper = &self();
    sleep_for(60min);
    woke = now();
    park();
    went_on = now();
    while (now() < 60min)
      park();  // a scheduler that still has it among the sleepers finds it alive
  });
  go([&] {
    yield_until([&] { return sleeper != nullptr; });
    ready(*sleeper);
    sleep_for(90min);
    if (went_on < Duration::zero()) ready(*sleeper);
  });
  run();

  must_hold(
      law, woke == 60min,
      "a goroutine slept for 60 min, another called ready() for it at 0 min\nit woke at {} min",
      minutes_of(woke));
  must_hold("it counts for the next park() (law 4)", went_on == 60min,
            "a goroutine slept for 60 min, another called ready() for it at 0 min\n"
            "then it parked at 60 min, and park() returned at {} min",
            minutes_of(went_on));
}

TEST(Scheduler, SleepingTakesNoTurns) {
  const Claim law = announce("a sleeper is parked, and nobody looks at the clock for it");
  const std::size_t before = counts().switches;

  for (int i = 0; i < 3; ++i) go([] { sleep_for(60min); });
  run();

  const std::size_t switches = counts().switches - before;
  must_hold(
      law, switches <= 100,
      "three goroutines slept for an hour each; that took {} switches, where a dozen is enough",
      switches);
}

TEST(Scheduler, EndedGoroutinesLeaveNothingBehind) {  // law 6
  const Claim law = announce("nobody frees the stack on which it stands (law 6)");
  go([] {
    for (int i = 0; i < 10'000; ++i) {
      go([] {});
      yield();
    }
  });
  run();

  must_hold(law, counts().freed_by_themselves == 0,
            "{} goroutines destroyed their own Context and ran on", counts().freed_by_themselves);
  must_hold("goroutines that have ended keep no stacks (law 6)", counts().stacks_max <= 100,
            "10,000 ran one after the other, and at one time there were {} stacks",
            counts().stacks_max);
}

// Programs.  What they wait with is made of self(), park() and ready().

class WaitGroup {
 public:
  void go(std::function<void()> f) {
    ++count_;
    own::go([this, f = std::move(f)] {
      f();
      if (--count_ == 0 && waiter_ != nullptr) ready(*waiter_);
    });
  }

  void wait() {
    while (count_ != 0) {
      waiter_ = &self();
      park();
    }
  }

 private:
  int count_ = 0;
  Goroutine* waiter_ = nullptr;
};

class Mutex {
 public:
  void lock() {
    if (held_) {
      waiters_.push_back(&self());
      park();  // unlock() has handed it over
    }
    held_ = true;
  }

  void unlock() {
    held_ = !waiters_.empty();
    if (!held_) return;
    ready(*waiters_.front());
    waiters_.pop_front();
  }

 private:
  bool held_ = false;
  std::deque<Goroutine*> waiters_;
};

TEST(Scheduler, RunsTheCounterOfTheFirstPage) {
  const Claim law =
      announce("ten goroutines add one a hundred times each, with a mutex: that makes 1000");
  int counter = 0;
  int seen_by_main = 0;

  go([&] {
    Mutex mutex;
    WaitGroup group;
    for (int i = 0; i < 10; ++i) {
      group.go([&] {
        for (int j = 0; j < 100; ++j) {
          mutex.lock();
          const int seen = counter;
          yield();
          counter = seen + 1;
          mutex.unlock();
        }
      });
    }
    group.wait();
    seen_by_main = counter;
  });
  const std::size_t left = run();

  must_hold(law, seen_by_main == 1000 && left == 0,
            "the counter is {}, main saw {}, and {} goroutines are left", counter, seen_by_main,
            left);
}

TEST(Scheduler, RunsTheSleepersOfExerciseOne) {
  const Claim law = announce("they sleep at the same time, and who does not sleep need not wait");
  Log log;

  go([&] {
    WaitGroup group;
    group.go([] { sleep_for(1min); });
    group.go([] { sleep_for(1min); });
    group.go([&] { log.emplace_back("I did not sleep"); });
    group.wait();
    log.push_back(fmt::format("all done after {} min", minutes_of(now())));
  });
  run();

  must_hold(law, log == Log{"I did not sleep", "all done after 1 min"}, "it printed: {}",
            joined(log));
}

TEST(Scheduler, RunSaysHowManyAreLeft) {
  const Claim law =
      announce("run() returns the number of those that are parked, with nobody to wake them");
  go([] { park(); });
  go([] { park(); });
  go([] { yield(); });
  go([] { sleep_for(1min); });

  const std::size_t left = run();

  must_hold(law, left == 2,
            "two goroutines parked for ever, two others have ended\nrun() says that {} are left",
            left);
}

}  // namespace
}  // namespace conclave::own
