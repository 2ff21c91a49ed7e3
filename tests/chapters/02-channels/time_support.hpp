/// @file  What the tests of timers and of what ends by them share: points in time, and a clock that tells.
#pragma once

#include <cstdio>
#include <functional>

#include "chan_support.hpp"
#include "channels/channels.hpp"

namespace conclave {

/// The point in virtual time `d` after the clock was made.
inline TimePoint at(Duration d) { return TimePoint(d); }

inline constexpr Duration kShort = std::chrono::milliseconds(10);
inline constexpr Duration kLong = std::chrono::hours(1);  // longer than anything a test does

inline constexpr const char* kJump = "the clock jumps";
inline constexpr const char* kDeadlock = "all goroutines are asleep - deadlock!";

/// A virtual clock that prints kJump whenever it jumps to a time that has not come.
class TellingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return clock_.now(); }
  bool jump_to(TimePoint next) noexcept override {
    if (next > now()) std::puts(kJump);
    return clock_.jump_to(next);
  }

 private:
  VirtualClock clock_;
};

/// How a program ends whose main goroutine is `body`, on that clock.
inline Ending ending_on_telling_clock(const std::function<void()>& body) {
  return ending_of([&] {
    TellingClock clock;
    run(body, {.clock = &clock});
  });
}

/// Parks this goroutine for ever, as far as anybody can tell.
inline void park_for_ever() { Chan<int>().recv(); }

}  // namespace conclave
