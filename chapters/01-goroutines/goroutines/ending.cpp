// How goroutines are ended before their functions have returned: those of a group, and at the end of run() all.
#include <algorithm>
#include <utility>
#include <vector>

#include "goroutines/processor.hpp"
#include "goroutines/report.hpp"
#include "goroutines/wait_group.hpp"

namespace conclave::detail {

/// Goroutines that are unwound one after the other, and who goes on when none is left.  Each runs without a
/// break, since parking returns at once; one of their destructors may end a group in turn.
struct Processor::Ending {
  Goroutine* ender;
  std::vector<Goroutine*> left;
  Ending* outer = nullptr;
};

/// Unwinds every goroutine that is left when main has returned.
void Processor::end_goroutines() {
  Ending ending{main_, {}};
  for (Goroutine& goroutine : records_) {
    if (goroutine.id != 0 && &goroutine != main_) mark(goroutine, ending);
    for (GroupState* each = goroutine.group; each != nullptr; each = each->outer)
      each->is_paused = false;
  }
  is_observed_ = false;
  main_has_returned_ = true;
  ended_.release();
  main_->ending = true;
  run_queue_.reset(Order::standard, 0);
  timers_.clear();
  Inbox::Contents too_late = inbox_ != nullptr ? inbox_->close() : Inbox::Contents{};
  end_marked(ending);
  too_late = {};
  helpers_.reset();
  inbox_.reset();
  run_queue_.reset(Order::standard, 0);  // whom a destructor woke has ended, too
  main_has_returned_ = false;
}

void Processor::end_group(GroupState& group) {
  resume(group);
  ended_.release();
  Ending ending{current_goroutine, {}};
  for (Goroutine& goroutine : records_) {
    const bool member =
        goroutine.id != 0 && goroutine.group != nullptr && goroutine.group->is_within(group);
    if (!member || &goroutine == current_goroutine || goroutine.ending) continue;
    if (ends_others(goroutine)) {
      goroutine.ending = true;  // and is unwound where it parks next, after those
    } else {
      mark(goroutine, ending);
    }
  }
  timers_.lapse(group);
  end_marked(ending);
  ended_.acquire();
}

bool Processor::ends_others(const Goroutine& goroutine) const noexcept {
  const Ending* ending = endings_;
  while (ending != nullptr && ending->ender != &goroutine) ending = ending->outer;
  return ending != nullptr;
}

void Processor::end_self(std::source_location place) {
  Goroutine& self = *current_goroutine;
  self.ending = true;
  self.thread_state = thread_seat_.save();
  unwind(self, place);
}

void Processor::mark(Goroutine& goroutine, Ending& ending) {
  goroutine.ending = true;
  ending.left.push_back(&goroutine);
}

/// Unwinds them, newest first: what was started later may use what was there before.
void Processor::end_marked(Ending& ending) {
  if (ending.left.empty()) return;
  if (helpers_) helpers_->withdraw_ending();
  std::ranges::sort(ending.left, {}, &Goroutine::id);
  ending.outer = std::exchange(endings_, &ending);
  if (ending.outer == nullptr) ended_at_ = std::chrono::steady_clock::now();
  check_canary();
  ending.ender->thread_state = thread_seat_.save();
  ending.ender->frame = __builtin_frame_address(0);
  switch_to(next_to_end());
  endings_ = ending.outer;
}

Goroutine* Processor::next_to_end() noexcept {
  if (!endings_->left.empty()) {
    Goroutine* goroutine = endings_->left.back();
    endings_->left.pop_back();
    run_queue_.remove(*goroutine);
    return goroutine;  // also one that never ran: what it captured is destroyed as it would have been, by itself
  }
  return endings_->ender;
}

/// Begins to unwind the goroutine that runs.  One that parked in a destructor, while an exception was on its
/// way, is being unwound already: another exception would end the program.
/// @return whether it had been woken before
bool Processor::unwind(Goroutine& self, std::source_location place) {
  const bool woken = self.wait == nullptr;
  self.wait = nullptr;
  unwound_from_ = place;
  ended_.acquire();  // who ends it, and the goroutines that were ended before; see law 7 of go.hpp
  if (self.thread_state.uncaught_exceptions == 0) {
    self.unwinding = true;
    throw Unwind{woken};
  }
  return woken;
}

/// The beginning and the end of a goroutine that was ended before it ran.
void Processor::unwind_unstarted(Goroutine& self) {
  unwound_from_ = self.started_at;
  ended_.acquire();
  self.unwinding = true;
  throw Unwind{.woken = false};
}

/// A goroutine that is being unwound wants to park: its destructors may, and find that it returns at once.  One
/// that was ended in the destructor of another exception, and has caught that, is unwound from here.
void Processor::refuse_to_park(Goroutine& goroutine) {
  const ThreadState state = thread_seat_.save();
  const bool in_destructor = state.uncaught_exceptions > 0 || state.caught_exceptions != nullptr;
  if (in_destructor || &goroutine == main_) return;
  if (goroutine.unwinding) {
    report_swallowed_unwinding(goroutine, calls_to(__builtin_frame_address(0), goroutine));
  }
  goroutine.unwinding = true;
  throw Unwind{.woken = false};
}

/// Ends all workers, so that Boost's scheduler is empty and this thread may end.
void Processor::retire_workers() noexcept {
  if (idle_workers_.empty()) return workers_.clear();
  retiring_ = true;
  Worker& first = *idle_workers_.back();
  idle_workers_.pop_back();
  active_ = &first;
  thread_.stack_switch.leave(first.stack_switch);
  first.context->resume();  // it ends; so do the others, one after the other (pick_next)
  thread_.stack_switch.arrive();
  switch_to(nullptr);  // the dispatcher gives their stacks back
  retiring_ = false;
  enter(main_);
  workers_.clear();
}

bool Processor::lay_in_mains_frame(const void* object) const noexcept {
  return main_has_returned_ && object >= thread_.stack_low && object < mains_frame_;
}

void Processor::forget(const GroupState& group) noexcept {
  for (Goroutine& goroutine : records_) {
    if (goroutine.group == &group) goroutine.group = group.outer;
  }
}

void Processor::forget(const WaitGroup& wait_group) noexcept {
  for (Goroutine& goroutine : records_) {
    if (goroutine.wait_group == &wait_group) goroutine.wait_group = nullptr;
  }
}

}  // namespace conclave::detail
