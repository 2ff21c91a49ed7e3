/// @file
/// The clock seam: the only place from which goroutines learn the time.
///
/// A program runs on the real clock, which it waits for, or on a virtual one, which jumps to the next
/// sleeper's deadline as soon as nothing else can run.  The same program, the same order, no waiting.
///
/// Laws
///  1. now() never goes back.
///  2. A sleeper wakes at its deadline or later, never before it.
///  3. Sleepers wake in the order of their deadlines; those with equal deadlines in the order they fell asleep.
///  4. Virtual time stands still while a goroutine is ready to run.
///
/// Call from any goroutine; now(), sleep_for() and sleep_until() panic outside run().
/// Source: Go, package time, "Monotonic Clocks"; package testing/synctest for virtual time.
#pragma once

#include <chrono>
#include <cstdint>
#include <source_location>

namespace conclave {

class Clock;

/// A length of time in nanoseconds; at most about 292 years.
using Duration = std::chrono::nanoseconds;

/// A point in time on the clock that run() was given.
using TimePoint = std::chrono::time_point<Clock, Duration>;

/// Where the scheduler gets the time from.
class Clock {
 public:
  virtual ~Clock() = default;

  /// The time now.  Does not block.
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;

  /// The scheduler has nothing to run before `next`.  A virtual clock goes there and returns true; a real
  /// clock returns false, and the scheduler waits in the kernel.
  virtual bool jump_to(TimePoint next) noexcept = 0;
};

/// The machine's monotonic clock, the default of run().
[[nodiscard]] Clock& real_clock() noexcept;

/// A clock that stands still while anything can run and then jumps.  It starts at zero.
/// @rule{Go testing/synctest: time advances only when every goroutine is blocked}
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_; }
  bool jump_to(TimePoint next) noexcept override;

  /// Time since the clock was made.
  [[nodiscard]] Duration elapsed() const noexcept { return now_.time_since_epoch(); }

 private:
  TimePoint now_{};
};

/// How the clock of a GoroutineGroup differs from that of run(): it may have begun at another time, and go at another rate.
/// In one simulated machine a second is then longer than in the next, as in real ones.
struct GroupClock {
  static constexpr std::int64_t kDriftMax = 500'000;  ///< in either direction

  /// What it says when that of run() says zero; not negative.
  Duration offset{};
  /// How many parts per million it is too fast; negative: too slow.
  std::int64_t drift_ppm = 0;

  /// What it says when that of run() says `time`.
  [[nodiscard]] TimePoint local(TimePoint time) const noexcept;
  /// The first time of run() when it says `local`, or later; TimePoint::max() where there is none.
  [[nodiscard]] TimePoint when(TimePoint local) const noexcept;
};

/// The time on the clock of the enclosing run(), or on that of the goroutine's group.  Does not block.
/// @throws Panic outside run()
[[nodiscard]] TimePoint now(std::source_location place = std::source_location::current());

namespace detail {

template <class Rep, class Period>
[[nodiscard]] constexpr Duration saturated(std::chrono::duration<Rep, Period> d) noexcept {
  using Wide = std::chrono::duration<long double, std::nano>;
  if (Wide(d) >= Wide(Duration::max())) return Duration::max();
  if (Wide(d) <= Wide(Duration::min())) return Duration::min();
  return std::chrono::duration_cast<Duration>(d);
}

void sleep(Duration d, std::source_location place);

/// The time on the clock of run(), whatever the group's says.
/// @pre inside run()
[[nodiscard]] TimePoint run_time() noexcept;

/// now() + d; TimePoint::max(), which is never, when the clock's last instant comes first.
[[nodiscard]] TimePoint from_now(Duration d, std::source_location place);

}  // namespace detail

/// Parks this goroutine for `d`; the others run meanwhile.
/// Zero or less returns at once, without a yield, as in Go.  A duration that ends after the clock's last
/// instant never ends: the goroutine then counts as asleep for ever in a deadlock report.
/// @throws Panic outside run()
/// @rule{Go time.Sleep: pauses for at least d; a negative or zero d returns at once}
template <class Rep, class Period>
void sleep_for(std::chrono::duration<Rep, Period> d,
               std::source_location place = std::source_location::current()) {
  detail::sleep(detail::saturated(d), place);
}

/// Parks this goroutine until `deadline`; a deadline that has passed returns at once, without a yield.
/// @throws Panic outside run()
void sleep_until(TimePoint deadline, std::source_location place = std::source_location::current());

}  // namespace conclave
