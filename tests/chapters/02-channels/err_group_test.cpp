// The laws of err_group.hpp but the limit: the first error, and whom a group waits for.
#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "common/random.hpp"
#include "time_support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using testing::ContainsRegex;
using testing::HasSubstr;

Status error(int number) { return Status::aborted(fmt::format("error {}", number)); }

/// Works until the group is ended, and says so.
Status until_ended(const Context& context) {
  context.done().recv();
  return context.cause();
}

// ---- the first error ----

TEST(ErrGroup, WithoutFunctionsIsDoneAtOnce) {
  in_virtual_time([] {
    ErrGroup group;
    EXPECT_TRUE(group.context().status().ok());
    EXPECT_TRUE(group.wait().ok());
    EXPECT_EQ(now(), at(Duration(0)));
  });
}

TEST(ErrGroup, WaitsForAllAndIsOkWhenTheyAre) {  // law 1
  in_every_order([] {
    ErrGroup group;
    int returned = 0;
    for (int i = 0; i < 10; ++i) {
      group.go([&, i] {
        sleep_for(kShort * i);
        ++returned;
        return Status();
      });
    }
    EXPECT_TRUE(group.wait().ok());
    EXPECT_EQ(returned, 10);
    EXPECT_EQ(now(), at(kShort * 9));
  });
}

TEST(ErrGroup, TheFirstErrorIsTheOneThatCameFirst) {  // law 1
  for_each_seed(100, [](std::uint64_t seed) {
    in_virtual_time(
        [seed] {
          Random random(seed);
          std::vector<int> moments(20);
          for (int i = 0; i < 20; ++i) moments[static_cast<std::size_t>(i)] = i;
          random.shuffle(moments);
          std::optional<int> first;
          ErrGroup group;
          for (const int moment : moments) {
            const bool fails = random.chance(0.4);
            if (fails) first = std::min(moment, first.value_or(moment));
            group.go([=] {
              sleep_for(kShort * moment);
              return fails ? error(moment) : Status();
            });
          }
          EXPECT_EQ(group.wait(), first ? error(*first) : Status());
          EXPECT_EQ(now(), at(kShort * 19)) << "an error does not cut the others short";
        },
        {.order = seed % 2 == 0 ? Order::standard : Order::random, .seed = seed});
  });
}

TEST(ErrGroup, OfErrorsAtTheSameMomentTheFirstToReturnWins) {  // law 1
  in_every_order([] {
    ErrGroup group;
    std::optional<int> first;
    for (int i = 0; i < 10; ++i) {
      group.go([&, i] {
        sleep_for(kShort);
        if (!first) first = i;
        return error(i);
      });
    }
    const Status status = group.wait();
    EXPECT_EQ(status, error(*first));
  });
}

TEST(ErrGroup, TheFirstErrorCancelsTheContextAndIsItsCause) {  // law 2
  in_every_order([] {
    ErrGroup group;
    std::vector<Status> causes;
    for (int i = 0; i < 5; ++i) {
      group.go([&] {
        causes.push_back(until_ended(group.context()));
        sleep_for(kShort);
        return Status::internal("a later error");
      });
    }
    group.go([] {
      sleep_for(kShort);
      return error(1);
    });

    EXPECT_EQ(group.wait(), error(1));

    EXPECT_EQ(causes, std::vector<Status>(5, error(1)));
    EXPECT_EQ(group.context().status().code(), Code::cancelled);
    EXPECT_EQ(group.context().cause(), error(1));
    EXPECT_EQ(now(), at(kShort * 2)) << "who was cancelled is waited for";
  });
}

TEST(ErrGroup, WaitEndsTheContextAndMayBeCalledAgain) {  // law 2
  in_virtual_time([] {
    ErrGroup group;
    group.go([] { return Status(); });
    EXPECT_TRUE(group.wait().ok());
    EXPECT_EQ(group.context().status().code(), Code::cancelled);
    EXPECT_TRUE(group.wait().ok());

    group.go([&] { return group.context().status(); });  // started, and finds it ended
    EXPECT_EQ(group.wait().code(), Code::cancelled);
    EXPECT_EQ(group.wait().code(), Code::cancelled);
  });
}

