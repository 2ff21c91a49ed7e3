// Exercise 1.6.  Nothing here is measured in seconds: units of work are counted, and turns, and looks at the desk.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "goroutines/goroutines.hpp"
#include "night.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

constexpr int kUnits = 100'000;

int units_done = 0;
std::atomic<int> units_elsewhere = 0;  // on another thread than that of the test and its goroutines
const std::thread::id this_thread = std::this_thread::get_id();

/// What happened while compute() ran beside a heart that beats at each of its turns.
struct Computing {
  int units = 0;
  int longest_pause = 0;  ///< in units of work between two beats
  int beats = 0;
  bool stood_still = false;  ///< nobody computed, however often the heart beat
};

Computing compute_beside_a_heart(int units) {
  constexpr int kBeatsMax = 1'000'000;
  Computing result;
  units_done = 0;
  int units_at_last_beat = 0;
  const auto look_at_pause = [&] {
    result.longest_pause = std::max(result.longest_pause, units_done - units_at_last_beat);
    units_at_last_beat = units_done;
  };

  VirtualClock clock;
  run(
      [&] {
        bool computing = true;
        WaitGroup group;
        group.go([&] {
          compute(units);
          computing = false;
        });
        group.go([&] {
          while (computing && result.beats < kBeatsMax) {
            ++result.beats;
            look_at_pause();
            yield();
          }
          result.stood_still = computing;
        });
        group.wait();
        look_at_pause();
      },
      {.clock = &clock});
  result.units = units_done;
  return result;
}

class CountingDesk final : public Desk {
 public:
  void wait_for_data() override { sleep_for(1h); }
  void deliver() override {
    delivered_ = true;
    units_at_delivery = units_done;
  }
  bool delivered() override {
    if (++looks == kLooksMax) {
      panic(fmt::format(
          "{} looks at the desk, and it is still {}:00; no time passes while anybody can run",
          looks, now().time_since_epoch() / 1h));
    }
    return delivered_;
  }
  void print() override {
    ++prints;
    printed_in_time = delivered_;
  }

  int looks = 0;
  int prints = 0;
  bool printed_in_time = false;
  int units_at_delivery = 0;

 private:
  static constexpr int kLooksMax = 1'000'000;
  bool delivered_ = false;
};

TEST(Greedy, TheHeartBeatsBetweenAnyThousandUnits) {
  const Claim law =
      announce("a unit works with what the goroutines share, so it is done on their thread");
  const Computing result = compute_beside_a_heart(kUnits);

  if (!must_hold(law, units_elsewhere == 0,
                 "of {} units, {} were done on a helper thread, at the same time as whatever the "
                 "goroutines do",
                 kUnits, units_elsewhere.load())) {
    return;
  }
  must_hold("while one goroutine computes, another gets a turn between any 1,000 units",
            result.longest_pause <= 1000 && !result.stood_still,
            "of {} units, {} were done between two beats of the heart{}", result.units,
            result.longest_pause,
            result.stood_still
                ? "\nbefore that it beat 1,000,000 times, and nobody computed: compute() was not "
                  "ready, but parked"
                : "");
}

TEST(Greedy, ToGiveWayHasAPrice) {
  const Claim law = announce(
      "giving way takes as long as ten units, so compute() does it at most once in a hundred");
  const Computing result = compute_beside_a_heart(kUnits);

  must_hold(law, result.beats <= kUnits / 100 + 10,
            "it computed {} units and gave way about {} times", result.units, result.beats);
}

TEST(Greedy, EveryUnitIsComputed) {
  const Claim law = announce("compute(n) does n units, also when n is not a round number");
  for (const int units : {kUnits, 1, 999, 1000, 1001, 12'345, 0}) {
    const Computing result = compute_beside_a_heart(units);
    if (!must_hold(law, result.units == units, "compute({}) did {} units", units, result.units)) {
      return;
    }
  }
}

TEST(Greedy, WhoeverWaitsIsParked) {
  const Claim law = announce("the result is printed once, when it lies on the desk");
  CountingDesk desk;
  units_done = 0;
  VirtualClock clock;
  run([&] { night(desk); }, {.clock = &clock});

  must_hold(law, desk.prints == 1 && desk.printed_in_time, "it was printed {} times{}", desk.prints,
            desk.prints == 1 ? ", before it was there" : "");
  must_hold("the result rests on the whole computation", desk.units_at_delivery == kUnits,
            "when it was delivered, {} of {} units were done", desk.units_at_delivery, kUnits);
  must_hold("who waits is parked until there is something to see", desk.looks <= 3,
            "in this night somebody looked {} times whether the result was there", desk.looks);
  must_hold("a night takes as long as the data", clock.elapsed() == 1h,
            "the data came after 60 min, and night() returned after {} min",
            clock.elapsed() / 1min);
}

TEST(Greedy, EveryOrderWillDo) {
  for_each_seed(100, [](std::uint64_t seed) {
    const Claim law = announce(
        "whatever the order in which goroutines run, the result is there before it is printed");
    CountingDesk desk;
    VirtualClock clock;
    run([&] { night(desk); }, {.clock = &clock, .order = Order::random, .seed = seed});

    must_hold(
        law, desk.prints == 1 && desk.printed_in_time && desk.looks <= 3,
        "in the random order of this seed it was printed {} times{}; somebody looked {} times",
        desk.prints, desk.printed_in_time ? "" : ", before it was there", desk.looks);
  });
}

}  // namespace

void compute_unit() {
  if (std::this_thread::get_id() == this_thread) {
    ++units_done;
  } else {
    ++units_elsewhere;
  }
}

}  // namespace conclave
