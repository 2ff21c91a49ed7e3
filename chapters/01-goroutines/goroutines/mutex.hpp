/// @file
/// Mutex: one goroutine at a time, first come, first served.
///
/// Laws
///  1. Between lock() and unlock() no other goroutine holds the mutex.
///  2. Waiters get it in the order in which they came; unlock() hands it to the first, and nobody barges in.
///  3. try_lock() never parks and never yields.
///  4. unlock() of a mutex that nobody holds panics and changes nothing.
///
/// It is not recursive: the holder that locks again waits for itself, which a deadlock report then shows.
/// It meets the standard's Lockable requirements: use std::scoped_lock, std::unique_lock.
/// Call from any goroutine.  Source: Go, package sync, type Mutex; Hoare 1974, §2 (hand-off).
#pragma once

#include <source_location>
#include <string>

#include "goroutines/goroutine.hpp"
#include "goroutines/parking.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {

/// One goroutine at a time, first come, first served.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  /// Takes the mutex; parks while another goroutine holds it.
  /// @throws Panic outside run()
  /// @rule{Go sync.Mutex.Lock: if the lock is in use, the calling goroutine blocks until it is available}
  void lock(std::source_location place = std::source_location::current()) {
    const detail::Acquires order(unlocked_);
    const detail::Goroutine& self = detail::current(place);
    if (self.ending || holder_) return wait_for_it(place);
    holder_ = {self.id};
  }

  /// Takes the mutex if nobody holds it.  Does not park, does not yield.
  /// @return whether this goroutine holds it now
  /// @throws Panic outside run()
  [[nodiscard]] bool try_lock(std::source_location place = std::source_location::current()) {
    const detail::RuntimeCode runtime;
    const detail::Goroutine& self = detail::current(place);
    if (self.ending) [[unlikely]] {
      lock(place);  // which returns at once; std::lock() would try for ever
      return true;
    }
    if (holder_) return false;
    holder_ = {self.id};
    unlocked_.acquire();
    return true;
  }

  /// Hands the mutex to the goroutine that waits longest, or frees it.  Does not block.
  /// As in Go, another goroutine than the one that locked it may do so.
  /// @throws Panic when nobody holds it, or outside run()
  /// @rule{Go sync.Mutex.Unlock: unlocking an unlocked mutex is an error; another goroutine may unlock}
  void unlock(std::source_location place = std::source_location::current()) {
    const detail::Releases order(unlocked_);
    const detail::Goroutine& self = detail::current(place);
    if (self.ending || !holder_ || !waiters_.empty()) return hand_over(place);
    holder_ = {};
  }

 private:
  void wait_for_it(std::source_location place);
  void hand_over(std::source_location place);
  static std::string explain(const void* mutex);

  [[no_unique_address]] detail::Edge unlocked_;
  detail::Holder holder_;
  detail::WaitQueue waiters_;
};

}  // namespace conclave
