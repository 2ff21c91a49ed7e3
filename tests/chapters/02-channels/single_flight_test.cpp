// The laws of single_flight.hpp: one function at a time for a key, one result for all who ask meanwhile.
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/random.hpp"
#include "time_support.hpp"

namespace conclave {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST(SingleFlight, AloneItReturnsWhatTheFunctionReturns) {
  SingleFlight<std::string, int> flight;  // outside run(): nobody has to wait
  EXPECT_EQ(*flight.call("a", [] { return 1; }), 1);
  EXPECT_EQ(*flight.call("a", []() -> Result<int> { return 2; }), 2);
  EXPECT_EQ(flight.call("a", [] { return Status::not_found("a"); }).status(),
            Status::not_found("a"));
}

TEST(SingleFlight, WhoCallsMeanwhileGetsTheSameResult) {  // law 1
  in_every_order([] {
    SingleFlight<std::string, std::string> flight;
    int calls = 0;
    int results = 0;
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.go([&, i] {
        sleep_for(Duration(i));
        const Result<std::string> result = flight.call("page", [&]() -> Result<std::string> {
          ++calls;
          sleep_for(kShort);
          return std::string(100, 'x');
        });
        EXPECT_EQ(*result, std::string(100, 'x'));
        EXPECT_EQ(now(), at(kShort)) << "all get it when it comes";
        ++results;
      });
    }
    group.wait();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(results, 20);
  });
}

TEST(SingleFlight, AResultIsNotKept) {  // law 2
  in_virtual_time([] {
    SingleFlight<int, std::shared_ptr<int>> flight;
    const auto counted = std::make_shared<int>(1);
    int calls = 0;
    const auto fetch = [&] {
      ++calls;
      sleep_for(kShort);
      return counted;
    };
    for (int round = 1; round <= 3; ++round) {
      {
        WaitGroup group;
        for (int i = 0; i < 3; ++i) group.go([&] { EXPECT_EQ(*flight.call(7, fetch), counted); });
      }
      EXPECT_EQ(calls, round);
      EXPECT_EQ(counted.use_count(), 1) << "a flight that has landed leaves nothing behind";
    }
  });
}

TEST(SingleFlight, WhoCallsAfterTheResultCameStartsANewFlight) {  // law 2
  in_every_order([] {
    SingleFlight<int, int> flight;
    int calls = 0;
    bool landed = false;
    WaitGroup group;
    for (int i = 0; i < 4; ++i) {
      group.go([&] {
        const auto fetch = [&] {
          ++calls;
          sleep_for(kShort);
          landed = true;
          return calls;
        };
        EXPECT_EQ(*flight.call(7, fetch), 1);
        EXPECT_TRUE(landed);
        // The others may still be on their way out of the first flight.
        EXPECT_EQ(*flight.call(7, fetch), 2);
      });
    }
    group.wait();
    EXPECT_EQ(calls, 2);
  });
}

TEST(SingleFlight, AnErrorIsSharedAndNotKept) {  // laws 1 and 2
  in_every_order([] {
    SingleFlight<int, int> flight;
    int calls = 0;
    {
      WaitGroup group;
      for (int i = 0; i < 5; ++i) {
        group.go([&] {
          const Result<int> result = flight.call(7, [&]() -> Result<int> {
            ++calls;
            sleep_for(kShort);
            return Status::unavailable("no disk");
          });
          EXPECT_EQ(result.status(), Status::unavailable("no disk"));
        });
      }
    }
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(*flight.call(7, [] { return 8; }), 8);
  });
}

TEST(SingleFlight, AnExceptionReachesAllAndIsNotKept) {  // laws 1 and 2
  in_every_order([] {
    SingleFlight<int, int> flight;
    int calls = 0;
    int caught = 0;
    {
      WaitGroup group;
      for (int i = 0; i < 5; ++i) {
        group.go([&] {
          try {
            static_cast<void>(flight.call(7, [&]() -> Result<int> {
              ++calls;
              sleep_for(kShort);
              throw std::runtime_error("no disk");
            }));
          } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "no disk");
            ++caught;
          }
        });
      }
    }
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(caught, 5);
    EXPECT_EQ(*flight.call(7, [] { return 8; }), 8);
  });
}

TEST(SingleFlight, KeysDoNotWaitForEachOther) {
  in_every_order([] {
    SingleFlight<int, int> flight;
    {
      WaitGroup group;
      for (int key = 0; key < 10; ++key) {
        group.go([&, key] {
          const Result<int> result = flight.call(key, [&]() -> Result<int> {
            sleep_for(kShort);
            return key * key;
          });
          EXPECT_EQ(*result, key * key);
        });
      }
    }
    EXPECT_EQ(now(), at(kShort));
  });
}

TEST(SingleFlight, AFunctionMayAskForAnotherKey) {
  in_virtual_time([] {
    SingleFlight<int, int> flight;
    std::function<Result<int>(int)> factorial = [&](int n) -> Result<int> {
      return flight.call(n, [&]() -> Result<int> {
        yield();
        if (n == 0) return 1;
        return n * *factorial(n - 1);
      });
    };
    WaitGroup group;
    for (int i = 0; i < 5; ++i) group.go([&] { EXPECT_EQ(*factorial(10), 3'628'800); });
  });
}

TEST(SingleFlight, TheCallersKeyMayChangeWhileTheFunctionRuns) {  // law 2
  in_virtual_time([] {
    SingleFlight<std::string, int> flight;
    std::string key = "first";
    EXPECT_EQ(*flight.call(key,
                           [&] {
                             key = "second";
                             return 1;
                           }),
              1);
    EXPECT_EQ(*flight.call("first", [] { return 2; }), 2);
    EXPECT_EQ(*flight.call("second", [] { return 3; }), 3);
  });
}

