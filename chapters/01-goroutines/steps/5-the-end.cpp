/// @file
/// The end: of one goroutine, which cannot free the stack it stands on, and of all, when nobody can run.
///
/// Watch for `loop`: it frees a stack after the goroutine has left it. And for the last lines: the tea is
/// spilled and tells nobody, and the program says who still waits instead of falling silent.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

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
  const char* parked_in = "";  // the call in which it parked last
  std::vector<std::byte> stack = std::vector<std::byte>(256 * 1024);
  fiber context;  // where it stopped; empty while it runs and when it has ended
};

std::list<Goroutine> goroutines;   // all that have not ended
std::deque<Goroutine*> run_queue;  // those that can run, in the order of their turns
Goroutine* current = nullptr;      // the one that runs
fiber loop;                        // where run() stopped while a goroutine runs

//! [park]
/// Stops the goroutine that runs, until somebody calls ready() for it.
void park(const char* call) {
  current->parked_in = call;
  loop = std::move(loop).resume();
}

/// Gives a goroutine a turn.
void ready(Goroutine& goroutine) { run_queue.push_back(&goroutine); }
//! [park]

//! [time]
std::multimap<minutes, Goroutine*> sleepers;  // by the minute in which they wake

/// Parks the goroutine that runs for `duration`.
void sleep_for(minutes duration) {
  sleepers.emplace(now + duration, current);
  park("sleep_for");
}

//! [deadlock]
/// Nobody can run and nobody sleeps, but somebody is left: says who waits for what, and ends the program.
[[noreturn]] void report_deadlock() {
  std::fflush(stdout);
  fmt::print(stderr, "fatal error: all goroutines are asleep - deadlock!\n\n");
  for (const Goroutine& each : goroutines) {
    fmt::print(stderr, "goroutine {} [{}]\n", each.name, each.parked_in);
  }
  std::_Exit(2);
}
//! [deadlock]

/// Nobody can run: jumps to the minute in which the next sleeper wakes.
/// @return false when nobody is left
bool idle() {
  if (goroutines.empty()) return false;
  if (sleepers.empty()) report_deadlock();
  now = sleepers.begin()->first;
  ready(*sleepers.begin()->second);
  sleepers.erase(sleepers.begin());
  return true;
}
//! [time]

//! [go]
/// Lends Boost the stack of a goroutine, which stays the goroutine's.
struct Lender {
  std::vector<std::byte>& memory;

  boost::context::stack_context allocate() const noexcept {
    return {.size = memory.size(), .sp = memory.data() + memory.size()};
  }
  void deallocate(boost::context::stack_context& /*stack*/) const noexcept {}
};

/// Starts `f` as a goroutine; it runs when its turn comes.
/// An exception that leaves `f` ends the program: nobody below f could catch it.
void go(std::string name, std::function<void()> f) {
  Goroutine& goroutine = goroutines.emplace_back();
  goroutine.name = std::move(name);
  goroutine.context =
      fiber(std::allocator_arg, Lender{goroutine.stack}, [f = std::move(f)](fiber caller) noexcept {
        loop = std::move(caller);
        f();
        return std::move(loop);
      });
  ready(goroutine);
}
//! [go]

/// Runs goroutines until none is left.
void run() {
  while (!run_queue.empty() || idle()) {
    current = run_queue.front();  // who runs next
    run_queue.pop_front();
    current->context = std::move(current->context).resume();
    if (!current->context) {
      say("loop", "frees the stack of " + current->name);
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
    park("WaitGroup::wait");
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
    act({{4min, "steeps"}, {1min, "is spilled"}});  // and breakfast.done() is forgotten
  });
  run();
}
//! [main]
