#include "goroutines/go.hpp"

#include "common/random.hpp"
#include "goroutines/goroutine.hpp"
#include "goroutines/processor.hpp"
#include "goroutines/report.hpp"

namespace conclave {
namespace detail {
namespace {

constinit thread_local Random choices{1};

}  // namespace

constinit thread_local bool on_helper_thread = false;

void run(Task&& main, const RunOptions& options, std::source_location place) {
  Processor::of_this_thread().run(std::move(main), options, place);
}

void start(Task&& task, std::string&& name, WaitGroup* group, std::source_location place) {
  const CalledHere caller;
  if (current_processor == nullptr) panic_outside_run(place);
  current_processor->start(std::move(task), std::move(name), group, place);
}

void panic_empty_function(std::source_location place) {
  panic("an empty function was given to run as a goroutine", place);
}

void panic_outside_run(std::source_location place) {
  if (on_helper_thread) {
    panic(
        "called outside run(), on a helper thread of blocking(): call it before or after, or hand "
        "it to "
        "the goroutines with RunHandle::post",
        place);
  }
  panic(
      "called outside run(): goroutines exist only inside conclave::run(main), on its thread; "
      "others reach "
      "them with RunHandle::post",
      place);
}

// --- parking -------------------------------------------------------------------------------------------

void WaitQueue::push(Goroutine& goroutine) noexcept { queue_.push_back(goroutine); }

/// What they wait for is no more, and no report may look at it.
void WaitQueue::orphan() noexcept {
  while (Goroutine* waiter = pop()) waiter->orphaned = true;
}

Goroutine* WaitQueue::front() noexcept {
  return queue_.empty() ? nullptr : static_cast<Goroutine*>(&queue_.front());
}

Goroutine* WaitQueue::pop() noexcept {
  Goroutine* first = front();
  if (first != nullptr) queue_.pop_front();
  return first;
}

bool inside_run() noexcept { return current_processor != nullptr; }

bool park(const Wait& wait) { return current_processor->park(wait); }

bool park_in(WaitQueue& queue, const Wait& wait) {
  if (!unwinding()) queue.push(*current_goroutine);
  return park(wait);
}

bool orphaned() noexcept { return current_goroutine->orphaned; }

void ready(Goroutine& goroutine) noexcept {
  if (current_processor == nullptr) [[unlikely]]
    report_woken_from_outside(goroutine);
  current_processor->ready(goroutine);
}

std::uint64_t draw_below(std::uint64_t count) { return choices.below(count); }

void seed_choices(std::uint64_t seed) { choices = Random(seed).stream("choices"); }

bool unwinding() noexcept { return current_goroutine != nullptr && current_goroutine->ending; }

bool gone(const void* object) noexcept {
  return unwinding() && current_processor->lay_in_mains_frame(object);
}

}  // namespace detail

void yield(std::source_location place) {
  detail::current(place);
  detail::current_processor->yield(place);
}

std::size_t num_goroutines(std::source_location place) {
  detail::current(place);
  return detail::current_processor->live();
}

}  // namespace conclave
