/// @file
/// Processor: one thread that runs goroutines, one at a time.
/// @internal
///
/// It is the scheduling algorithm of this thread's Boost.Fiber scheduler.  Boost gives stacks and the switch
/// from one to another; which goroutine runs, and when, is decided here.
///
/// Things that exist
///  - Goroutine: a record.  It gets a stack when it first runs, and gives it back when its function ends.
///  - Worker: a Boost fiber that runs one goroutine after the other, so that starting one costs no new fiber,
///    and no switch at all when the next goroutine to run is a new one.
///  - The dispatcher: Boost's own fiber.  It runs only when nothing else can, and waits for the next timer.
///
/// Laws
///  1. Every switch passes enter(): it alone restores what the C++ runtime keeps per thread.
///  2. Boost's own queues, timers and timed waits are not used.
///  3. A goroutine that has started stays on its thread: compilers cache the address of thread-locals across
///     switches.
///
/// Source: Go, runtime/proc.go (G, M, P); Boost.Fiber, "Customization" (own scheduling algorithms).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>

#include "goroutines/go.hpp"
#include "goroutines/goroutine.hpp"
#include "goroutines/goroutine_group.hpp"
#include "goroutines/helpers.hpp"
#include "goroutines/inbox.hpp"
#include "goroutines/poller.hpp"
#include "goroutines/race_detector.hpp"
#include "goroutines/run_queue.hpp"
#include "goroutines/stack_switch.hpp"
#include "goroutines/stack_trace.hpp"
#include "goroutines/stacks.hpp"
#include "goroutines/timers.hpp"

namespace conclave::detail {

class Watch;

/// A stack that can run: one of Boost's fibers, or the thread itself.
struct Worker {
  boost::fibers::context* context = nullptr;
  Goroutine* goroutine =
      nullptr;  // the one that runs on it; null for an idle worker and the dispatcher
  const std::byte* stack_low = nullptr;  // null for the dispatcher
  const std::byte* canary = nullptr;     // null for a stack with a guard page
  [[no_unique_address]] StackSwitch stack_switch;
};

/// One thread that runs goroutines, one at a time.
class Processor final : public boost::fibers::algo::algorithm {
 public:
  /// This thread's processor, made at the first use.
  static Processor& of_this_thread();

  /// Runs `main` and what it starts; see conclave::run().
  void run(Task&& main, const RunOptions& options, std::source_location place);

  /// Starts a goroutine in the group of the one that calls.
  void start(Task&& task, std::string&& name, WaitGroup* wait_group, std::source_location place) {
    start_in(group_of_starter(), std::move(task), std::move(name), wait_group, place);
  }
  void start_in(GroupState* group, Task&& task, std::string&& name, WaitGroup* wait_group,
                std::source_location place);
  void yield(std::source_location place);
  /// @return whether the goroutine was woken; false when it is being unwound instead
  bool park(const Wait& wait);
  void sleep_until(TimePoint deadline, std::source_location place);
  void set_alarm_on_run(Alarm& alarm, TimePoint at);
  void cancel_alarm(Alarm& alarm) noexcept;
  void ready(Goroutine& goroutine) noexcept {
    goroutine.wait = nullptr;
    run_queue_.push_woken(goroutine);
  }

  /// Unwinds all members of `group` but the goroutine that calls.
  void end_group(GroupState& group);
  /// Unwinds the goroutine that calls.
  void end_self(std::source_location place);

  /// The group to which belongs what is started, set or made now.
  [[nodiscard]] GroupState* group_of_starter() const noexcept;

  /// Whether members of `group` take turns.
  void pause(GroupState& group) noexcept;
  void resume(GroupState& group) noexcept;

  /// The wait group, or the group, ends before its goroutines, which happens only while they are unwound.
  void forget(const WaitGroup& wait_group) noexcept;
  void forget(const GroupState& group) noexcept;

  /// Whether main has returned and `object` lies where its frame was.
  [[nodiscard]] bool lay_in_mains_frame(const void* object) const noexcept;

  /// The time as the one that runs, or whose alarm fires, sees it.
  [[nodiscard]] TimePoint now() const noexcept {
    const GroupState* group = group_of_starter();
    return group == nullptr ? clock_->now() : group->clock.local(clock_->now());
  }
  /// The time of run() when it is `deadline` for that one.
  [[nodiscard]] TimePoint when(TimePoint deadline) const noexcept;
  /// The time of run().
  [[nodiscard]] TimePoint run_time() const noexcept { return clock_->now(); }
  [[nodiscard]] Poller& poller() noexcept { return *poller_; }
  /// Where other threads put what they have for this run().
  [[nodiscard]] const std::shared_ptr<Inbox>& inbox();
  void run_blocking(BlockingCall& call, std::source_location place);
  [[nodiscard]] std::size_t live() const noexcept { return live_; }
  [[nodiscard]] const Stacks& stacks() const noexcept { return stacks_; }

  /// How often somebody was chosen to run, modulo 2^32.  Call from any thread.
  [[nodiscard]] std::uint32_t picks() const noexcept {
    return picks_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] const RaceContext& race_context() const noexcept { return race_context_; }

  /// All goroutines that are alive, lowest number first.
  [[nodiscard]] std::vector<const Goroutine*> goroutines() const;

  /// The end of the goroutine's stack of calls, for walk_stack(); null when it has not run yet.
  [[nodiscard]] const void* edge_of(const Goroutine& goroutine) const noexcept;

