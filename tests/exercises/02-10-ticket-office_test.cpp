// Exercise 2.10: the laws of ticket_office.hpp, in the order in which a reader gets them right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "support/apart.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"
#include "ticket_office.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;
using Times = std::vector<std::int64_t>;  // in milliseconds

/// A clock that jumps, and counts how often.
class CountingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_; }

  bool jump_to(TimePoint next) noexcept override {
    now_ = next;
    ++jumps_;
    return true;
  }

  [[nodiscard]] int jumps() const { return jumps_; }

 private:
  TimePoint now_{};
  int jumps_ = 0;
};

/// Runs `body` as the main goroutine, on a clock that jumps.  Who waits without parking ends the test.
void in_virtual_time(const std::function<void(const CountingClock&)>& body,
                     RunOptions options = {}) {
  must_come_to_rest("who waits for a ticket is parked",
                    "it was still running when a second of the processor's time was used up", [&] {
                      CountingClock clock;
                      options.clock = &clock;
                      run([&] { body(clock); }, options);
                    });
}

std::int64_t now_ms() { return now().time_since_epoch() / 1ms; }

/// Waits until this time on the clock of the run.
void sleep_until_ms(std::int64_t time) { sleep_until(TimePoint(time * 1ms)); }

/// Starts a goroutine for each time, which comes then and writes down when it has its ticket.
void customers(TicketOffice& office, const Times& coming, Times& served) {
  for (const std::int64_t time : coming) {
    go([&office, &served, time] {
      sleep_until_ms(time);
      if (office.take().ok()) served.push_back(now_ms());
    });
  }
}

TEST(TicketOffice, GivesABurstAtOnce) {
  in_virtual_time([](const CountingClock&) {
    const Claim law =
        announce("an office opens with `burst` tickets, and nobody waits for them (law 2)");
    TicketOffice office(100ms, 3);
    Times served;

    customers(office, {0, 0, 0}, served);
    sleep_for(1h);

    must_hold(
        law, served == Times{0, 0, 0},
        "one ticket every 100 ms, a burst of 3; three came at 0 ms\nthey were served at {} ms",
        served);
  });
}

TEST(TicketOffice, ThenOneAtATime) {
  in_virtual_time([](const CountingClock&) {
    const Claim law =
        announce("when the burst is used up there is one ticket every so often (laws 1, 2)");
    TicketOffice office(100ms, 3);
    Times served;

    customers(office, Times(6, 0), served);
    sleep_for(1h);

    must_hold(law, served == Times{0, 0, 0, 100, 200, 300},
              "one ticket every 100 ms, a burst of 3; six came at 0 ms\nthey were served at {} ms",
              served);
  });
}

TEST(TicketOffice, ABurstComesBackAfterAQuietTime) {
  in_virtual_time([](const CountingClock&) {
    const Claim law =
        announce("after a quiet time there are `burst` tickets again, and no more (laws 1, 2)");
    TicketOffice office(100ms, 2);
    Times served;

    customers(office, {0, 0, 1000, 1000, 1000}, served);
    sleep_for(1h);

    must_hold(law, served == Times{0, 0, 1000, 1000, 1100},
              "one ticket every 100 ms, a burst of 2; two came at 0 ms and three at 1000 ms\n"
              "they were served at {} ms",
              served);
  });
}

TEST(TicketOffice, AnyStretchOfTimeCounts) {
  in_virtual_time([](const CountingClock&) {
    const Claim law =
        announce("the limit holds in every stretch of time, wherever it begins (law 1)");
    TicketOffice office(100ms, 10);
    Times served;

    customers(office, Times(12, 990), served);  // shortly before the end of the first second
    sleep_for(1h);

    must_hold(law, served == Times{990, 990, 990, 990, 990, 990, 990, 990, 990, 990, 1090, 1190},
              "one ticket every 100 ms, a burst of 10; twelve came at 990 ms\n"
              "they were served at {} ms",
              fmt::join(served, " "));
  });
}

TEST(TicketOffice, KeepsTheFractionOfATicket) {
  in_virtual_time([](const CountingClock&) {
    const Claim law = announce("half of a ticket is not lost when the other is taken (law 2)");
    TicketOffice office(100ms, 2);
    Times served;

    customers(office, {0, 0, 150, 150, 270}, served);
    sleep_for(1h);

    must_hold(law, served == Times{0, 0, 150, 200, 300},
              "one ticket every 100 ms, a burst of 2; they came at 0, 0, 150, 150 and 270 ms\n"
              "they were served at {} ms",
              served);
  });
}

TEST(TicketOffice, ServesFirstComeFirstServed) {
  in_virtual_time([](const CountingClock&) {
    const Claim law = announce("first come, first served (law 3)");
    TicketOffice office(100ms, 1);
    std::vector<int> served;
    for (int i = 0; i < 6; ++i) {
      go([&, i] {
        sleep_for(i * 1ms);
        if (office.take().ok()) served.push_back(i);
      });
    }

    sleep_for(1h);

    must_hold(
        law, served == std::vector{0, 1, 2, 3, 4, 5},
        "six came a millisecond after each other, and waited\nthey were served in this order: {}",
        served);
  });
}

