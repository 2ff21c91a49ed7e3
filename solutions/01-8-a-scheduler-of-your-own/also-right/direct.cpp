// No loop: who stops switches straight to the next.  Whoever runs next frees the stack of one that has ended.
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "contexts.hpp"
#include "scheduler.hpp"

namespace conclave::own {

struct Goroutine {
  explicit Goroutine(std::function<void()> f) : context(std::move(f)) {}

  Context context;
  bool parked = false;
  bool woken = false;
};

namespace {

std::map<Goroutine*, std::unique_ptr<Goroutine>> alive;
std::size_t naps = 0;
std::deque<Goroutine*> run_queue;
std::set<std::tuple<Duration, std::size_t, Goroutine*>> sleepers;  // deadline, number of the nap
Goroutine* current = nullptr;
std::unique_ptr<Goroutine> ended;
Duration time_now{0};

void wake_the_next_sleeper() {
  if (sleepers.empty()) return;
  const auto [deadline, nap, sleeper] = *sleepers.begin();
  sleepers.erase(sleepers.begin());
  time_now = deadline;
  run_queue.push_back(sleeper);
}

void run_the_next() {
  if (run_queue.empty()) wake_the_next_sleeper();
  if (run_queue.empty()) {
    current = nullptr;
    switch_to(thread_context());
  } else {
    current = run_queue.front();
    run_queue.pop_front();
    switch_to(current->context);
  }
  ended.reset();
}

}  // namespace

void go(std::function<void()> f) {
  auto goroutine = std::make_unique<Goroutine>([f = std::move(f)] {
    ended.reset();
    f();
    ended = std::move(alive.at(current));
    alive.erase(current);
    run_the_next();
  });
  run_queue.push_back(goroutine.get());
  alive[run_queue.back()] = std::move(goroutine);
}

std::size_t run() {
  run_the_next();
  return alive.size();
}

void yield() {
  if (run_queue.empty()) return;
  run_queue.push_back(current);
  run_the_next();
}

Goroutine& self() { return *current; }

void park() {
  Goroutine& me = *current;
  if (!me.woken) {
    me.parked = true;
    run_the_next();
  }
  me.woken = false;
}

void ready(Goroutine& goroutine) {
  if (std::exchange(goroutine.woken, true)) return;
  if (std::exchange(goroutine.parked, false)) run_queue.push_back(&goroutine);
}

void sleep_for(Duration duration) {
  if (duration <= Duration::zero()) return;
  sleepers.emplace(time_now + duration, naps++, current);
  run_the_next();
}

Duration now() { return time_now; }

}  // namespace conclave::own
