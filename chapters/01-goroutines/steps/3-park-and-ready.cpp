/// @file
/// Park and ready: a goroutine steps out of the run queue until another one puts it back.
///
/// Watch for the guest: it takes no turns while it waits, and eats when the last dish is done. Between its
/// look at the counter and its park nobody else runs, so no wake-up is lost.
#include <deque>
#include <functional>
#include <initializer_list>
#include <list>
#include <string>
#include <utility>

#include <boost/context/fiber.hpp>
#include <fmt/core.h>

using boost::context::fiber;  // a stack, and the place where somebody stopped on it

void say(const std::string& who, const std::string& what) { fmt::print("{:<6} {}\n", who, what); }

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

/// Lets the others run first.
void yield() {
  ready(*current);
  park();
}
//! [park]

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

/// Runs goroutines until none can run.
void run() {
  while (!run_queue.empty()) {
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
void act(std::initializer_list<const char*> steps) {
  for (const char* step : steps) {
    say(current->name, step);
    yield();
  }
}

int main() {
  WaitGroup breakfast{2};
  go("guest", [&] {
    act({"sits down", "unfolds the paper", "folds it again"});
    breakfast.wait();
    act({"eats"});
  });
  go("egg", [&] {
    act({"goes into the pot", "boils", "is peeled"});
    breakfast.done();
  });
  go("tea", [&] {
    act({"steeps", "is poured"});
    breakfast.done();
  });
  run();
}
//! [main]
