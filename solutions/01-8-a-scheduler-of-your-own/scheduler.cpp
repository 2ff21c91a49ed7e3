#include "scheduler.hpp"

#include <deque>
#include <list>
#include <map>
#include <utility>

#include "contexts.hpp"

namespace conclave::own {

struct Goroutine {
  explicit Goroutine(std::function<void()> f) : context(std::move(f)) {}

  Context context;
  bool parked = false;
  bool woken = false;  // a park() may return: the one in which it stands, or its next
  bool ended = false;
};

namespace {

std::list<Goroutine> goroutines;   // all that have not ended
std::deque<Goroutine*> run_queue;  // those that can run, in the order of their turns
std::multimap<Duration, Goroutine*>
    sleepers;                  // by deadline; equal ones in the order in which they came
Goroutine* current = nullptr;  // the one that runs
Duration time_now{0};

/// Stops the goroutine that runs; run() goes on.
void give_way() { switch_to(thread_context()); }

/// Nobody can run: the clock jumps to the next deadline, and that sleeper is ready.
/// @return false when nobody sleeps
bool idle() {
  if (sleepers.empty()) return false;
  const auto next = sleepers.begin();
  time_now = next->first;
  run_queue.push_back(next->second);
  sleepers.erase(next);
  return true;
}

}  // namespace

void go(std::function<void()> f) {
  Goroutine& goroutine = goroutines.emplace_back([f = std::move(f)] {
    f();
    current->ended = true;
    give_way();  // for the last time; run() frees this stack when we have left it
  });
  run_queue.push_back(&goroutine);
}

std::size_t run() {
  while (!run_queue.empty() || idle()) {
    current = run_queue.front();
    run_queue.pop_front();
    switch_to(current->context);
    if (current->ended) {
      goroutines.remove_if([](const Goroutine& each) { return &each == current; });
    }
  }
  return goroutines.size();
}

void yield() {
  run_queue.push_back(current);
  give_way();
}

Goroutine& self() { return *current; }

void park() {
  Goroutine& me = *current;
  if (!me.woken) {
    me.parked = true;
    give_way();
    me.parked = false;
  }
  me.woken = false;
}

void ready(Goroutine& goroutine) {
  if (std::exchange(goroutine.woken, true)) return;
  if (goroutine.parked) run_queue.push_back(&goroutine);
}

void sleep_for(Duration duration) {
  if (duration <= Duration::zero()) return;
  sleepers.emplace(time_now + duration, current);
  give_way();
}

Duration now() { return time_now; }

}  // namespace conclave::own
