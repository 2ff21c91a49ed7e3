// Who runs next is drawn, from a generator with a seed; stacks are used again.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/random.hpp"
#include "contexts.hpp"
#include "scheduler.hpp"

namespace conclave::own {

struct Goroutine {
  Goroutine();

  std::function<void()> f;
  bool can_run = false;
  bool woken = false;
  Context context;
};

namespace {

struct Sleeper {
  Duration deadline;
  Goroutine* goroutine;
};

std::vector<std::unique_ptr<Goroutine>> all;
std::vector<Goroutine*> unused;
std::vector<Goroutine*> run_queue;
std::vector<Sleeper> sleepers;
Goroutine* current = nullptr;
Duration time_now{0};
Random random_order(7);

void stop() {
  current->can_run = false;
  switch_to(thread_context());
}

void can_run(Goroutine& goroutine) {
  if (std::exchange(goroutine.can_run, true)) return;
  run_queue.push_back(&goroutine);
}

/// Anybody but the one that ran last, if there is a choice.
Goroutine* draw() {
  auto chosen =
      run_queue.begin() + static_cast<std::ptrdiff_t>(random_order.below(run_queue.size()));
  if (*chosen == current && run_queue.size() > 1) {
    chosen = chosen + 1 == run_queue.end() ? run_queue.begin() : chosen + 1;
  }
  Goroutine* goroutine = *chosen;
  run_queue.erase(chosen);
  return goroutine;
}

bool idle() {
  const auto first = std::ranges::min_element(sleepers, {}, &Sleeper::deadline);
  if (first == sleepers.end()) return false;
  time_now = first->deadline;
  can_run(*first->goroutine);
  sleepers.erase(first);
  return true;
}

}  // namespace

Goroutine::Goroutine()
    : context([this] {
        for (;;) {
          std::exchange(f, nullptr)();
          woken = false;
          unused.push_back(this);
          stop();
        }
      }) {}

void go(std::function<void()> f) {
  if (unused.empty()) unused.push_back(all.emplace_back(std::make_unique<Goroutine>()).get());
  Goroutine& goroutine = *unused.back();
  unused.pop_back();
  goroutine.f = std::move(f);
  can_run(goroutine);
}

std::size_t run() {
  while (!run_queue.empty() || idle()) {
    current = draw();
    switch_to(current->context);
  }
  return all.size() - unused.size();
}

void yield() {
  current->can_run = false;
  can_run(*current);
  switch_to(thread_context());
}

Goroutine& self() { return *current; }

void park() {
  while (!current->woken) stop();
  current->woken = false;
}

void ready(Goroutine& goroutine) {
  goroutine.woken = true;
  const bool asleep = std::ranges::any_of(
      sleepers, [&](const Sleeper& sleeper) { return sleeper.goroutine == &goroutine; });
  if (!asleep && &goroutine != current) can_run(goroutine);
}

void sleep_for(Duration duration) {
  if (duration <= Duration::zero()) return;
  sleepers.push_back({time_now + duration, current});
  stop();
}

Duration now() { return time_now; }

}  // namespace conclave::own