// ---- forget ----

TEST(SingleFlight, AfterForgetTheNextCallStartsItsOwnFlight) {
  in_every_order([] {
    SingleFlight<int, int> flight;
    flight.forget(7);  // unknown: nothing happens
    int calls = 0;
    const auto fetch = [&]() -> Result<int> {
      const int call = ++calls;
      sleep_for(call == 1 ? kShort : kShort * 3);
      return call;
    };
    WaitGroup group;
    for (int i = 0; i < 2; ++i) group.go([&] { EXPECT_EQ(*flight.call(7, fetch), 1); });
    sleep_for(kShort / 2);

    flight.forget(7);

    for (int i = 0; i < 2; ++i) group.go([&] { EXPECT_EQ(*flight.call(7, fetch), 2); });
    sleep_for(kShort);  // the first has landed, and must not take the second with it
    EXPECT_EQ(*flight.call(7, fetch), 2);
    group.wait();
    EXPECT_EQ(calls, 2);
  });
}

/// Random calls and forgets of a few keys, and what must hold of each.
class ModelledFlights {
 public:
  explicit ModelledFlights(std::uint64_t seed) : random_(seed) {}

  void run_to_the_end() {
    WaitGroup group;
    for (int i = 0; i < 30; ++i) {
      group.go([this] {
        for (int round = 0; round < 10; ++round) {
          sleep_for(Duration(random_.between(0, 20)));
          step(static_cast<int>(random_.below(3)));
        }
      });
    }
  }

 private:
  void step(int key) {
    if (random_.chance(0.1)) {
      flight_.forget(key);
      on_its_way_.erase(key);
      return;
    }
    const bool joins = on_its_way_.contains(key);
    const int expected = joins ? on_its_way_.at(key) : last_ + 1;
    const bool fails = random_.chance(0.3);
    const Result<int> result = flight_.call(key, [&]() -> Result<int> {
      EXPECT_FALSE(joins);
      const int number = ++last_;
      on_its_way_[key] = number;
      fails_[number] = fails;
      sleep_for(Duration(random_.between(0, 30)));
      const auto found = on_its_way_.find(key);
      if (found != on_its_way_.end() && found->second == number) on_its_way_.erase(found);
      if (fails) return Status::aborted(std::to_string(number));
      return number;
    });
    EXPECT_EQ(result.ok(), !fails_.at(expected));
    EXPECT_EQ(result.ok() ? std::to_string(*result) : std::string(result.status().message()),
              std::to_string(expected));
  }

  Random random_;
  SingleFlight<int, int> flight_;
  std::map<int, int> on_its_way_;  // key to the number of its flight
  std::map<int, bool> fails_;
  int last_ = 0;
};

TEST(SingleFlight, DoesWhatTheLawsSayWhoeverCallsWhen) {  // laws 1 and 2
  for_each_seed(60, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      in_virtual_time([seed] { ModelledFlights(seed).run_to_the_end(); },
                      {.order = order, .seed = seed});
    }
  });
}

// ---- the end of the program, and deadlocks ----

TEST(SingleFlight, AFlightThatMainsEndOvertakesIsUnwoundAndForgotten) {
  SingleFlight<int, int> flight;
  const auto captured = std::make_shared<int>(1);
  in_every_order([&] {
    for (int i = 0; i < 5; ++i) {
      go([&flight, captured] {
        static_cast<void>(flight.call(7, [captured]() -> Result<int> {
          sleep_for(kLong);
          return 1;
        }));
        ADD_FAILURE() << "it ran on";
      });
    }
    sleep_for(kShort);
  });
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_EQ(*flight.call(7, [] { return 8; }), 8);
}

TEST(SingleFlight, MayLieInMainsFrameAlsoWhenAFlightIsOvertaken) {
  in_every_order([] {
    SingleFlight<std::string, std::string> flight;
    for (int i = 0; i < 5; ++i) {
      go([&flight] {
        static_cast<void>(flight.call("page", []() -> Result<std::string> {
          sleep_for(kLong);
          return "content";
        }));
      });
    }
    sleep_for(kShort);
  });
}

TEST(SingleFlight, ADestructorThatWaitedInVainIsToldSo) {
  std::optional<Result<int>> told;
  in_virtual_time([&] {
    static SingleFlight<int, int> flight;
    go([&] {
      struct Asks {
        std::optional<Result<int>>& told;
        ~Asks() {
          told = flight.call(7, [] { return 1; });
        }
      };
      try {
        const Asks asks{told};
        sleep_for(kShort);
        throw std::runtime_error("on its way while the destructor parks");
      } catch (const std::runtime_error&) {  // nothing parks after it, so it is not unwound
      }
    });
    go([] {
      static_cast<void>(flight.call(7, []() -> Result<int> {
        sleep_for(kLong);
        return 2;
      }));
    });
    sleep_for(kShort * 2);
  });
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status().code(), Code::aborted);
}

TEST(SingleFlight, AFunctionThatAsksForItsOwnKeyIsInADeadlock) {
  constexpr int kInner = __LINE__ + 5;
  const Ending ending = ending_of([] {
    in_virtual_time([] {
      SingleFlight<int, int> flight;
      static_cast<void>(
          flight.call(7, [&]() -> Result<int> { return flight.call(7, [] { return 1; }); }));
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, ContainsRegex("WaitGroup::wait: 1 not done"));
  EXPECT_THAT(ending.words, HasSubstr(place_in(__FILE__, kInner)));
}

}  // namespace
}  // namespace conclave
