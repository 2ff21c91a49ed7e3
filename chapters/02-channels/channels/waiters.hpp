/// @file
/// Waiters: the goroutines that are parked on a channel.
/// @internal
///
/// An operation (a send, a receive, or a select) parks with one waiter in the queue of each channel it could
/// use.  Who completes it *claims* it first, through any of its waiters; the others are then dead letters, and
/// whoever finds them at the head of a queue, or else their owner, awake again, takes them away.
///
/// Laws
///  1. An operation is claimed at most once, and its goroutine is woken exactly then.
///  2. Waiters of one queue are claimed in the order in which they came.
///  3. Of several cases of one operation in one queue, which all become ready at once, each is as likely.
///
/// Source: Go, runtime/chan.go (sudog, dequeue) and runtime/select.go (selectDone).
#pragma once

#include <boost/intrusive/list.hpp>

#include "goroutines/goroutine.hpp"
#include "goroutines/parking.hpp"

namespace conclave::detail {

/// A parked send, receive or select; lives on its goroutine's stack.
struct Operation {
  static constexpr int kOpen = -1;

  Goroutine* goroutine;
  int chosen = kOpen;   // the case that was claimed; 0 for a plain send or receive
  bool passed = false;  // whether a value passed; false when the channel was closed
};

/// One operation's place in one channel's queue; lives on the goroutine's stack.
struct Waiter
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  Operation* operation = nullptr;
  void* value = nullptr;  // what to send, or the slot to receive into
  int index = 0;          // of the case
  unsigned cases = 1;     // of its operation in this queue; it stands for all of them

  [[nodiscard]] bool open() const noexcept { return operation->chosen == Operation::kOpen; }

  /// Makes the operation ours: nobody else will complete it.
  /// @pre open()
  void claim() noexcept {
    operation->chosen = index;
    unlink();
  }

  /// Wakes the goroutine whose operation was claimed.
  void wake(bool passed) noexcept {
    operation->passed = passed;
    ready(*operation->goroutine);
  }
};

/// Who waits on one side of a channel, longest wait first.
class Waiters {
 public:
  void push(Waiter& waiter) noexcept {
    if (!queue_.empty() && queue_.back().operation == waiter.operation) return join(waiter);
    queue_.push_back(waiter);
  }

  /// The first whose operation is open; null when there is none.  The dead letters before it leave, so that
  /// each costs one look, however many there are.
  [[nodiscard]] Waiter* first() noexcept {
    while (!queue_.empty() && !queue_.front().open()) queue_.pop_front();
    return queue_.empty() ? nullptr : &queue_.front();
  }

 private:
  /// The k-th case of an operation takes the place of those before it with probability 1/k.
  void join(const Waiter& waiter) noexcept {
    Waiter& last = queue_.back();
    if (draw_below(++last.cases) != 0) return;
    last.value = waiter.value;
    last.index = waiter.index;
  }

  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> queue_;
};

}  // namespace conclave::detail
