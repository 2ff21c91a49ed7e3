/// @file
/// A server lends a key for ten seconds and then gives it to somebody else; the holder stops a little earlier, by
/// its own clock.  Both clocks are wrong by up to a tenth.
///
/// Watch how much earlier it must be, so that two never hold it.
#include <cstdint>

#include <fmt/core.h>

#include "common/random.hpp"
#include "goroutines/clock.hpp"

using conclave::Duration;
using conclave::GroupClock;
using conclave::Random;
using conclave::TimePoint;
using std::chrono_literals::operator""s;

constexpr int kWorlds = 10'000;
constexpr std::int64_t kDriftMax = 100'000;  // parts per million: a tenth

//! [lease]
/// When, in true time, ten seconds of this clock are over, less some thousandths of them.
TimePoint end_of_lease(const GroupClock& clock, TimePoint begin, int earlier_permille) {
  const Duration ttl = 10s;
  return clock.when(clock.local(begin) + ttl - ttl * earlier_permille / 1000);
}
//! [lease]

int main() {
  fmt::print("{:>22}{:>26}{:>18}\n", "the holder is earlier", "two hold it, of 10,000",
             "nobody, of 10 s");
  for (const int permille : {0, 50, 100, 150, 170, 178, 182, 250}) {
    Random random(1);
    int both = 0;
    Duration unused{};
    for (int world = 0; world < kWorlds; ++world) {
      const TimePoint begin(Duration(random.below(3'600'000'000'000)));
      const GroupClock server{.drift_ppm = random.between(-kDriftMax, kDriftMax)};
      const GroupClock holder{.drift_ppm = random.between(-kDriftMax, kDriftMax)};
      const Duration gap = end_of_lease(server, begin, 0) - end_of_lease(holder, begin, permille);
      both += gap < Duration{} ? 1 : 0;
      unused += gap > Duration{} ? gap : Duration{};
    }
    fmt::print("{:>20.1f} %{:>26}{:>16.2f} s\n", permille / 10.0, both,
               std::chrono::duration<double>(unused).count() / kWorlds);
  }
}
