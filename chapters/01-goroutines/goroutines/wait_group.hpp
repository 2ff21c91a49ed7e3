/// @file
/// WaitGroup: waits for a number of goroutines to be done.
///
/// Laws
///  1. wait() returns only when the counter is zero, and at once when it is.
///  2. The counter never goes below zero: the call that would do it panics and changes nothing.
///  3. A goroutine started by go() is counted before go() returns and is done when its function has ended
///     and everything it captured is destroyed.
///  4. The destructor waits: what go()'s goroutines refer to may live in the group's scope, declared before it.
///
/// Call from any goroutine.  Source: Go, package sync, type WaitGroup (with Go from version 1.25).
#pragma once

#include <cstdint>
#include <source_location>
#include <utility>

#include "goroutines/parking.hpp"
#include "goroutines/race_detector.hpp"
#include "goroutines/start.hpp"

namespace conclave {

/// Waits for a number of goroutines to be done.
class WaitGroup {
 public:
  explicit WaitGroup(std::source_location place = std::source_location::current()) noexcept
      : made_at_(place) {}
  WaitGroup(const WaitGroup&) = delete;
  WaitGroup& operator=(const WaitGroup&) = delete;

  /// Waits as wait() does, even while an exception is on its way.  (In Go the garbage collector keeps what
  /// goroutines refer to; here the scope must.)
  ~WaitGroup() noexcept(false);

  /// Starts `f(args...)` as a goroutine of this group: add(1), and done() when it has ended.  Does not block.
  /// @throws Panic outside run() or for an empty f
  /// @rule{Go sync.WaitGroup.Go: calls f in a new goroutine and adds that task to the group}
  template <class... Args>
  void go(detail::Start<std::type_identity_t<Args>...> f, Args&&... args) {
    start(std::move(f).bind(std::forward<Args>(args)...), f.place());
  }

  /// Adds `delta`, which may be negative, to the counter; at zero all waiters wake.  Does not block.
  /// Call it before the goroutine it counts is started: inside it, wait() may already have returned.
  /// @throws Panic when the counter would go below zero or past the largest number
  /// @rule{Go sync.WaitGroup.Add: a counter below zero panics; at zero all waiters are released}
  void add(std::int64_t delta, std::source_location place = std::source_location::current());

  /// add(-1).  Does not block.
  void done(std::source_location place = std::source_location::current()) { add(-1, place); }

  /// Parks this goroutine until the counter is zero.
  /// @rule{Go memory model, "Synchronization": a done() happens before the return of the wait() it unblocks}
  /// @throws Panic outside run(), when it would have to park there
  void wait(std::source_location place = std::source_location::current());

  /// How many are not done yet.  Does not block.
  [[nodiscard]] std::int64_t count() const noexcept { return count_; }

 private:
  void start(detail::Task&& task, std::source_location place);
  [[noreturn]] void panic_out_of_range(std::int64_t delta, std::source_location place) const;

  [[no_unique_address]] detail::Edge done_;
  [[no_unique_address]] detail::Edge began_;
  std::int64_t count_ = 0;
  detail::WaitQueue waiters_;
  std::source_location made_at_;
};

}  // namespace conclave
