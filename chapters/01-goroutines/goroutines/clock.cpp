#include "goroutines/clock.hpp"

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
  detail::current(place);
  return detail::Processor::of_this_thread().now();
}

void sleep_until(TimePoint deadline, std::source_location place) {
  detail::current(place);
  auto& processor = detail::Processor::of_this_thread();
  if (deadline > processor.now()) processor.sleep_until(deadline, place);
}

void detail::sleep(Duration d, std::source_location place) {
  current(place);
  if (d <= Duration::zero()) return;
  const TimePoint now = Processor::of_this_thread().now();
  const bool past_the_end = d >= TimePoint::max() - now;
  Processor::of_this_thread().sleep_until(past_the_end ? TimePoint::max() : now + d, place);
}

}  // namespace conclave
