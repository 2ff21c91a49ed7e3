/// @file
/// Parking: how a primitive puts its goroutine to sleep and wakes another.
/// @internal
///
/// Every primitive of this chapter is a condition, a WaitQueue, and these three verbs: current(), park(), ready().
/// One processor, and a goroutine keeps it until it parks; so between "must I wait?" and park() nobody else
/// runs, and no wake-up is lost.
#pragma once

#include <concepts>
#include <cstdint>
#include <source_location>
#include <string>

#include <boost/intrusive/list.hpp>

namespace conclave::detail {

struct Goroutine;

/// The link by which a goroutine stands in one queue: the run queue or a primitive's.
using QueueLink =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
struct Queueable : QueueLink {};
using Queue = boost::intrusive::list<Queueable, boost::intrusive::constant_time_size<false>>;

/// Parked goroutines, longest wait first.  A queue that ends lets go of them; they stay parked.
class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue() {
    if (!empty()) orphan();
  }

  [[nodiscard]] bool empty() const noexcept { return queue_.empty(); }
  void push(Goroutine& goroutine) noexcept;
  /// The first in the queue, which leaves it; null when it is empty.
  Goroutine* pop() noexcept;
  /// The first in the queue, which stays; null when it is empty.
  [[nodiscard]] Goroutine* front() noexcept;

 private:
  void orphan() noexcept;

  Queue queue_;
};

/// Why a goroutine is parked; lives on its stack while it is.
struct Wait {
  /// The call, as a reader writes it: "Mutex::lock".
  const char* call;
  std::source_location place;
  /// What it waits for; `explain(object)` says more in a report: "held by goroutine 3".  May be null.
  const void* object = nullptr;
  std::string (*explain)(const void* object) = nullptr;
  /// Whether a report takes goroutines for one that differ in what explain() says.
  bool folds = false;
};

/// Which goroutine holds something exclusive.
struct Holder {
  std::uint64_t goroutine = 0;  // 0: nobody

  [[nodiscard]] explicit operator bool() const noexcept { return goroutine != 0; }
  /// "held by goroutine 3".
  [[nodiscard]] std::string describe() const;
};

/// Thrown through a goroutine's stack to run its destructors when it is ended before its function has returned.
/// Not an exception a program should catch: a `catch (...)` must throw it on.
struct Unwind {
  bool woken;  // whether ready() was called before: then what it waited for is in its hands
};

/// The goroutine that runs on this thread; null outside run().
extern constinit thread_local Goroutine* current_goroutine;

[[noreturn]] void panic_outside_run(std::source_location place);

/// The goroutine that runs on this thread.
/// @throws Panic outside run()
inline Goroutine& current(const std::source_location& place) {
  if (current_goroutine == nullptr) panic_outside_run(place);
  return *current_goroutine;
}

/// Whether this thread runs the functions of blocking(), and no goroutines.
extern constinit thread_local bool on_helper_thread;

/// Whether run() runs on this thread; also on the scheduler's own stack, where no goroutine is current.
[[nodiscard]] bool inside_run() noexcept;

/// Gives the processor away until somebody calls ready() for this goroutine.
/// While the goroutine is unwound it returns at once, with nothing obtained (see unwinding()).
/// @return whether somebody called ready()
/// @throws Unwind when the goroutine is ended meanwhile; see Unwind::woken
bool park(const Wait& wait);

/// Whether the queue in which this goroutine was parked has ended, and so what it belonged to.
[[nodiscard]] bool orphaned() noexcept;

/// park() in `queue`: whoever wakes this goroutine pops it there.
bool park_in(WaitQueue& queue, const Wait& wait);

/// The same for who is woken with something in hand, a lock say: when the goroutine was woken and is then ended
/// before it runs, `pass_on()` is called first; and when it was not, `left()`, since others may have waited behind it.
template <class PassOn, std::invocable Left>
bool park_in(WaitQueue& queue, const Wait& wait, PassOn pass_on, Left left) {
  try {
    const bool woken = park_in(queue, wait);
    if (!woken && !orphaned()) left();
    return woken;
  } catch (const Unwind& unwind) {
    if (unwind.woken) {
      pass_on();
    } else if (!orphaned()) {
      left();
    }
    throw;
  }
}

/// The same where nobody waits behind it for its sake.
template <class PassOn>
bool park_in(WaitQueue& queue, const Wait& wait, PassOn pass_on) {
  return park_in(queue, wait, pass_on, [] {});
}

/// Makes a parked goroutine ready to run.
void ready(Goroutine& goroutine) noexcept;

/// One of 0 to `count` - 1, for the choices that the language leaves open; RunOptions::seed repeats them.
[[nodiscard]] std::uint64_t draw_below(std::uint64_t count);

/// Begins the draws of draw_below() anew; run() does.
void seed_choices(std::uint64_t seed);

/// Whether this goroutine is being unwound, so that what it holds may not really be held.
[[nodiscard]] bool unwinding() noexcept;

/// Whether this goroutine is being unwound and `object` lay in main's frame, which has ended before: then a
/// destructor wants to unlock, say, what is no more, and nothing of it may be touched.
[[nodiscard]] bool gone(const void* object) noexcept;

}  // namespace conclave::detail
