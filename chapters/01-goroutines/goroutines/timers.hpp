/// @file
/// Timers: who is to be woken and what is to happen, earliest deadline first.
/// @internal
///
/// A heap of arity four: half as deep as a binary one, and a node's children share a cache line or two.
/// A sleeper leaves only when it is due.  An alarm may be cancelled, so it is told where in the heap it lies.
///
/// Laws
///  1. Sleepers and alarms leave in the order of their deadlines; those with equal deadlines in the order they came.
///  2. Cancelling an alarm takes O(log n) steps and changes nothing for the others.
///
/// Source: Johnson 1975 (d-ary heaps); Go, runtime/time.go, also arity four.
#pragma once

#include <cstdint>
#include <vector>

#include "goroutines/alarm.hpp"
#include "goroutines/clock.hpp"
#include "goroutines/goroutine.hpp"

namespace conclave::detail {

/// Who is to be woken and what is to happen.
class Timers {
 public:
  /// What has become due: one of the two, or neither.
  struct Due {
    Goroutine* sleeper = nullptr;
    Alarm* alarm = nullptr;
    [[nodiscard]] explicit operator bool() const noexcept { return sleeper || alarm; }
  };

  void push(TimePoint deadline, Goroutine& sleeper);
  /// @pre the alarm is not set
  void push(TimePoint deadline, Alarm& alarm);

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// @pre not empty
  [[nodiscard]] TimePoint earliest() const noexcept { return heap_.front().deadline; }

  /// What has the earliest deadline, if that is not after `now`, and leaves; neither otherwise.
  Due pop_due(TimePoint now) noexcept;

  /// @pre the alarm is set
  void cancel(Alarm& alarm) noexcept;

  /// Forgets the sleepers of `group`; the alarms that its members had set lapse, or are nobody's from now on.
  void lapse(const GroupState& group) noexcept;

  /// Nobody is woken any more; the alarms lapse.
  void clear() noexcept;

 private:
  static constexpr std::size_t kArity = 4;

  struct Entry {
    TimePoint deadline;
    std::uint64_t arrival;  // odd for an alarm
    void* who;

    [[nodiscard]] bool before(const Entry& other) const noexcept {
      if (deadline != other.deadline) return deadline < other.deadline;
      return arrival < other.arrival;
    }
    [[nodiscard]] Alarm* alarm() const noexcept {
      return arrival % 2 == 1 ? static_cast<Alarm*>(who) : nullptr;
    }
  };

  void push(const Entry& entry);
  void remove(std::size_t hole) noexcept;
  void make_heap() noexcept;
  void put(std::size_t slot, const Entry& entry) noexcept;
  void sift_up(std::size_t hole, const Entry& entry) noexcept;
  void sift_down(std::size_t hole, const Entry& entry) noexcept;

  std::vector<Entry> heap_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace conclave::detail
