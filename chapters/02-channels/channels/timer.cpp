#include "channels/timer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "goroutines/alarm.hpp"
#include "goroutines/go.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {
namespace detail {

/// A channel with a clock behind it.
class TimerState final : public ChanState<TimePoint>, public Alarm {
 public:
  TimerState() : ChanState<TimePoint>(1, Timer::inside), Alarm(Lapses::with_run) {}

  /// The first value at `first`, the next ones every `period`; zero for none.
  void start(TimePoint first, Duration period) {
    const Releases order(started_);
    due_ = first;
    period_ = period;
    pending_ = true;
    if (receivers_.first() != nullptr) set(due_);
  }

  /// @return whether a value was still to come, or to be received
  bool stop() noexcept {
    const RuntimeCode runtime;
    look_at_the_clock();
    const bool pending = pending_ || length_ != 0;
    pending_ = false;
    due_ = kNever;
    cancel();
    Slot stale;
    if (length_ != 0) receive_now(stale);
    return pending;
  }

 private:
  static constexpr TimePoint kNever = TimePoint::max();

  void look_at_the_clock() noexcept override {
    started_.acquire();
    if (due_ == kNever || !inside_run()) return;
    const TimePoint time = now();
    if (time < due_) return;
    TimePoint value = due_;
    due_ = next_tick(time);
    pending_ = due_ != kNever;
    const OnBehalfOf nobody(scheduler_race_context());
    send_now(value);  // dropped when one is there already
  }

  [[nodiscard]] TimePoint next_tick(TimePoint time) const noexcept {
    if (period_ == Duration::zero()) return kNever;
    const Duration since_due = time - due_;
    const Duration until_next = period_ - since_due % period_;
    return kNever - time > until_next ? time + until_next : kNever;
  }

  void await(bool somebody) noexcept override {
    if (somebody) {
      set(due_);
    } else {
      cancel();
    }
  }

  void fire() noexcept override {
    if (Waiter* receiver = receivers_.first()) {
      const OnBehalfOf the_receiver(receiver->operation->goroutine->race_context);
      started_.acquire();
    }
    look_at_the_clock();
    if (receivers_.first() != nullptr) set(due_);
  }

  [[no_unique_address]] Edge started_;
  TimePoint due_ = kNever;
  Duration period_{};
  bool pending_ = false;  // whether a value is still to come; also one that never will
};

namespace {

TimePoint not_before_now(Duration d, std::source_location place) {
  return from_now(std::max(d, Duration::zero()), place);
}

}  // namespace

TimedChan::TimedChan(Duration first, Duration period, std::source_location place)
    : state_(new TimerState) {
  state_->start(not_before_now(first, place), period);
}

TimedChan::TimedChan(const TimedChan& other) = default;
TimedChan& TimedChan::operator=(const TimedChan& other) = default;
TimedChan::~TimedChan() = default;

RecvChan<TimePoint> TimedChan::channel() const {
  return ChanAccess::handle<TimePoint>(state_.get());
}

bool TimedChan::restart(Duration first, Duration period, std::source_location place) const {
  const TimePoint start = not_before_now(first, place);
  const bool pending = state_->stop();
  state_->start(start, period);
  return pending;
}

bool TimedChan::stop() const { return state_->stop(); }

/// A call to come.  It keeps itself until then.
class TimedCall final : public Alarm, public std::enable_shared_from_this<TimedCall> {
 public:
  TimedCall(std::function<void()> f, std::source_location place)
      : f_(std::move(f)), place_(place) {}

  /// @return whether the call was still to come
  bool start(TimePoint at) {
    const Releases order(started_);
    set(at);
    self_ = is_set() ? shared_from_this() : nullptr;
    return std::exchange(pending_, true);
  }

  bool stop() noexcept {
    const RuntimeCode runtime;
    const auto self = std::move(self_);
    cancel();
    return std::exchange(pending_, false);
  }

 private:
  void fire() noexcept override {
    pending_ = false;
    detail::start(Task([self = std::move(self_)] {
                    self->started_.acquire();
                    self->f_();
                  }),
                  {}, nullptr, place_);
  }

  void lapse() noexcept override { stop(); }

  [[no_unique_address]] Edge started_;
  std::function<void()> f_;
  std::source_location place_;
  bool pending_ = false;             // whether the call is still to come; also one that never will
  std::shared_ptr<TimedCall> self_;  // while the alarm is set
};

namespace {

Duration checked_period(Duration period, std::source_location place) {
  if (period <= Duration::zero()) {
    panic(fmt::format("Ticker: the period is {} ns; it must be more than 0", period.count()),
          place);
  }
  return period;
}

}  // namespace
}  // namespace detail

RecvChan<TimePoint> after(Duration d, std::source_location place) {
  return detail::TimedChan(d, Duration::zero(), place).channel();
}

Timer::Timer(Duration d, std::source_location place)
    : channel_(std::in_place, d, Duration::zero(), place) {}

Timer::Timer(std::shared_ptr<detail::TimedCall> call) : call_(std::move(call)) {}

Timer::Timer(const Timer&) = default;
Timer& Timer::operator=(const Timer&) = default;
Timer::~Timer() = default;

RecvChan<TimePoint> Timer::c() const {
  return channel_ ? channel_->channel() : RecvChan<TimePoint>();
}

bool Timer::stop() const {
  if (detail::gone(this)) return false;
  return channel_ ? channel_->stop() : call_->stop();
}

bool Timer::reset(Duration d, std::source_location place) const {
  if (detail::gone(this)) return false;
  if (channel_) return channel_->restart(d, Duration::zero(), place);
  return call_->start(detail::not_before_now(d, place));
}

Timer after_func(Duration d, std::function<void()> f, std::source_location place) {
  if (!f) panic("after_func: an empty function", place);
  auto call = std::make_shared<detail::TimedCall>(std::move(f), place);
  call->start(detail::not_before_now(d, place));
  return Timer(std::move(call));
}

Ticker::Ticker(Duration period, std::source_location place)
    : channel_(detail::checked_period(period, place), period, place) {}

Ticker::~Ticker() { channel_.stop(); }

void Ticker::stop() {
  if (!detail::gone(this)) channel_.stop();
}

void Ticker::reset(Duration period, std::source_location place) {
  detail::checked_period(period, place);
  if (!detail::gone(this)) channel_.restart(period, period, place);
}

}  // namespace conclave
