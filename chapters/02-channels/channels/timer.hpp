/// @file
/// after, Timer, Ticker: time as a channel.
///
/// Their channel has room for one value: the time at which it was due.  Nothing runs for a timer that nobody waits
/// for: whether it is due is looked up when somebody receives, and an alarm is set only while somebody is
/// parked.  So a forgotten timer costs nothing, keeps no program alive and hides no deadlock, and virtual time
/// does not tick through an idle ticker.
///
/// Laws
///  1. A timer's value comes once, at its deadline or later, never before.
///  2. After stop() or reset() no value of the time before is received.  (As in Go since 1.23.)
///  3. A ticker's ticks are start + k * period.  One waits for a slow receiver; those it misses are dropped.
///  4. A ticker that ends, and a timer whose last handle ends, is stopped.
///
/// Call from inside run().  Source: Go, package time, After, AfterFunc, Timer, Ticker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <source_location>

#include "channels/chan.hpp"
#include "goroutines/clock.hpp"

namespace conclave {

namespace detail {

class TimerState;
class TimedCall;

/// A channel that gets its values from the clock.
class TimedChan {
 public:
  TimedChan(Duration first, Duration period, std::source_location place);
  TimedChan(const TimedChan& other);
  TimedChan& operator=(const TimedChan& other);
  ~TimedChan();
  [[nodiscard]] RecvChan<TimePoint> channel() const;
  bool restart(Duration first, Duration period, std::source_location place) const;
  bool stop() const;

 private:
  boost::intrusive_ptr<TimerState> state_;
};

}  // namespace detail

/// A channel that gets one value, the time, after `d`; at once when `d` is zero or less.
/// @throws Panic outside run()
/// @rule{Go time.After: waits for the duration to elapse and then sends the current time}
[[nodiscard]] RecvChan<TimePoint> after(
    Duration d, std::source_location place = std::source_location::current());

/// One event in the future, as a channel or as a call, that can be stopped and started anew.
/// Copies are the same timer.
class Timer {
 public:
  /// Sends the time to c() after `d`.
  /// @throws Panic outside run()
  /// @rule{Go time.NewTimer: sends the current time on its channel after at least d}
  explicit Timer(Duration d, std::source_location place = std::source_location::current());
  Timer(const Timer&);             // and no move: what was moved from would be no timer
  Timer& operator=(const Timer&);  // likewise
  ~Timer();

  /// Its channel; nil for a timer of after_func().
  [[nodiscard]] RecvChan<TimePoint> c() const;

  /// Prevents the event.  Does not block, does not close the channel, and does not wait for a call that has begun.
  /// @return whether it was prevented: false when the value has been received, the call has begun, or the
  ///         timer was stopped before
  /// @rule{Go time.Timer.Stop: true if the call stops the timer; no stale value is received after it}
  bool stop() const;

  /// Lets the event happen `d` from now, and not when it was to happen before.  Does not block.
  /// @return what stop() would have returned
  /// @rule{Go time.Timer.Reset: true if the timer had been active}
  bool reset(Duration d, std::source_location place = std::source_location::current()) const;

 private:
  friend Timer after_func(Duration d, std::function<void()> f, std::source_location place);
  explicit Timer(std::shared_ptr<detail::TimedCall> call);

  std::optional<detail::TimedChan> channel_;
  std::shared_ptr<detail::TimedCall> call_;
};

/// Starts `f` as a goroutine after `d`, unless the timer is stopped before; again after each reset().  It needs
/// nobody to keep the Timer.
/// @throws Panic outside run() or for an empty f
/// @rule{Go time.AfterFunc: waits for the duration to elapse and then calls f in its own goroutine}
Timer after_func(Duration d, std::function<void()> f,
                 std::source_location place = std::source_location::current());

/// An event that comes again and again.  Ends with the object: what is parked on c() then waits for ever.
class Ticker {
 public:
  /// Sends the time to c() every `period`.
  /// @throws Panic outside run(), or unless period > 0
  /// @rule{Go time.NewTicker: drops ticks to make up for slow receivers; panics if d is not positive}
  explicit Ticker(Duration period, std::source_location place = std::source_location::current());
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;
  ~Ticker();

  /// Its channel, which is never closed.
  [[nodiscard]] RecvChan<TimePoint> c() const { return channel_.channel(); }

  /// No more ticks, not even one that waits to be received.  Does not block.
  void stop();

  /// Ticks from now on every `period`, first after one period.  Does not block.
  /// @throws Panic unless period > 0
  void reset(Duration period, std::source_location place = std::source_location::current());

 private:
  detail::TimedChan channel_;
};

}  // namespace conclave
