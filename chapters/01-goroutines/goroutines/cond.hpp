/// @file
/// Cond: goroutines wait until somebody says that something has changed.
///
/// Laws
///  1. wait() gives up the lock and parks in one step: no notification falls between the two.
///  2. notify_one() wakes the goroutine that waits longest; notify_all() all that wait now.
///  3. A notification that nobody waits for is lost.
///  4. wait() returns with the lock held again.  Others may have run in between, so check the condition in a
///     loop, or hand the condition to wait().  There are no spurious wake-ups.
///
/// Call from any goroutine.  Go's names: Wait, Signal, Broadcast.
/// Source: Go, package sync, type Cond; Lampson & Redell 1980, on condition variables (why the loop).
#pragma once

#include <concepts>
#include <source_location>

#include "goroutines/parking.hpp"

namespace conclave {

/// Goroutines wait until somebody says that something has changed.
class Cond {
 public:
  Cond() = default;
  Cond(const Cond&) = delete;
  Cond& operator=(const Cond&) = delete;

  /// Unlocks `lock`, parks until notified, locks it again.  `lock` is a std::unique_lock<Mutex>, a Mutex or
  /// anything else that locks and unlocks.
  /// @pre this goroutine holds `lock`
  /// @rule{Go sync.Cond.Wait: unlocks and suspends in one step, locks before it returns, returns only when woken}
  /// @throws Panic outside run(), or from `lock.unlock()` when it is not held
  template <class Lock>
  void wait(Lock& lock, std::source_location place = std::source_location::current()) {
    detail::current(place);
    lock.unlock();
    struct Relock {
      Lock& lock;
      ~Relock() noexcept(false) { lock.lock(); }
    } relock{lock};
    park(place);
  }

  /// Waits until `condition()` holds; checks it first and after every wake-up, with `lock` held.  In a destructor of
  /// a goroutine that is being unwound it returns at once, whether it holds or not.
  /// @pre this goroutine holds `lock`
  template <class Lock, std::predicate Condition>
  void wait(Lock& lock, Condition condition,
            std::source_location place = std::source_location::current()) {
    while (!condition() && !detail::unwinding()) wait(lock, place);
  }

  /// Wakes the goroutine that waits longest, if any.  Does not block.
  void notify_one() noexcept;

  /// Wakes all goroutines that wait now.  Does not block.
  void notify_all() noexcept;

 private:
  void park(std::source_location place);
  static void wake(detail::Goroutine& waiter) noexcept;

  detail::WaitQueue waiters_;
};

}  // namespace conclave
