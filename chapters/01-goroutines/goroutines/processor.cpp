#include "goroutines/processor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <span>
#include <utility>
#include <pthread.h>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/scheduler.hpp>
#include <fmt/format.h>

#include "goroutines/quit.hpp"
#include "goroutines/report.hpp"
#include "goroutines/signal_handler.hpp"
#include "goroutines/stack_overflow.hpp"
#include "goroutines/throw_trace.hpp"
#include "goroutines/wait_group.hpp"
#include "goroutines/watch.hpp"

namespace boost::fibers {

// Boost destroys its scheduler at the end of the thread that uses it, when this counter falls to zero, and
// then waits for all its fibers.  exit() in the middle of a goroutine would wait for ever; while run() runs we
// count ourselves as one more user, and exit() leaves the scheduler alone.
struct context_initializer {                 // NOLINT(readability-identifier-naming): Boost's name
  static thread_local std::size_t counter_;  // NOLINT(readability-identifier-naming): likewise
};

}  // namespace boost::fibers

namespace conclave::detail {
namespace {

// Every so many picks a busy processor looks around: at the clock, at descriptors, at other threads.
constexpr std::uint32_t kPicksPerLook = 61;
constexpr std::uint32_t kPicksPerIdleLook = 16 * kPicksPerLook;  // when nobody sleeps

// Boost's dispatcher stands on a stack of the default size, with its context on top.
constexpr std::size_t kDispatcherBytes = std::size_t{64} * 1024;

constexpr std::size_t kHelpersMax = 1024;
constexpr unsigned kPctDepthMax = 64;

std::terminate_handler terminate_before = nullptr;

std::span<const std::byte> stack_of_this_thread() noexcept {
  pthread_attr_t attributes;
  void* low = nullptr;
  std::size_t bytes = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
  pthread_attr_getstack(&attributes, &low, &bytes);
  pthread_attr_destroy(&attributes);
  return {static_cast<const std::byte*>(low), bytes};
}

/// Says why, when it is the unwinding of a goroutine that must not pass.
void explain_terminate() {
  try {
    if (std::current_exception() != nullptr) throw;
  } catch (const Unwind&) {
    report_stopped_unwinding(*current_goroutine, current_processor->unwound_from());
  } catch (...) {  // not our business
  }
  terminate_before();
}

RunOptions checked(RunOptions options, std::source_location place) {
  if (options.stack_bytes < Stacks::kBytesMin || options.stack_bytes > Stacks::kBytesMax) {
    panic(fmt::format("run: RunOptions::stack_bytes is {}; it must be between {} and {}",
                      options.stack_bytes, Stacks::kBytesMin, Stacks::kBytesMax),
          place);
  }
  if (options.helpers_max < 1 || options.helpers_max > kHelpersMax) {
    panic(fmt::format("run: RunOptions::helpers_max is {}; it must be between 1 and {}",
                      options.helpers_max, kHelpersMax),
          place);
  }
  if (options.pct_depth < 1 || options.pct_depth > kPctDepthMax) {
    panic(fmt::format("run: RunOptions::pct_depth is {}; it must be between 1 and {}",
                      options.pct_depth, kPctDepthMax),
          place);
  }
  if (options.pct_turns == 0) panic("run: RunOptions::pct_turns is 0; it must be 1 or more", place);
  if (options.clock == nullptr) options.clock = &real_clock();
  return options;
}

}  // namespace

constinit thread_local Goroutine* current_goroutine = nullptr;
constinit thread_local Processor* current_processor = nullptr;

/// Lets Boost put a fiber on one of our stacks.
struct Processor::StackAllocator {
  Stacks* stacks;
  boost::context::stack_context allocate() const noexcept { return stacks->allocate(); }
  void deallocate(boost::context::stack_context& stack) const noexcept {
    stacks->deallocate(stack);
  }
};

Processor& Processor::of_this_thread() {
  static thread_local Processor* processor = nullptr;
  if (processor == nullptr) {
    processor = new Processor;  // Boost's scheduler owns it from the next line on
    boost::fibers::context::active()->get_scheduler()->set_algo(processor);
    const auto stack = stack_of_this_thread();
    processor->thread_.stack_low = stack.data();
    processor->thread_stack_bytes_ = stack.size();
  }
  return *processor;
}

// --- run() ---------------------------------------------------------------------------------------------

void Processor::run(Task&& main, const RunOptions& options, std::source_location place) {
  if (current_goroutine != nullptr) {
    panic("run: called inside run(); start a goroutine with go(), or use another thread", place);
  }
  const RunOptions valid = checked(options, place);
  [[maybe_unused]] static const bool once = [] {
    terminate_before = std::set_terminate(explain_terminate);
    name_goroutines_to_sanitizer();
    return true;
  }();
  if (!poller_) poller_.emplace();
  clock_ = valid.clock;
  clock_has_refused_ = false;
  picks_.store(0, std::memory_order_relaxed);
  run_queue_.reset(valid.order, valid.seed, {valid.pct_depth - 1, valid.pct_turns});
  between_turns_ = valid.between_turns;
  uncaught_ = valid.uncaught;
  is_observed_ = between_turns_ != nullptr;
  seed_choices(valid.seed);
  stacks_.set_bytes(valid.stack_bytes);
  helpers_max_ = valid.helpers_max;

  last_id_ = 0;
  race_context_.begin_scheduler(is_observed_);
  main_ = &allocate(std::move(main), "main", place);
  main_->race_context.begin_here();
  thread_.context = boost::fibers::context::active();
  thread_.goroutine = main_;
  main_->worker = &thread_;
  main_->context = thread_.context;
  active_ = &thread_;
  const ThreadState outside = thread_seat_.save();
  ++boost::fibers::context_initializer::counter_;
  current_processor = this;
  now_ = clock_->now();
  enter(main_);

  mains_frame_ = static_cast<const std::byte*>(__builtin_frame_address(0));
  {
    const SignalStack stack_of_handlers;
    const SignalHandler fault_handler(SIGSEGV, on_fault);
    const QuitListener quit_listener(*this);
    std::optional<Watch> watch;
    if (valid.watch || Watch::is_wanted_by_environment()) watch_ = &watch.emplace(*this);
    execute(*main_);
    ended_.acquire();
    watch_ = nullptr;
    watch.reset();
    end_goroutines();
    retire_workers();
  }
  ended_.acquire();
  race_context_.end_scheduler();

  release(*main_);
  --boost::fibers::context_initializer::counter_;
  current_goroutine = nullptr;
  current_processor = nullptr;
  thread_seat_.restore(outside);
}

void Processor::start_in(GroupState* group, Task&& task, std::string&& name, WaitGroup* wait_group,
                         std::source_location place) {
  if (nothing_may_begin()) [[unlikely]] {
    task.reset();
    if (wait_group != nullptr) wait_group->done(place);
    return;
  }
  const RuntimeCode runtime;
  Goroutine& goroutine = allocate(std::move(task), std::move(name), place);
  goroutine.race_context.begin(goroutine.id, goroutine.name);
  goroutine.wait_group = wait_group;
  goroutine.group = group;
  for (GroupState* each = group; each != nullptr; each = each->outer) {
    ++each->live;
    is_observed_ |= each->is_paused;  // since before this run(), perhaps
  }
  run_queue_.push_started(goroutine);
}

GroupState* Processor::group_of_starter() const noexcept {
  if (firing_) [[unlikely]]
    return *firing_;
  return current_goroutine != nullptr ? current_goroutine->group : nullptr;
}

/// Whether a destructor runs at the end of its goroutine: what it starts would outlive it.
bool Processor::nothing_may_begin() const noexcept {
  return main_has_returned_ || (current_goroutine != nullptr && current_goroutine->ending);
}

Goroutine& Processor::allocate(Task&& task, std::string&& name, std::source_location place) {
  if (free_records_.empty()) {
    free_records_.push_back(&records_.emplace_back());
  }
  Goroutine& goroutine = *free_records_.back();
  free_records_.pop_back();
  goroutine.id = ++last_id_;
  goroutine.task = std::move(task);
  if (!name.empty()) goroutine.name = std::move(name);
  goroutine.started_at = place;
  goroutine.thread_state = {};
  run_queue_.welcome(goroutine);
  ++live_;
  return goroutine;
}

void Processor::release(Goroutine& goroutine) noexcept {
  for (GroupState* each = goroutine.group; each != nullptr; each = each->outer) --each->live;
  goroutine.id = 0;
  goroutine.worker = nullptr;
  goroutine.ending = false;
  goroutine.unwinding = false;
  goroutine.orphaned = false;
  goroutine.group = nullptr;
  goroutine.wait_group = nullptr;
  goroutine.name.clear();
  --live_;
  if constexpr (!kDetectsRaces) free_records_.push_back(&goroutine);
}

std::vector<const Goroutine*> Processor::goroutines() const {
  std::vector<const Goroutine*> alive;
  for (const Goroutine& goroutine : records_) {
    if (goroutine.id != 0) alive.push_back(&goroutine);
  }
  std::ranges::sort(alive, {}, &Goroutine::id);
  return alive;
}

const void* Processor::edge_of(const Goroutine& goroutine) const noexcept {
  if (&goroutine == main_) return mains_frame_;
  return goroutine.worker != nullptr ? goroutine.context : nullptr;  // Boost puts it on top
}

std::vector<CallAddress> Processor::calls_to(const void* frame, const Goroutine& goroutine) const {
  std::vector<CallAddress> calls(kCallsMax);
  calls.resize(walk_stack(frame, edge_of(goroutine), calls));
  return calls;
}

// --- who runs ------------------------------------------------------------------------------------------

void Processor::yield(std::source_location place) {
  Goroutine& self = *current_goroutine;
  if (self.ending) [[unlikely]]
    return refuse_to_park(self);
  const RuntimeCode runtime;
  check_canary();
  self.thread_state = thread_seat_.save();
  self.frame = __builtin_frame_address(0);
  run_queue_.push_yielded(self);
  switch_to(next());
  if (self.ending) [[unlikely]]
    unwind(self, place);
}

bool Processor::park(const Wait& wait) {
  Goroutine& self = *current_goroutine;
  if (self.ending) [[unlikely]] {
    refuse_to_park(self);
    return false;
  }
  const RuntimeCode runtime;
  check_canary();
  self.thread_state = thread_seat_.save();
  self.wait = &wait;
  self.frame = __builtin_frame_address(0);
  self.parked_at = now_;
  switch_to(next());
  if (self.ending) [[unlikely]]
    return unwind(self, wait.place);
  return true;
}

void Processor::sleep_until(TimePoint deadline, std::source_location place) {
  const RuntimeCode runtime;
  // A deadline past the end of time has no timer: nothing will wake this goroutine.  One that is being unwound
  // is not parked, and will have ended when its timer comes.
  Goroutine& self = *current_goroutine;
  if (deadline != TimePoint::max() && !self.ending) timers_.push(when(deadline), self);
  park({.call = deadline != TimePoint::max() ? "sleep" : "sleep, for ever", .place = place});
}

void Processor::set_alarm_on_run(Alarm& alarm, TimePoint at) {
  const RuntimeCode runtime;
  cancel_alarm(alarm);
  const bool of_group = alarm.lapses_ == Alarm::Lapses::with_group;
  if (at == TimePoint::max() || (of_group ? nothing_may_begin() : main_has_returned_)) return;
  alarm.group_ = group_of_starter();
  timers_.push(at, alarm);
}

TimePoint Processor::when(TimePoint deadline) const noexcept {
  const GroupState* group = group_of_starter();
  return group == nullptr ? deadline : group->clock.when(deadline);
}

void Processor::pause(GroupState& group) noexcept {
  group.is_paused = true;
  is_observed_ = true;
}

void Processor::resume(GroupState& group) noexcept {
  group.is_paused = false;
  while (!group.held.empty()) {
    auto& goroutine = static_cast<Goroutine&>(group.held.front());
    group.held.pop_front();
    run_queue_.push_woken(goroutine);
  }
}

void Processor::cancel_alarm(Alarm& alarm) noexcept {
  if (alarm.is_set()) timers_.cancel(alarm);
}

Goroutine* Processor::next() noexcept {
  const std::uint32_t picks = this->picks() + 1;
  picks_.store(picks, std::memory_order_relaxed);
  if (endings_ != nullptr) [[unlikely]]
    return next_to_end();
  if (picks % kPicksPerLook == 0) look_around();
  Goroutine* goroutine = next_ready();
  // As suspend_until() does; on a virtual clock there is no need to go to the dispatcher for it.
  while (goroutine == nullptr && !timers_.empty() && !clock_has_refused_) {
    quit_if_wanted();
    if (!take_mail()) {
      if (!jump_to(timers_.earliest())) break;
      wake_sleepers();
    }
    goroutine = next_ready();
  }
  return goroutine;
}

Goroutine* Processor::next_observed() noexcept {
  Goroutine* goroutine = run_queue_.pop();
  while (goroutine != nullptr && is_held(*goroutine)) goroutine = run_queue_.pop();
  return goroutine;
}

/// Whether a group to which it belongs is paused, also after whoever looks on has been told: then that holds it.
bool Processor::is_held(Goroutine& goroutine) noexcept {
  GroupState* const group = goroutine.group;
  GroupState* paused = group != nullptr ? group->paused() : nullptr;
  if (paused == nullptr && between_turns_) {
    Goroutine* const self = std::exchange(current_goroutine, nullptr);
    between_turns_(turn_of(goroutine));
    current_goroutine = self;
    if (group != nullptr) paused = group->paused();
  }
  if (paused != nullptr) paused->held.push_back(goroutine);
  return paused != nullptr;
}

Turn Processor::turn_of(const Goroutine& goroutine) noexcept {
  const GroupState* group = goroutine.group;
  while (group != nullptr && group->outer != nullptr) group = group->outer;
  return {goroutine.id, group != nullptr ? group->handle : nullptr};
}

/// Between two goroutines, now and then: what does the world outside want?
void Processor::look_around() noexcept {
  quit_if_wanted();
  if (!timers_.empty() || picks() % kPicksPerIdleLook == 0) wake_sleepers();
  if (poller_->anybody_waits()) poller_->look();
  take_mail();
}

void Processor::quit_if_wanted() const {
  if (quit_wanted.load(std::memory_order_relaxed)) [[unlikely]]
    answer_quit(*this);
}

const std::shared_ptr<Inbox>& Processor::inbox() {
  if (inbox_ == nullptr) {
    inbox_ = std::make_shared<Inbox>(*poller_);
    if (main_has_returned_) static_cast<void>(inbox_->close());
  }
  return inbox_;
}

/// @return whether there was any
bool Processor::take_mail() noexcept {
  if (inbox_ == nullptr || !inbox_->has_mail()) return false;
  const OnBehalfOf the_scheduler(race_context_);
  Inbox::Contents mail = inbox_->take();
  for (const BlockingCall* call : mail.calls) ready(*call->goroutine);
  for (Inbox::Post& post : mail.posts) {  // to be started in their order, not newest first
    Goroutine& goroutine = allocate(std::move(post.task), {}, post.place);
    goroutine.race_context.begin(goroutine.id, goroutine.name);
    run_queue_.push_woken(goroutine);
  }
  return true;
}

/// Whether something can still happen that no timer tells.
bool Processor::somebody_may_come() const noexcept {
  return poller_->anybody_waits() || calls_on_their_way_ != 0 ||
         (inbox_ != nullptr && (inbox_->has_handles() || inbox_->has_mail()));
}

void Processor::wake_sleepers() noexcept {
  now_ = clock_->now();
  if (timers_.empty()) return;
  const OnBehalfOf the_scheduler(race_context_);
  while (const Timers::Due due = timers_.pop_due(now_)) {
    if (due.alarm != nullptr) {
      firing_ = due.alarm->group_;
      due.alarm->fire();
      firing_.reset();
    } else {
      ready(*due.sleeper);
    }
  }
}

/// Before another goroutine runs on what the one that runs now may have destroyed.
void Processor::check_canary() const noexcept {
  if (active_->canary == nullptr) [[likely]]
    return;
  const auto* here = static_cast<const std::byte*>(__builtin_frame_address(0));
  if (here < active_->stack_low || !Stacks::is_intact(active_->canary)) {
    report_destroyed_canary(*this, *active_, here);
  }
}

/// The one place every switch passes: from here on, `goroutine` runs, or the dispatcher if it is null.
void Processor::enter(Goroutine* goroutine) noexcept {
  current_goroutine = goroutine;
  thread_seat_.restore(goroutine != nullptr ? goroutine->thread_state : ThreadState{});
  (goroutine != nullptr ? goroutine->race_context : race_context_).enter();
}

const RaceContext& scheduler_race_context() noexcept { return current_processor->race_context(); }

void Processor::switch_to(Goroutine* goroutine) noexcept {
  Worker& to = goroutine != nullptr ? worker_of(*goroutine) : dispatcher_;
  enter(goroutine);
  if (&to == active_) return;
  Worker& from = *std::exchange(active_, &to);
  from.stack_switch.leave(to.stack_switch);
  (goroutine != nullptr ? goroutine->context : dispatcher_.context)->resume();
  from.stack_switch.arrive();
}

Worker& Processor::worker_of(Goroutine& goroutine) noexcept {
  if (goroutine.worker == nullptr) {
    if (idle_workers_.empty()) {
      goroutine.worker = &new_worker();
    } else {
      goroutine.worker = idle_workers_.back();
      idle_workers_.pop_back();
    }
    goroutine.worker->goroutine = &goroutine;
    goroutine.context = goroutine.worker->context;
  }
  return *goroutine.worker;
}

Worker& Processor::new_worker() noexcept {
  boost::context::stack_context stack = stacks_.allocate();
  if (stack.sp == nullptr) report_no_stack(*this, errno);
  stacks_.deallocate(stack);  // the next allocate() hands out this one

  Worker& worker = workers_.emplace_back();
  boost::fibers::fiber(boost::fibers::launch::post, std::allocator_arg, StackAllocator{&stacks_},
                       [this, &worker] { work(worker); })
      .detach();
  worker.context = newest_context_;
  worker.stack_low = static_cast<std::byte*>(stack.sp) - stack.size;
  worker.canary = Stacks::canary_below(worker.stack_low);
  worker.stack_switch.set_stack(worker.stack_low, stack.size);
  return worker;
}

/// What a fiber does: one goroutine after the other.
void Processor::work(Worker& self) noexcept {
  self.stack_switch.arrive();
  while (self.goroutine != nullptr) {
    execute(*self.goroutine);
    ended_.release();
    race_context_.enter();
    self.goroutine->race_context.end();
    check_canary();
    release(*self.goroutine);
    self.goroutine = nullptr;
    if constexpr (kDetectsRaces) return;  // what comes next stands on memory of its own

    Goroutine* goroutine = next();
    if (goroutine != nullptr && goroutine->worker == nullptr) {
      // A new goroutine can begin on the stack we stand on: no switch.
      goroutine->worker = &self;
      goroutine->context = self.context;
      self.goroutine = goroutine;
      enter(goroutine);
    } else {
      idle_workers_.push_back(&self);
      switch_to(goroutine);  // comes back with a goroutine to run, or with none to retire
    }
  }
}

void Processor::execute(Goroutine& goroutine) noexcept {
  try {
    try {
      struct Destroy {
        Task& task;
        ~Destroy() { task.reset(); }
      } const destroy{goroutine.task};
      if (goroutine.ending) [[unlikely]]
        unwind_unstarted(goroutine);
      run_noting_throws(goroutine.task);
    } catch (const Unwind&) {  // its destructors have run
    }
    if (goroutine.wait_group != nullptr) goroutine.wait_group->done(goroutine.started_at);
  } catch (...) {
    if (!uncaught_ || &goroutine == main_) report_uncaught(goroutine, calls_that_threw());
    uncaught_(turn_of(goroutine), describe_current_exception());
    if (goroutine.wait_group != nullptr) goroutine.wait_group->done(goroutine.started_at);
  }
}

// --- stacks that are full ------------------------------------------------------------------------------

const Worker* Processor::overflowed(const void* address, std::uintptr_t stack) const noexcept {
  const auto fault = reinterpret_cast<std::uintptr_t>(address);
  const auto low = reinterpret_cast<std::uintptr_t>(active_->stack_low);
  if (active_->goroutine == nullptr || fault >= low) return nullptr;
  // Below the thread's own stack may lie anything.  A call that finds no room fails at its stack pointer, or above.
  const std::uintptr_t lowest = (active_ == &thread_ ? stack : low) - Stacks::kPage;
  return fault >= lowest ? active_ : nullptr;
}

std::size_t Processor::stack_bytes_of(const Worker& worker) const noexcept {
  return &worker == &thread_ ? thread_stack_bytes_ : stacks_.bytes();
}

// --- what Boost.Fiber asks -----------------------------------------------------------------------------

void Processor::awakened(boost::fibers::context* context) noexcept {
  if (context->is_context(boost::fibers::type::dispatcher_context)) {
    if (dispatcher_.context == nullptr) {
      dispatcher_.context = context;
      dispatcher_.stack_switch.set_stack(reinterpret_cast<std::byte*>(context) - kDispatcherBytes,
                                         kDispatcherBytes);
    }
  } else {
    newest_context_ = context;
  }
}

/// Called on the dispatcher, and on a worker that has just retired.
boost::fibers::context* Processor::pick_next() noexcept {
  Worker& from = *active_;
  from.stack_switch.arrive();
  Worker* to = nullptr;
  if (retiring_) {
    enter(main_);
    to = &thread_;
    if (!idle_workers_.empty()) {
      to = idle_workers_.back();
      idle_workers_.pop_back();
    }
  } else {
    // For the race detector a worker ends with its goroutine, and the dispatcher frees the stack.
    const bool freed = kDetectsRaces && current_processor != nullptr && &from != &dispatcher_;
    if (freed) enter(nullptr);
    Goroutine* goroutine = freed ? nullptr : next();
    if (goroutine == nullptr) {
      if (&from == &dispatcher_) return nullptr;
      to = &dispatcher_;  // the thread ends, and its scheduler with it
    } else {
      to = &worker_of(*goroutine);
      enter(goroutine);
    }
  }
  active_ = to;
  from.stack_switch.leave(to->stack_switch, retiring_ && &from != &dispatcher_);
  return to->context;
}

/// Nothing can run.  Called on the dispatcher.
void Processor::suspend_until(const std::chrono::steady_clock::time_point& /*unused*/) noexcept {
  active_->stack_switch.arrive();
  quit_if_wanted();
  if (take_mail()) return;
  if (watch_ != nullptr) watch_->idle_begins();
  if (timers_.empty()) {
    if (!somebody_may_come()) report_deadlock(*this);
    poller_->wait(Duration::max());
  } else if (const TimePoint next = timers_.earliest(); !jump_to(next)) {
    const Duration left = next - clock_->now();
    poller_->wait(left > Duration::zero() && time_stands_still() ? Duration::max() : left);
  }
  if (watch_ != nullptr) watch_->idle_ends();
  quit_if_wanted();
  take_mail();
  wake_sleepers();
}

/// Moves a virtual clock on to `next`, unless a descriptor is ready now or a helper thread is at work.
bool Processor::jump_to(TimePoint next) noexcept {
  if (clock_has_refused_ || calls_on_their_way_ != 0) return false;
  if (poller_->anybody_waits() && poller_->look()) return true;
  clock_has_refused_ = !clock_->jump_to(next);
  return !clock_has_refused_;
}

/// Whether the clock is a virtual one, and waits for a helper thread.
bool Processor::time_stands_still() noexcept {
  if (calls_on_their_way_ == 0) return false;
  clock_has_refused_ = clock_has_refused_ || !clock_->jump_to(clock_->now());
  return !clock_has_refused_;
}

void Processor::notify() noexcept {
  if (poller_) poller_->notify();
}

}  // namespace conclave::detail
