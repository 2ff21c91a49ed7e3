/// @file
/// Alarm: something that happens at a point in time, without a goroutine that sleeps for it.
/// @internal
///
/// Laws
///  1. An alarm that is set fires once, at its time or later, and is then no longer set.
///  2. One that was cancelled, or whose object has ended, never fires.
///  3. Alarms and sleepers with equal times come in the order in which they were set.
///
/// An alarm that is set counts as something that can still happen: there is no deadlock before it fired.
/// Call from any goroutine.  When run() returns, no alarm is set any more: those that were have lapsed; and when
/// a GoroutineGroup is ended, those that its members had set, but for those that serve whoever waits (Lapses).
#pragma once

#include <cstddef>

#include "goroutines/clock.hpp"

namespace conclave::detail {

struct GroupState;

/// Something that happens at a point in time.
class Alarm {
 public:
  /// With whom an alarm that is set lapses: with the group of the goroutine that set it, or with all of run().
  enum class Lapses { with_group, with_run };

  explicit Alarm(Lapses lapses = Lapses::with_group) noexcept : lapses_(lapses) {}
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  virtual ~Alarm() { cancel(); }

  /// Sets the alarm, or sets it anew; TimePoint::max() is never.  Does not block.
  /// @pre inside run(), which is not ending
  void set(TimePoint at);

  /// Sets the alarm, or sets it anew, on the clock of run() and not on the group's.  Does not block.
  /// @pre as set()
  void set_on_run(TimePoint at);

  /// Does not block.
  /// @return whether it was set
  bool cancel() noexcept;

  [[nodiscard]] bool is_set() const noexcept { return slot_ != kNowhere; }

 protected:
  /// Called by the scheduler, on whatever stack it stands, so it must not park.  It may make goroutines ready, set alarms,
  /// and destroy this one.
  virtual void fire() noexcept = 0;

  /// Called instead when run() or the group ends before the alarm fired.  It may destroy this one and others.
  virtual void lapse() noexcept {}

 private:
  friend class Timers;
  friend class Processor;
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  Lapses lapses_;
  std::size_t slot_ = kNowhere;  // where it lies among the timers
  GroupState* group_ = nullptr;  // of the goroutine that set it
};

}  // namespace conclave::detail