TEST(TicketOffice, MayBeLeft) {
  in_virtual_time([](const CountingClock&) {
    const Claim law = announce("who waits goes when its context ends");
    TicketOffice office(100ms, 1);
    Times served;
    std::vector<std::string> gave_up;
    customers(office, {0}, served);
    for (int i = 1; i <= 2; ++i) {
      go([&, i] {
        sleep_for(i * 1ms);
        auto [context, cancel] = with_timeout(Context(), 50ms);
        const Status status = office.take(context);
        gave_up.push_back(fmt::format("{} at {} ms", status.code(), now_ms()));
      });
    }
    customers(office, {3, 4}, served);

    sleep_for(1h);

    must_hold(law,
              gave_up == std::vector<std::string>{"deadline_exceeded at 51 ms",
                                                  "deadline_exceeded at 52 ms"},
              "tickets come at 100 ms; two have contexts that end at 51 and 52 ms\n"
              "their calls returned: {}",
              fmt::join(gave_up, ", "));
    must_hold("who gives up takes no ticket, and those behind move up (law 4)",
              served == Times{0, 100, 200},
              "three others came at 0, 3 and 4 ms\nthey were served at {} ms", served);
  });
}

TEST(TicketOffice, ServesNobodyWhoHasGone) {
  in_virtual_time([](const CountingClock&) {
    const Claim law =
        announce("a context that has ended is served no ticket, also when there are some");
    constexpr int kAll = 50;
    TicketOffice office(100ms, kAll);
    auto [context, cancel] = with_cancel(Context());
    cancel();
    int refused = 0;

    for (int i = 0; i < kAll; ++i) {
      if (office.take(context).code() == Code::cancelled) ++refused;
    }
    Times served;
    customers(office, Times(kAll, 0), served);
    sleep_for(1h);

    must_hold(law, refused == kAll,
              "there were 50 tickets, and 50 calls with a context that had been cancelled\n"
              "{} of them returned its status",
              refused);
    must_hold("and no ticket is taken for it (law 4)", served == Times(kAll, 0),
              "then 50 others came at 0 ms\n{} of them were served at once",
              std::ranges::count(served, 0));
  });
}

TEST(TicketOffice, DoesNothingWhenNobodyComes) {
  in_virtual_time([](const CountingClock& clock) {
    const Claim law = announce("an office that nobody comes to does nothing (law 5)");
    const std::size_t before = num_goroutines();
    TicketOffice office(100ms, 3);
    for (int i = 0; i < 5; ++i) static_cast<void>(office.take());
    const int jumps = clock.jumps();

    sleep_for(1h);

    must_hold(
        law, clock.jumps() == jumps + 1 && num_goroutines() == before,
        "nobody came for an hour\nthe clock had to stop {} times, and {} goroutines were left",
        clock.jumps() - jumps - 1, num_goroutines() - before);
  });
}

TEST(TicketOffice, KeepsItsLawsOnAnyDay) {
  const auto day = [](std::uint64_t seed) {
    const Claim law =
        announce("everybody is served when law 1 allows it, not before and not later");
    Random random(seed);
    const int burst = random.between(1, 5);
    const std::int64_t every = random.between(1, 40);
    TicketOffice office(every * 1ms, burst);
    struct Visit {
      std::int64_t came;
      std::int64_t left;
      bool served;
    };
    std::vector<Visit> visits(60);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < visits.size(); ++i) {
      const auto coming = static_cast<std::int64_t>(i) * 7 + random.between(0, 6);
      const bool hurried = random.chance(0.3);
      const Duration patience = random.between(1, 100) * 1ms + 500us;
      go([&, i, coming, hurried, patience] {
        sleep_until_ms(coming);
        visits[i].came = now_ms();
        auto [context, cancel] = with_timeout(Context(), hurried ? patience : 24h);
        visits[i].served = office.take(context).ok();
        visits[i].left = now_ms();
        if (visits[i].served) order.push_back(i);
      });
    }
    sleep_for(1h);

    const auto late = std::ranges::is_sorted_until(order);
    if (late != order.end()) {
      must_hold("first come, first served (law 3)", false,
                "customer {} came at {} ms and was served before customer {}, who came at {} ms",
                *(late - 1), visits[*(late - 1)].came, *late, visits[*late].came);
      return;
    }
    // What law 2 wants: everybody is served at the first time that the ones before allow.
    std::int64_t full_at = 0;
    for (const std::size_t i : order) {
      const std::int64_t wanted = std::max(visits[i].came, full_at + every - burst * every);
      if (!must_hold(law, visits[i].left == wanted,
                     "one ticket every {} ms, a burst of {}; seed {}\n"
                     "customer {} came at {} ms, could be served at {} ms, and was at {} ms",
                     every, burst, seed, i, visits[i].came, wanted, visits[i].left)) {
        return;
      }
      full_at = std::max(full_at, visits[i].left) + every;
    }
  };

  in_virtual_time([&](const CountingClock&) { day(0); });
  for_each_seed(50, [&](std::uint64_t seed) {
    in_virtual_time([&](const CountingClock&) { day(seed); },
                    {.order = Order::random, .seed = seed});
  });
}

}  // namespace
}  // namespace conclave
