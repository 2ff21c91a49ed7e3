// Exercise 3.4: the laws of client.hpp, in the order in which a reader gets them right.  All time is virtual, and what is judged
// is counted.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "client.hpp"
#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "shop.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = 20;

std::int64_t ms(Duration time) { return time / 1ms; }
std::int64_t ms(TimePoint time) { return ms(time.time_since_epoch()); }

std::string text(const Result<std::string>& result) {
  return result.ok() ? "an answer" : fmt::format("{}", result.status().code());
}

/// An attempt that fails as often as this, then works; it counts itself.
Attempt fails(int failures, int& attempts,
              const Status& with = Status::unavailable("it restarts")) {
  return [=, &attempts](const Context&) -> Result<std::string> {
    if (attempts++ < failures) return with;
    return "an answer";
  };
}

/// Calls with `seed`, in a run of its own.
Result<std::string> call_once(std::uint64_t seed, const Attempt& attempt) {
  Result<std::string> result = Status::unknown("it did not return");
  in_virtual_time([&] { result = Client(seed).call({}, attempt); });
  return result;
}

TEST(Retries, HideAFailure) {
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    const Claim law =
        announce("a call is attempted again upon unavailable, 3 times in all (law 1)");
    for (const int failures : {0, 1, 2, 3}) {
      int attempts = 0;
      const Result<std::string> result = call_once(seed, fails(failures, attempts));

      must_hold(law, result.ok() == (failures < 3) && attempts == std::min(failures + 1, 3),
                "the first {} attempts of a call were unavailable\nit made {} attempts, and the "
                "result is {}",
                failures, attempts, text(result));
    }
  });
}

TEST(Retries, OfOneRequestAreFew) {
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    const Claim law = announce(
        "one layer retries, and those above do not begin anew (law 2; SRE ch. 22, \"Retries\")");
    std::vector<TimePoint> calls;
    Result<std::string> result = Status::unknown("it did not return");

    in_virtual_time([&] {
      Shop shop(seed);
      shop.database.is_down = true;
      result = shop.request(0, {});
      calls = shop.database.calls();
    });

    must_hold(law, calls.size() <= kAttemptsMax,
              "the database is down, and one user sends one request\n"
              "the user is told {}; the database was called {} times, the last time after {} ms",
              text(result), calls.size(), ms(calls.back()));
  });
}

TEST(Retries, FollowUponUnavailableOnly) {
  for (const Status& error :
       {Status::not_found("no such order"), Status::resource_exhausted("given up below"),
        Status::deadline_exceeded("the time was up")}) {
    const Claim law = announce("an error other than unavailable is the result of the call (law 1)");
    int attempts = 0;
    const Result<std::string> result = call_once(1, fails(1, attempts, error));

    must_hold(law, attempts == 1 && result.status().code() == error.code(),
              "the first attempt of a call was answered with {}\nit made {} attempts, and the "
              "result is {}",
              error.code(), attempts, text(result));
  }
}

/// How a call of a service that never answers went, when each attempt takes 20 ms.
struct Ended {
  std::vector<std::int64_t> attempts_ms;  ///< when they began
  std::int64_t last_ended_ms = 0;
  std::int64_t returned_ms = 0;
  Result<std::string> result = Status::unknown("it did not return");
};

/// Calls with this deadline, and perhaps cancels the call before.
Ended call_in_vain(std::uint64_t seed, Duration deadline, std::optional<Duration> cancelled = {}) {
  Ended ended;
  in_virtual_time([&] {
    Client client(seed);
    const CancellableContext own = with_timeout({}, deadline);
    WaitGroup user;
    if (cancelled) {
      user.go([&] {
        sleep_for(*cancelled);
        own.cancel();
      });
    }
    ended.result = client.call(own.context, [&](const Context& context) -> Result<std::string> {
      ended.attempts_ms.push_back(ms(now()));
      const bool is_over = select(recv(context.done()), timeout(20ms)) == 0;
      ended.last_ended_ms = ms(now());
      if (is_over) return context.status();
      return Status::unavailable("it restarts");
    });
    ended.returned_ms = ms(now());
    user.wait();
  });
  return ended;
}