  /// The calls of `goroutine` that led to `frame`, a frame of its stack; none when it has not run yet.
  [[nodiscard]] std::vector<CallAddress> calls_to(const void* frame,
                                                  const Goroutine& goroutine) const;

  /// The goroutine's stack that a fault at `address` has overflowed; null if it is another fault.
  /// @param stack  the stack pointer at the fault
  /// Async-signal-safe.
  [[nodiscard]] const Worker* overflowed(const void* address, std::uintptr_t stack) const noexcept;

  /// The bytes of the stack that `worker` is.
  [[nodiscard]] std::size_t stack_bytes_of(const Worker& worker) const noexcept;

  /// Where the goroutine was parked whose unwinding began last.
  [[nodiscard]] const std::source_location& unwound_from() const noexcept { return unwound_from_; }

  // What Boost.Fiber asks of a scheduling algorithm.
  void awakened(boost::fibers::context* context) noexcept override;
  boost::fibers::context* pick_next() noexcept override;
  [[nodiscard]] bool has_ready_fibers() const noexcept override { return false; }
  void suspend_until(const std::chrono::steady_clock::time_point& unused) noexcept override;
  void notify() noexcept override;

 private:
  struct StackAllocator;
  struct Ending;

  Goroutine& allocate(Task&& task, std::string&& name, std::source_location place);
  void release(Goroutine& goroutine) noexcept;

  Goroutine* next() noexcept;
  Goroutine* next_ready() noexcept { return is_observed_ ? next_observed() : run_queue_.pop(); }
  Goroutine* next_observed() noexcept;
  [[nodiscard]] bool is_held(Goroutine& goroutine) noexcept;
  [[nodiscard]] static Turn turn_of(const Goroutine& goroutine) noexcept;
  void enter(Goroutine* goroutine) noexcept;
  void switch_to(Goroutine* goroutine) noexcept;
  Worker& worker_of(Goroutine& goroutine) noexcept;
  Worker& new_worker() noexcept;
  void work(Worker& self) noexcept;
  void execute(Goroutine& goroutine) noexcept;
  void look_around() noexcept;
  void quit_if_wanted() const;
  void check_canary() const noexcept;
  void wake_sleepers() noexcept;
  bool take_mail() noexcept;
  [[nodiscard]] bool somebody_may_come() const noexcept;
  bool jump_to(TimePoint next) noexcept;
  bool time_stands_still() noexcept;
  [[nodiscard]] bool nothing_may_begin() const noexcept;

  // ending.cpp
  void end_goroutines();
  void mark(Goroutine& goroutine, Ending& ending);
  void end_marked(Ending& ending);
  Goroutine* next_to_end() noexcept;
  [[nodiscard]] bool ends_others(const Goroutine& goroutine) const noexcept;
  bool unwind(Goroutine& self, std::source_location place);
  [[noreturn]] void unwind_unstarted(Goroutine& self);
  void refuse_to_park(Goroutine& goroutine);
  void retire_workers() noexcept;

  // Fixed while run() runs.
  Clock* clock_ = nullptr;
  bool clock_has_refused_ = false;  // to jump: it is a real one
  ThreadSeat thread_seat_;
  Goroutine* main_ = nullptr;
  Watch* watch_ = nullptr;  // until main returns, if it is wanted
  std::size_t thread_stack_bytes_ = 0;

  // Goroutines.  Records are recycled newest first; a deque never moves them.
  std::deque<Goroutine> records_;
  std::vector<Goroutine*> free_records_;
  std::size_t live_ = 0;
  std::uint64_t last_id_ = 0;

  // Stacks that can run.
  Worker thread_;
  Worker dispatcher_;
  Worker* active_ = &thread_;
  [[no_unique_address]] RaceContext race_context_;
  std::deque<Worker> workers_;
  std::vector<Worker*> idle_workers_;
  boost::fibers::context* newest_context_ = nullptr;

  // Who looks on, and whose turns do not come.
  std::function<void(const Turn&)> between_turns_;
  std::function<void(const Turn&, const std::string& what)> uncaught_;
  bool is_observed_ = false;  // one of them is there

  // What can run, what sleeps, what it stands on.
  RunQueue run_queue_;
  Timers timers_;
  std::optional<Poller> poller_;
  std::shared_ptr<Inbox> inbox_;    // of this run(), made at the first use
  std::optional<Helpers> helpers_;  // likewise
  std::size_t helpers_max_ = 0;
  std::size_t calls_on_their_way_ = 0;  // functions of blocking()
  Stacks stacks_;
  std::atomic<std::uint32_t> picks_ = 0;  // written by this thread only
  TimePoint now_;                         // when it last looked at the clock
  std::optional<GroupState*> firing_;     // the group of the alarm that fires just now

  // The end of goroutines, before their functions have returned.
  std::chrono::steady_clock::time_point ended_at_;  // when the outermost of them began
  Ending* endings_ = nullptr;                       // those in progress, innermost first
  std::source_location unwound_from_;  // where the goroutine was parked that is being unwound

  // The end of run().
  [[no_unique_address]] Edge ended_;
  bool main_has_returned_ = false;
  const std::byte* mains_frame_ = nullptr;  // what main had on that stack lies below this
  bool retiring_ = false;
};

/// The processor of this thread while run() runs on it, also when no goroutine does; null otherwise.
extern constinit thread_local Processor* current_processor;

}  // namespace conclave::detail
