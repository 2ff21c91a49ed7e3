/// @file
/// Time: sleepers in the order of their deadlines, and a clock that jumps when nobody can run.
///
/// Watch for t: it skips the minutes in which nothing happens. At 4 min two goroutines wake, the tea before
/// the guest, because it fell asleep before the guest.
#include <chrono>
#include <deque>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <string>
#include <utility>

#include <boost/context/fiber.hpp>
#include <fmt/core.h>

using boost::context::fiber;  // a stack, and the place where somebody stopped on it

using namespace std::chrono_literals;
using std::chrono::minutes;

minutes now{0};

void say(const std::string& who, const std::string& what) {
  fmt::print("t={} min  {:<6} {}\n", now.count(), who, what);
}

//! [scheduler]
struct Goroutine {
  std::string name;
  fiber context;  // where it stopped; empty while it runs and when it has ended
};

std::list<Goroutine> goroutines;   // all that have not ended
std::deque<Goroutine*> run_queue;  // those that can run, in the order of their turns
Goroutine* current = nullptr;      // the one that runs
fiber loop;                        // where run() stopped while a goroutine runs

//! [park]
/// Stops the goroutine that runs, until somebody calls ready() for it.
void park() { loop = std::move(loop).resume(); }

/// Gives a goroutine a turn.
void ready(Goroutine& goroutine) { run_queue.push_back(&goroutine); }
//! [park]

//! [time]
std::multimap<minutes, Goroutine*> sleepers;  // by the minute in which they wake

/// Parks the goroutine that runs for `duration`.
void sleep_for(minutes duration) {
  sleepers.emplace(now + duration, current);
  park();
}

/// Nobody can run: jumps to the minute in which the next sleeper wakes.
/// @return false when nobody sleeps either
bool idle() {
  if (sleepers.empty()) return false;
  now = sleepers.begin()->first;
  ready(*sleepers.begin()->second);
  sleepers.erase(sleepers.begin());
  return true;
}
//! [time]

/// Starts `f` as a goroutine; it runs when its turn comes.
void go(std::string name, std::function<void()> f) {
  Goroutine& goroutine = goroutines.emplace_back();
  goroutine.name = std::move(name);
  goroutine.context = fiber([f = std::move(f)](fiber caller) {
    loop = std::move(caller);
    f();
    return std::move(loop);
  });
  ready(goroutine);
}

/// Runs goroutines until none can run and none sleeps.
void run() {
  while (!run_queue.empty() || idle()) {
    current = run_queue.front();  // who runs next
    run_queue.pop_front();
    current->context = std::move(current->context).resume();
    if (!current->context) {
      goroutines.remove_if([](const Goroutine& each) { return &each == current; });
    }
  }
}
//! [scheduler]

//! [wait-group]
/// Waits for `count` goroutines to be done.
struct WaitGroup {
  int count;
  Goroutine* waiter = nullptr;

  void done() {
    if (--count == 0 && waiter != nullptr) ready(*waiter);
  }

  void wait() {
    if (count == 0) return;
    waiter = current;
    park();
  }
};
//! [wait-group]

//! [main]
void act(std::initializer_list<std::pair<minutes, const char*>> steps) {
  for (const auto& [duration, step] : steps) {
    say(current->name, step);
    sleep_for(duration);
  }
}

int main() {
  WaitGroup breakfast{2};
  go("guest", [&] {
    act({{1min, "sits down"}, {2min, "unfolds the paper"}, {1min, "folds it again"}});
    breakfast.wait();
    act({{5min, "eats"}});
  });
  go("egg", [&] {
    act({{1min, "goes into the pot"}, {6min, "boils"}, {1min, "is peeled"}});
    breakfast.done();
  });
  go("tea", [&] {
    act({{4min, "steeps"}, {1min, "is poured"}});
    breakfast.done();
  });
  run();
}
//! [main]
