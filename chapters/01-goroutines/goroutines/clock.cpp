#include "goroutines/clock.hpp"

#include "goroutines/alarm.hpp"
#include "goroutines/parking.hpp"
#include "goroutines/processor.hpp"

namespace conclave {
namespace {

class RealClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override {
    return TimePoint(std::chrono::steady_clock::now().time_since_epoch());
  }
  bool jump_to(TimePoint /*next*/) noexcept override { return false; }
};

}  // namespace

Clock& real_clock() noexcept {
  static RealClock clock;
  return clock;
}

bool VirtualClock::jump_to(TimePoint next) noexcept {
  if (next > now_) now_ = next;
  return true;
}

TimePoint now(std::source_location place) {
  if (detail::current_processor == nullptr) detail::panic_outside_run(place);
  return detail::current_processor->now();
}

void sleep_until(TimePoint deadline, std::source_location place) {
  if (deadline > now(place)) detail::current_processor->sleep_until(deadline, place);
}

void detail::sleep(Duration d, std::source_location place) {
  current(place);
  if (d <= Duration::zero()) return;
  current_processor->sleep_until(from_now(d, place), place);
}

TimePoint detail::from_now(Duration d, std::source_location place) {
  const TimePoint time = now(place);
  return d > Duration::zero() && d >= TimePoint::max() - time ? TimePoint::max() : time + d;
}

void detail::Alarm::set(TimePoint at) { current_processor->set_alarm(*this, at); }

bool detail::Alarm::cancel() noexcept {
  if (!is_set()) return false;
  current_processor->cancel_alarm(*this);
  return true;
}

}  // namespace conclave
