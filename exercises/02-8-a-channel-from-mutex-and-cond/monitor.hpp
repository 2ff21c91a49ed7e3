/// @file
/// Exercise 2.8: Mutex and Cond of chapter 1, in bad company.
///
/// On one processor nobody comes between two lines that do not park, and a forgotten lock is never noticed.  This Mutex gives
/// the processor away whenever it is locked, before and after it is taken, as if other processors were at work.  What is
/// right here is right on many.
///
/// Use std::unique_lock<Mutex> or std::scoped_lock.
#pragma once

#include <concepts>
#include <mutex>
#include <source_location>

#include "goroutines/goroutines.hpp"

namespace conclave::own {

/// One goroutine at a time, first come, first served.
class Mutex {
 public:
  /// Takes the mutex; parks while another goroutine holds it.  Others run before and after it is taken.
  void lock(std::source_location place = std::source_location::current()) {
    yield();
    mutex_.lock(place);
    yield();
  }
  /// Hands the mutex to the goroutine that waits longest, or frees it.
  void unlock(std::source_location place = std::source_location::current()) {
    mutex_.unlock(place);
  }

 private:
  conclave::Mutex mutex_;
};

/// Goroutines wait until somebody says that something has changed.
class Cond {
 public:
  /// Unlocks, parks until notified, locks again.  When it returns, others may have run since the notification.
  void wait(std::unique_lock<Mutex>& lock,
            std::source_location place = std::source_location::current()) {
    cond_.wait(*lock.mutex(), place);
  }
  /// Waits until `condition()` holds; checks it first and after every notification.
  template <std::predicate Condition>
  void wait(std::unique_lock<Mutex>& lock, Condition condition,
            std::source_location place = std::source_location::current()) {
    while (!condition()) wait(lock, place);
  }
  /// Wakes the goroutine that waits longest, if any.
  void notify_one() noexcept { cond_.notify_one(); }
  /// Wakes all goroutines that wait now.
  void notify_all() noexcept { cond_.notify_all(); }

 private:
  conclave::Cond cond_;
};

}  // namespace conclave::own