TEST(Retries, EndWithTheDeadline) {
  for_each_seed(100, [](std::uint64_t seed) {
    const Claim law = announce(
        "no retry comes after the deadline, and no pause is begun that lasts until then (law 6)");
    const Ended ended = call_in_vain(seed, 75ms);

    must_hold(law,
              ended.attempts_ms.back() < 75 && ended.returned_ms == ended.last_ended_ms &&
                  !ended.result.ok(),
              "a call with a deadline of 75 ms, to a service that is unavailable\n"
              "its last attempt began at {} ms and ended at {} ms; the call returned at {} ms",
              ended.attempts_ms.back(), ended.last_ended_ms, ended.returned_ms);
  });
}

TEST(Retries, EndWithTheContext) {
  for_each_seed(100, [](std::uint64_t seed) {
    const Claim law = announce("when its context ends a call returns, also in a pause (law 6)");
    const Ended ended = call_in_vain(seed, 5s, 65ms);

    must_hold(law, ended.attempts_ms.back() <= 65 && ended.returned_ms <= 65 && !ended.result.ok(),
              "a call to a service that is unavailable was cancelled after 65 ms\n"
              "its last attempt began at {} ms; the call returned at {} ms",
              ended.attempts_ms.back(), ended.returned_ms);
  });
}

TEST(Retries, PauseAsLongInEachCall) {
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    const Claim law = announce(
        "the pauses of a call are at most 100 and 200 ms, on average a quarter or more (law 5)");
    Duration longest{};
    Duration longest_second{};
    Duration sum{};
    int calls = 0;

    in_virtual_time([&] {
      Client client(seed);
      for (int call = 0; call < 100; ++call) {
        for (int i = 0; i < 20; ++i) {  // these fill its budget
          int attempts = 0;
          static_cast<void>(client.call({}, fails(0, attempts)));
        }
        std::vector<TimePoint> attempts;
        static_cast<void>(client.call({}, [&](const Context&) -> Result<std::string> {
          attempts.push_back(now());
          if (attempts.size() < 3) return Status::unavailable("it restarts");
          return "an answer";
        }));
        if (attempts.size() != 3) continue;
        longest = std::max(longest, attempts[1] - attempts[0]);
        longest_second = std::max(longest_second, attempts[2] - attempts[1]);
        sum += attempts[2] - attempts[0];
        ++calls;
      }
    });

    must_hold(
        law,
        longest <= kPauseMax && longest_second <= 2 * kPauseMax && calls > 0 &&
            sum >= calls * 3 * kPauseMax / 4,
        "of {} calls, each behind 20 that went well, the first two attempts were unavailable\n"
        "the first pauses were {} ms and less, the second {} ms and less, {} ms together on "
        "average",
        calls, ms(longest), ms(longest_second), ms(sum / std::max(calls, 1)));
  });
}

TEST(Retries, ComeInNoWave) {
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    const Claim law = announce("clients that fail together do not return together (law 5)");
    std::vector<std::int64_t> retries_ms;

    in_virtual_time([&] {
      WaitGroup calling;
      for (std::uint64_t client = 0; client < 100; ++client) {
        calling.go([&, client] {
          int attempts = 0;
          static_cast<void>(Client(1000 * seed + client).call({}, [&](const Context&) {
            if (attempts++ > 0) retries_ms.push_back(ms(now()));
            return Result<std::string>(Status::unavailable("it restarts"));
          }));
        });
      }
      calling.wait();
    });

    std::ptrdiff_t most = 0;
    std::int64_t at = 0;
    for (const std::int64_t begin : retries_ms) {
      const std::ptrdiff_t count = std::ranges::count_if(
          retries_ms, [&](std::int64_t time) { return time >= begin && time < begin + 10; });
      if (count > most) at = begin;
      most = std::max(most, count);
    }
    must_hold(law, most <= 45,
              "100 clients have called a service that went down, all at 0 ms\n"
              "from {} ms on, within 10 ms, {} of them come back",
              at, most);
  });
}

/// What the shop's users and its database see while it is down for ten seconds.
struct Outage {
  std::size_t requests = 0;      ///< in it
  std::size_t calls = 0;         ///< of the database
  std::size_t later = 0;         ///< requests from two seconds after it on
  std::size_t later_failed = 0;  ///< of these
  std::size_t later_calls = 0;   ///< of the database
};

