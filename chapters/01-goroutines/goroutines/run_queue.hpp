/// @file
/// RunQueue: who runs next.
/// @internal
///
/// Order::standard keeps three queues, because three kinds of readiness want different things:
///   woken    parked goroutines whose wait is over: first come, first served, and soon (they free others);
///   started  new goroutines, newest first: a tree of goroutines is then walked depth first, with as many
///            stacks as it is deep; oldest first would need as many as it is wide;
///   yielded  goroutines that gave way: after the others, first come, first served.
///
/// Laws
///  1. Of four picks three prefer woken goroutines, one a started goroutine.
///  2. Every 61st pick goes to a yielded goroutine, every 976th to the *oldest* started one, so that nobody
///     waits for ever: a goroutine with n before it runs within 976 (n + 1) picks.
///  3. Order::random draws uniformly from all, from its own seeded generator.
///  4. Order::pct takes the one with the highest priority; of those who have yielded, or were moved back, who came first.
///
/// Source for the 61: Go, runtime/proc.go, schedtick.
#pragma once

#include <cstdint>
#include <vector>

#include "common/random.hpp"
#include "goroutines/go.hpp"
#include "goroutines/goroutine.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave::detail {

/// How many of the first picks move back who would be picked, and among how many of them.
struct ChangePoints {
  unsigned count = 0;
  std::uint64_t among = 1;
};

/// Who runs next.
class RunQueue {
 public:
  /// Empties the queue and sets its policy.
  /// @param change_points   of Order::pct
  void reset(Order order, std::uint64_t seed, ChangePoints change_points = {});

  /// Draws the priority of a goroutine that is new.
  void welcome(Goroutine& goroutine) noexcept {
    if (order_ == Order::pct) goroutine.priority = kDrawn | random_() >> 1;
  }

  void push_woken(Goroutine& goroutine) noexcept { push(woken_, goroutine); }
  void push_started(Goroutine& goroutine) noexcept { push(started_, goroutine); }
  void push_yielded(Goroutine& goroutine) noexcept {
    if (order_ == Order::pct) move_back(goroutine);
    push(yielded_, goroutine);
  }

  /// Takes a goroutine out that will not run on; one that stands in a WaitQueue leaves that.
  void remove(Goroutine& goroutine) noexcept;

  /// The next to run, which leaves the queue; null when it is empty.
  Goroutine* pop() noexcept;

 private:
  static constexpr std::uint64_t kDrawn = std::uint64_t{1} << 63;  // above all who were moved back

  static constexpr std::uint32_t kPatience = 61;
  static constexpr std::uint32_t kPatienceStarted = 16 * kPatience;

  void push(Queue& queue, Goroutine& goroutine) noexcept;
  Goroutine* pop_neglected() noexcept;
  Goroutine* pop_random() noexcept;
  Goroutine* pop_pct() noexcept;
  Goroutine* take(std::size_t slot) noexcept;
  void move_back(Goroutine& goroutine) noexcept { goroutine.priority = --lowest_; }

  Order order_ = Order::standard;
  std::uint64_t picks_ = 0;
  Queue woken_;
  Queue started_;
  Queue yielded_;
  std::vector<Goroutine*> any_;  // Order::random and Order::pct keep all of them here
  Random random_{1};
  std::uint64_t lowest_ = kDrawn;             // priority of who was moved back last
  std::vector<std::uint64_t> change_points_;  // that are still to come, the next one last
};

}  // namespace conclave::detail
