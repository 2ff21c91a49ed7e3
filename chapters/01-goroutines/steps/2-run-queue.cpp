/// @file
/// A run queue: who runs next is a line of code.
///
/// Watch for the last two lines. Everybody gets a turn after everybody else, and yet the guest eats an egg
/// that is not peeled: turns say nothing about who is done when.
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

/// Lets the others run first.
void yield() {
  run_queue.push_back(current);
  loop = std::move(loop).resume();
}

/// Starts `f` as a goroutine; it runs when its turn comes.
void go(std::string name, std::function<void()> f) {
  Goroutine& goroutine = goroutines.emplace_back();
  goroutine.name = std::move(name);
  goroutine.context = fiber([f = std::move(f)](fiber caller) {
    loop = std::move(caller);
    f();
    return std::move(loop);
  });
  run_queue.push_back(&goroutine);
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

//! [main]
void act(std::initializer_list<const char*> steps) {
  for (const char* step : steps) {
    say(current->name, step);
    yield();
  }
}

int main() {
  go("guest", [] { act({"sits down", "unfolds the paper", "eats"}); });
  go("egg", [] { act({"goes into the pot", "boils", "is peeled"}); });
  go("tea", [] { act({"steeps", "is poured"}); });
  run();
}
//! [main]