/// 100 users send a request each second, for 22 s; from 2 s to 12 s the database is down.
Outage outage(std::uint64_t seed) {
  Outage seen;
  in_virtual_time([&] {
    Shop shop(seed);
    WaitGroup users;
    for (std::size_t user = 0; user < Shop::kUsers; ++user) {
      users.go([&, user] {
        sleep_for(user * 10ms);
        for (int second = 0; second < 22; ++second, sleep_for(1s)) {
          users.go([&, user, second] {
            const bool is_later = second >= 14;
            if (second >= 2 && second < 12) ++seen.requests;
            if (is_later) ++seen.later;
            const auto [context, cancel] = with_timeout({}, 5s);
            if (!shop.request(user, context).ok() && is_later) ++seen.later_failed;
          });
        }
      });
    }
    sleep_until(TimePoint(2s));
    shop.database.is_down = true;
    sleep_until(TimePoint(12s));
    shop.database.is_down = false;
    users.wait();
    for (const TimePoint call : shop.database.calls()) {
      if (call >= TimePoint(2s) && call < TimePoint(12s)) ++seen.calls;
      if (call >= TimePoint(14s) && call < TimePoint(22s)) ++seen.later_calls;
    }
  });
  return seen;
}

TEST(Retries, HaveABudget) {
  for_each_seed(3, [](std::uint64_t seed) {
    const Claim law =
        announce("in an outage the database is called at most 1.2 times for each request (law 3)");
    const Outage seen = outage(seed);

    must_hold(law, 10 * seen.calls <= 12 * seen.requests,
              "the database was down for 10 s, and users sent {} requests\n"
              "it was called {} times: {:.2f} for each request",
              seen.requests, seen.calls,
              static_cast<double>(seen.calls) / static_cast<double>(seen.requests));
  });
}

TEST(Retries, LetTheServiceRecover) {
  for_each_seed(3, [](std::uint64_t seed) {
    const Claim law = announce(
        "two seconds after an outage every request is answered (Bronson et al. 2021: metastable "
        "failures)");
    const Outage seen = outage(seed);

    must_hold(law, seen.later_failed == 0,
              "the database was down for 10 s, and is up again\n"
              "of {} requests that came later than 2 s after it, {} failed\n"
              "the database is called {} times a second, and can answer {}",
              seen.later, seen.later_failed, seen.later_calls / 8, Database::kCallsPerSecondMax);
  });
}

/// How many retries a client makes, in `count` calls in a row, when a share of the attempts fails.
struct Counted {
  std::size_t answered = 0;
  std::size_t retries = 0;
};

Counted count(Client& client, Random& random, int calls, double failing) {
  Counted counted;
  for (int i = 0; i < calls; ++i) {
    std::size_t attempts = 0;
    const Result<std::string> result = client.call({}, [&](const Context&) -> Result<std::string> {
      ++attempts;
      if (random.chance(failing)) return Status::unavailable("it restarts");
      return "an answer";
    });
    if (result.ok()) ++counted.answered;
    counted.retries += attempts - 1;
  }
  return counted;
}

TEST(Retries, AreNotSavedUp) {
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    const Claim law =
        announce("in any stretch of time, 10 retries and one for each ten calls, no more (law 3)");
    Counted down;

    in_virtual_time([&] {
      Client client(seed);
      Random random(seed);
      static_cast<void>(count(client, random, 10'000, 0));
      down = count(client, random, 1'000, 1);
    });

    must_hold(law, down.retries <= 110,
              "10000 calls went well; then the service went down, and 1000 calls made {} retries",
              down.retries);
  });
}

TEST(Retries, HideWhatIsRare) {
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    const Claim law =
        announce("where one attempt in twenty fails, 99 calls in 100 are answered (law 4)");
    Counted counted;

    in_virtual_time([&] {
      Client client(seed);
      Random random(seed);
      static_cast<void>(count(client, random, 200, 1));  // an outage, then a quiet hour
      static_cast<void>(count(client, random, 1'000, 0));
      counted = count(client, random, 2'000, 0.05);
    });

    must_hold(law, counted.answered >= 1'980, "of 2000 calls {} were answered, with {} retries",
              counted.answered, counted.retries);
  });
}

}  // namespace
}  // namespace conclave
