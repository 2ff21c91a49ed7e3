/// @file
/// Timers: the sleepers, earliest deadline first.
/// @internal
///
/// A heap of arity four: half as deep as a binary one, and a node's children share a cache line or two.
///
/// Laws
///  1. Sleepers leave in the order of their deadlines; those with equal deadlines in the order they came.
///
/// Source: Johnson 1975 (d-ary heaps); Go, runtime/time.go, also arity four.
#pragma once

#include <cstdint>
#include <vector>

#include "goroutines/clock.hpp"
#include "goroutines/goroutine.hpp"

namespace conclave::detail {

/// The sleepers, earliest deadline first.
class Timers {
 public:
  void push(TimePoint deadline, Goroutine& sleeper);

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// @pre not empty
  [[nodiscard]] TimePoint earliest() const noexcept { return heap_.front().deadline; }

  /// The sleeper with the earliest deadline if that is not after `now`, which leaves; null otherwise.
  Goroutine* pop_due(TimePoint now) noexcept;

  void clear() noexcept { heap_.clear(); }

 private:
  static constexpr std::size_t kArity = 4;

  struct Entry {
    TimePoint deadline;
    std::uint64_t arrival;
    Goroutine* sleeper;

    [[nodiscard]] bool before(const Entry& other) const noexcept {
      if (deadline != other.deadline) return deadline < other.deadline;
      return arrival < other.arrival;
    }
  };

  std::vector<Entry> heap_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace conclave::detail
