#include "goroutines/clock.hpp"

#include <algorithm>

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

namespace {

__extension__ using Wide = __int128;  // not ISO C++; GCC and Clang have it

constexpr std::int64_t kMillion = 1'000'000;

TimePoint saturated(Wide count) noexcept {
  const Wide max = Duration::max().count();
  return TimePoint(Duration(static_cast<std::int64_t>(std::min(count, max))));
}

}  // namespace

TimePoint GroupClock::local(TimePoint time) const noexcept {
  if (drift_ppm == 0) return saturated(Wide(time.time_since_epoch().count()) + offset.count());
  const Wide scaled = Wide(time.time_since_epoch().count()) * (kMillion + drift_ppm);
  return saturated(scaled / kMillion + offset.count());
}

TimePoint GroupClock::when(TimePoint local) const noexcept {
  if (local == TimePoint::max()) return local;
  const Wide since_zero = Wide(local.time_since_epoch().count()) - offset.count();
  if (since_zero <= 0) return {};
  if (drift_ppm == 0) return saturated(since_zero);
  const Wide rate = kMillion + drift_ppm;
  return saturated((since_zero * kMillion + rate - 1) / rate);  // rounded up: never too early
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

TimePoint detail::run_time() noexcept { return current_processor->run_time(); }

TimePoint detail::from_now(Duration d, std::source_location place) {
  const TimePoint time = now(place);
  return d > Duration::zero() && d >= TimePoint::max() - time ? TimePoint::max() : time + d;
}

void detail::Alarm::set(TimePoint at) {
  current_processor->set_alarm_on_run(*this, current_processor->when(at));
}

void detail::Alarm::set_on_run(TimePoint at) { current_processor->set_alarm_on_run(*this, at); }

bool detail::Alarm::cancel() noexcept {
  if (!is_set()) return false;
  current_processor->cancel_alarm(*this);
  return true;
}

}  // namespace conclave