TEST(ErrGroup, AfterAnErrorFunctionsAreStillStarted) {
  in_virtual_time([] {
    ErrGroup group;
    group.go([] { return error(1); });
    sleep_for(kShort);
    bool ran = false;
    group.go([&] {
      ran = true;
      EXPECT_FALSE(group.context().status().ok());
      return error(2);
    });
    EXPECT_EQ(group.wait(), error(1));
    EXPECT_TRUE(ran);
  });
}

TEST(ErrGroup, ItsContextIsDerivedFromTheParent) {
  static const ContextKey<int> kNumber("number");
  in_every_order([] {
    const auto [timed, cancel] = with_timeout(with_value({}, kNumber, 7), kLong);
    ErrGroup failing(timed);
    EXPECT_EQ(*failing.context().value(kNumber), 7);
    EXPECT_EQ(failing.context().deadline(), at(kLong));
    failing.go([] { return error(1); });
    EXPECT_EQ(failing.wait(), error(1));
    EXPECT_TRUE(timed.status().ok()) << "a child never ends its parent";

    ErrGroup waiting(timed);
    for (int i = 0; i < 3; ++i) waiting.go([&] { return until_ended(waiting.context()); });
    EXPECT_EQ(waiting.wait().code(), Code::deadline_exceeded);
    EXPECT_EQ(now(), at(kLong));
  });
}

TEST(ErrGroup, AGroupInAGroupEndsWithIt) {
  in_every_order([] {
    ErrGroup outer;
    outer.go([&] {
      ErrGroup inner(outer.context());
      for (int i = 0; i < 3; ++i) inner.go([&] { return until_ended(inner.context()); });
      return inner.wait();
    });
    outer.go([] {
      sleep_for(kShort);
      return error(1);
    });
    EXPECT_EQ(outer.wait(), error(1));
  });
}

// ---- the scope ----

TEST(ErrGroup, ItsEndCancelsAndWaits) {  // law 4
  in_every_order([] {
    int ended = 0;
    {
      std::vector<int> shared(10);
      ErrGroup group;
      for (int& each : shared) {
        group.go([&] {
          const Status status = until_ended(group.context());
          sleep_for(kShort);
          each = 1;
          ++ended;
          return status;
        });
      }
    }
    EXPECT_EQ(ended, 10);
    EXPECT_EQ(now(), at(kShort));
  });
}

TEST(ErrGroup, ItsEndWaitsAlsoWhileAnExceptionIsOnItsWay) {  // law 4
  in_every_order([] {
    int ended = 0;
    try {
      ErrGroup group;
      group.set_limit(3);
      for (int i = 0; i < 3; ++i) {
        group.go([&] {
          const Status status = until_ended(group.context());
          ++ended;
          return status;
        });
      }
      sleep_for(kShort);
      throw std::runtime_error("in the scope");
    } catch (const std::runtime_error&) {
      EXPECT_EQ(ended, 3);
      ++ended;
    }
    EXPECT_EQ(ended, 4);
  });
}

TEST(ErrGroup, WhenMainReturnsFunctionsAreUnwoundBeforeWhatTheyReferTo) {
  /// Something in the scope of a group that its functions use to their end.
  struct InScope {
    int users = 0;
    int& ends;
    ~InScope() {
      EXPECT_EQ(users, 0);
      ++ends;
    }
  };
  for (const int limit : {1, 2, 100}) {
    int ends = 0;
    int unwound = 0;
    in_every_order([&] {
      go([&, limit] {
        InScope scope{.ends = ends};
        ErrGroup group;
        group.set_limit(limit);
        for (int i = 0; i < 5; ++i) {
          group.go([&] {
            struct Use {
              InScope& scope;
              int& unwound;
              ~Use() {
                --scope.users;
                ++unwound;
              }
            };
            ++scope.users;
            const Use use{scope, unwound};
            park_for_ever();
            return error(1);
          });
        }
        park_for_ever();
      });
      sleep_for(kShort);
    });
    EXPECT_GT(ends, 0);
    EXPECT_EQ(unwound, ends * std::min(limit, 5));
  }
}

