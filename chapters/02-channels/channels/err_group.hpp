/// @file
/// ErrGroup: goroutines that work on one task, and its first error.
///
///     ErrGroup group(context);
///     for (int i = 0; i < 3; ++i) group.go([&, i] { return fetch(group.context(), i, pages[i]); });
///     if (Status status = group.wait(); !status.ok()) return status;
///
/// Laws
///  1. wait() returns only when all functions have returned, with the first status that was not ok; so does
///     each further wait().  A function whose goroutine is ended before has returned `cancelled`.
///  2. That status cancels the group's context, and is its cause; wait() cancels the context too.
///  3. No more functions run at a time than the limit says.
///  4. The destructor cancels and waits: what the functions refer to may live in the group's scope, declared
///     before it.
///
/// A function that throws ends the program, as every goroutine does: errors are values here.
/// Call from inside run().  Source: Go, golang.org/x/sync/errgroup.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "channels/context.hpp"
#include "common/status.hpp"
#include "goroutines/parking.hpp"
#include "goroutines/semaphore.hpp"
#include "goroutines/wait_group.hpp"

namespace conclave {

namespace detail {
template <class F>
concept ReturnsStatus = std::invocable<F&> && std::convertible_to<std::invoke_result_t<F&>, Status>;
}

/// Goroutines that work on one task, and its first error.
class ErrGroup {
 public:
  /// A group without a limit, whose context is derived from `parent`.
  explicit ErrGroup(const Context& parent = {},
                    std::source_location place = std::source_location::current());
  ErrGroup(const ErrGroup&) = delete;
  ErrGroup& operator=(const ErrGroup&) = delete;
  ~ErrGroup() noexcept(false);

  /// Lets at most `limit` functions run at a time; go() parks while so many do.  Does not block.
  /// @throws Panic for a limit below 1, or when a function was started before
  /// @rule{Go x/sync/errgroup.Group.SetLimit: limits the number of active goroutines to at most n}
  void set_limit(std::int64_t limit, std::source_location place = std::source_location::current());

  /// Starts `f`, which returns a Status, as a goroutine of this group; parks while the limit is reached.
  /// After an error, too, f is started: it finds context() ended.
  /// @throws Panic outside run() or for an empty f
  /// @rule{Go x/sync/errgroup.Group.Go: the first call to return a non-nil error cancels the group's context}
  template <detail::ReturnsStatus F>
  void go(F f, std::source_location place = std::source_location::current()) {
    check_function(f, place);
    if (limit_) limit_->acquire(1, place);
    start(std::move(f), place);
  }

  /// The same if the limit is not reached.  Does not park.
  /// @return whether f was started
  template <detail::ReturnsStatus F>
  [[nodiscard]] bool try_go(F f, std::source_location place = std::source_location::current()) {
    check_function(f, place);
    if (limit_ && !limit_->try_acquire(1, place)) return false;
    start(std::move(f), place);
    return true;
  }

  /// Parks until all functions have returned, and ends the context.
  /// @return the first status that was not ok; ok when there was none
  /// @rule{Go x/sync/errgroup.Group.Wait: blocks until all calls have returned, returns the first error}
  Status wait(std::source_location place = std::source_location::current());

  /// The context that the first error ends.
  [[nodiscard]] const Context& context() const noexcept { return context_.context; }

 private:
  template <class F>
  static void check_function(const F& f, std::source_location place) {
    if constexpr (detail::kMayBeEmpty<F>) {
      if (!static_cast<bool>(f)) detail::panic_empty_function(place);
    }
  }

  template <class F>
  void start(F f, std::source_location place) {
    started_ = true;
    group_.go(detail::Start<>(Call<F>(*this, std::move(f)), place));
  }

  /// One function.  When its goroutine is ended before it has returned, that is its error.
  template <class F>
  class Call {
   public:
    Call(ErrGroup& group, F f) : group_(&group), f_(std::move(f)) {}
    Call(Call&& other) noexcept(std::is_nothrow_move_constructible_v<F>)
        : group_(std::exchange(other.group_, nullptr)), f_(std::move(other.f_)) {}
    Call& operator=(Call&&) = delete;
    ~Call() {
      if (group_ != nullptr && detail::unwinding()) ended_early(group_);
    }
    void operator()() {
      const Status status = f_();
      std::exchange(group_, nullptr)->ended(status);
    }

   private:
    ErrGroup* group_;  // null when there is nothing to tell any more
    F f_;
  };

  void ended(const Status& status);
  static void ended_early(ErrGroup* group);

  CancellableContext context_;
  std::optional<Semaphore> limit_;
  bool started_ = false;
  Status first_error_;
  WaitGroup group_;  // last, so that it waits while the others are there
};

}  // namespace conclave
