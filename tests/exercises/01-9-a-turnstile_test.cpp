// Exercise 1.9: the laws of semaphore.hpp, in the order in which a reader gets them right.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "goroutines/goroutines.hpp"
#include "semaphore.hpp"
#include "support/apart.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave::own {
namespace {

using namespace std::chrono_literals;

/// A semaphore that outlives the run in which it is made: when a test ends, some may still wait on it.
Semaphore& semaphore(int permits) {
  static std::vector<std::unique_ptr<Semaphore>> made;
  return *made.emplace_back(std::make_unique<Semaphore>(permits));
}

/// Runs `body` as the main goroutine, on a clock that jumps.  Who waits without parking ends the test.
void in_virtual_time_apart(const std::function<void()>& body) {
  must_come_to_rest("who waits for a permit is parked (law 2)",
                    "it was still running when a second of the processor's time was used up",
                    [&] { in_virtual_time(body); });
}

auto minutes_now() { return now().time_since_epoch() / 1min; }

/// The people in a bath, and the most that were ever in it.  Where there is room for several, nothing orders them.
struct Bath {
  std::atomic<int> inside{0};
  std::atomic<int> inside_max{0};

  void come() { inside_max = std::max<int>(inside_max, ++inside); }
  void leave() { --inside; }
};

TEST(Turnstile, LetsInAsManyAsThereIsRoomFor) {
  in_virtual_time_apart([] {
    const Claim law =
        announce("permits taken plus permits free are the number it was made with (law 1)");
    Semaphore& places = semaphore(3);

    for (int i = 0; i < 3; ++i) places.acquire();
    const int when_full = places.available();
    places.release();
    places.release();

    must_hold(law, when_full == 0 && places.available() == 2,
              "of 3 permits 3 were taken, then 2 given back\n"
              "available() was {}, and then {}",
              when_full, places.available());
  });
}

TEST(Turnstile, ParksWhoFindsItFull) {
  in_virtual_time_apart([] {
    const Claim law = announce("acquire() returns when it has a permit, and not before (law 2)");
    Semaphore& places = semaphore(1);
    places.acquire();
    go([&] {
      sleep_for(5min);
      places.release();
    });

    places.acquire();

    must_hold(law, minutes_now() == 5,
              "the one permit was given back after 5 min\nacquire() returned after {} min",
              minutes_now());
  });
}

TEST(Turnstile, DoesNotMakeWaitWhoOnlyTries) {
  in_virtual_time_apart([] {
    const Claim law =
        announce("try_acquire() takes a permit when one is free, and says whether it did");
    Semaphore& places = semaphore(1);

    const bool first = places.try_acquire();
    const bool second = places.try_acquire();
    places.release();
    const bool third = places.try_acquire();

    must_hold(law, first && !second && third,
              "there is one permit; three calls, and a release() before the third, answered {}, "
              "{}, {}",
              first, second, third);
  });
}

TEST(Turnstile, KeepsTheRoomFullAndNoFuller) {
  in_virtual_time_apart([] {
    const Claim law = announce("no more are inside than there are permits (law 1)");
    Semaphore& places = semaphore(3);
    Bath bath;
    WaitGroup everybody;
    for (int i = 0; i < 20; ++i) {
      everybody.go([&] {
        places.acquire();
        bath.come();
        sleep_for(10min);
        bath.leave();
        places.release();
      });
    }
    everybody.wait();

    must_hold(law, bath.inside_max <= 3, "there are 3 permits, and at one time {} were inside",
              bath.inside_max.load());
    must_hold("while a permit is free, nobody waits (law 3)", minutes_now() == 70,
              "twenty stay for 10 min each, three at a time: seven rounds, 70 min\nit took {} min",
              minutes_now());
  });
}

TEST(Turnstile, ANewcomerMayTakeThePlace) {
  in_virtual_time_apart([] {
    const Claim law = announce(
        "who was woken has no permit yet: another one may have been faster (laws 1 and 2)");
    Semaphore& places = semaphore(1);
    Bath bath;
    WaitGroup everybody;
    places.acquire();
    bath.come();
    everybody.go([&] {
      places.acquire();
      bath.come();
      sleep_for(10min);
      bath.leave();
      places.release();
    });
    sleep_for(1min);  // now it waits

    bath.leave();
    places.release();
    places.acquire();  // before the one that waits could run
    bath.come();
    sleep_for(10min);
    bath.leave();
    places.release();
    everybody.wait();

    must_hold(law, bath.inside_max == 1 && places.available() == 1,
              "one waits for the one permit, which is given back and taken again at once, by "
              "somebody else\nthen {} were inside with it, and in the end available() was {}",
              bath.inside_max.load(), places.available());
  });
}

TEST(Turnstile, WakesAsManyAsCanGoIn) {
  in_virtual_time_apart([] {
    const Claim law = announce("while a permit is free, nobody waits (law 3)");
    for (const auto& portions : std::vector<std::vector<int>>{{3}, {1, 1, 1}, {2, 1}}) {
      Semaphore& places = semaphore(3);
      std::atomic<int> came{0};
      for (int i = 0; i < 3; ++i) places.acquire();
      for (int i = 0; i < 3; ++i) {
        go([&] {
          places.acquire();
          ++came;
        });
      }
      sleep_for(1min);  // now all three wait

      for (const int n : portions) places.release(n);
      sleep_for(1min);

      if (!must_hold(law, came == 3,
                     "three wait, and three permits are given back at once, by release({})\n"
                     "a minute later {} of the three have one, and available() is {}",
                     fmt::join(portions, "), release("), came.load(), places.available())) {
        return;
      }
    }
  });
}

TEST(Turnstile, RefusesWhatNobodyHasTaken) {
  in_virtual_time_apart([] {
    const Claim law = announce("release() of more permits than are taken panics (law 4)");
    Semaphore& places = semaphore(2);
    places.acquire();
    bool has_panicked = false;

    try {
      places.release(2);
    } catch (const Panic&) {
      has_panicked = true;
    }

    must_hold(law, has_panicked, "one permit is taken, and release(2) returned");
    must_hold("and changes nothing (law 4)", places.available() == 1,
              "of 2 permits one is taken\nafter the panic available() was {}", places.available());
  });
}

TEST(Turnstile, DependsOnNoOrder) {
  must_come_to_rest(
      "who waits for a permit is parked (law 2)",
      "it was still running when a second of the processor's time was used up", [] {
        for_each_seed(100, [](std::uint64_t seed) {
          const Claim law = announce("whatever the order in which goroutines run, the laws hold");
          Bath bath;
          int free_in_the_end = 0;
          const auto afternoon = [&] {
            Semaphore& places = semaphore(3);
            WaitGroup everybody;
            for (std::uint64_t i = 0; i < 8; ++i) {
              everybody.go([&, i] {
                std::mt19937_64 random(8 * seed + i);
                for (int round = 0; round < 5; ++round) {
                  if (random() % 2 == 0 || !places.try_acquire()) places.acquire();
                  bath.come();
                  if (random() % 2 == 0) yield();
                  bath.leave();
                  places.release();
                }
              });
            }
            everybody.wait();
            free_in_the_end = places.available();
          };
          in_virtual_time(afternoon, {.order = Order::random, .seed = seed});

          must_hold(law, bath.inside_max <= 3 && free_in_the_end == 3,
                    "in the random order of this seed {} of 8 were inside with 3 permits, and in "
                    "the end {} were free",
                    bath.inside_max.load(), free_in_the_end);
        });
      });
}

}  // namespace
}  // namespace conclave::own