TEST(ErrGroup, WhatAFunctionCapturedIsDestroyedWhenWaitReturns) {
  in_every_order([] {
    const auto captured = std::make_shared<int>(1);
    ErrGroup group;
    group.set_limit(2);
    for (int i = 0; i < 5; ++i) {
      group.go([captured, owned = std::make_unique<int>(i)] {
        yield();
        return *owned == 3 ? error(3) : Status();
      });
    }
    EXPECT_EQ(group.wait(), error(3));
    EXPECT_EQ(captured.use_count(), 1);
  });
}

TEST(ErrGroup, LeavesNothingInItsParent) {
  static const ContextKey<std::shared_ptr<int>> kCounted("counted");
  in_virtual_time([] {
    const auto counted = std::make_shared<int>(1);
    const auto [parent, cancel] = with_cancel({});
    for (int i = 0; i < 100; ++i) {
      ErrGroup group(with_value(parent, kCounted, counted));
      group.go([&] { return until_ended(group.context()); });
    }
    EXPECT_EQ(counted.use_count(), 1);
  });
}

// ---- what can go wrong ----

TEST(ErrGroup, OutsideRunGoPanics) {
  ErrGroup group;
  EXPECT_EQ(panic_of([&] { group.go([] { return Status(); }); }).place().line(), __LINE__);
  EXPECT_TRUE(group.wait().ok());
}

TEST(ErrGroup, AnExceptionThatLeavesAFunctionEndsTheProgram) {
  const Ending ending = ending_of([] {
    in_virtual_time([] {
      ErrGroup group;
      group.go([]() -> Status { throw std::runtime_error("not a status"); });
      static_cast<void>(group.wait());
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("not a status"));
}

TEST(ErrGroup, ADeadlockNamesWhereItWaitsAndHowManyAreNotDone) {
  constexpr int kGo = __LINE__ + 5;
  constexpr int kWait = __LINE__ + 5;
  const Ending ending = ending_of([] {
    in_virtual_time([] {
      ErrGroup group;
      for (int i = 0; i < 2; ++i) group.go([] { return park_for_ever(), Status(); });
      static_cast<void>(group.wait());
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, ContainsRegex("WaitGroup::wait: 2 not done"));
  EXPECT_THAT(ending.words,
              HasSubstr("waits at   tests/chapters/02-channels/" + place_in(__FILE__, kWait)));
  EXPECT_THAT(ending.words,
              HasSubstr("started at tests/chapters/02-channels/" + place_in(__FILE__, kGo)));
}

TEST(ErrGroup, AFunctionThatIsEndedIsAnErrorAndGivesItsTurnBack) {
  in_virtual_time([] {
    ErrGroup group;
    group.set_limit(1);
    GoroutineGroup doomed;
    doomed.go([&] {
      group.go([] {
        sleep_for(std::chrono::hours(1));
        return Status();
      });
    });
    let_others_park();

    doomed.end();

    group.go([] { return Status(); });
    EXPECT_EQ(group.wait().code(), Code::cancelled);
  });
}

TEST(ErrGroup, AFunctionThatIsEndedBeforeItRanIsAnErrorToo) {
  in_virtual_time([] {
    ErrGroup group;
    group.set_limit(1);
    GoroutineGroup doomed;
    doomed.go([&] {
      group.go([] { return Status(); });
      doomed.end();
    });
    let_others_park();

    group.go([] { return Status(); });
    EXPECT_EQ(group.wait().code(), Code::cancelled);
  });
}

}  // namespace
}  // namespace conclave
