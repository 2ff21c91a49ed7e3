// Law 3 of err_group.hpp: no more functions run at a time than the limit says.
#include <algorithm>
#include <limits>

#include "time_support.hpp"

namespace conclave {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

Status error(int number) { return Status::aborted(fmt::format("error {}", number)); }

TEST(ErrGroup, NoMoreRunAtATimeThanTheLimit) {  // law 3
  for (const int limit : {1, 2, 3, 7}) {
    in_every_order([limit] {
      ErrGroup group;
      group.set_limit(limit);
      int running = 0;
      int most = 0;
      for (int i = 0; i < 20; ++i) {
        group.go([&, i] {
          most = std::max(most, ++running);
          sleep_for(kShort * (1 + i % 3));
          --running;
          return i % 4 == 0 ? error(i) : Status();
        });
        EXPECT_LE(running, limit);
      }
      EXPECT_FALSE(group.wait().ok());
      EXPECT_EQ(most, limit) << "and as many as it allows";
    });
  }
}

TEST(ErrGroup, GoParksUntilAFunctionHasReturned) {  // law 3
  in_every_order([] {
    ErrGroup group;
    group.set_limit(1);
    group.go([] {
      sleep_for(kShort);
      return error(1);
    });
    EXPECT_EQ(now(), at(Duration(0)));
    group.go([] { return Status(); });
    EXPECT_EQ(now(), at(kShort));
    EXPECT_EQ(group.wait(), error(1));
  });
}

TEST(ErrGroup, TryGoStartsOnlyBelowTheLimitAndNeverParks) {  // law 3
  in_every_order([] {
    ErrGroup group;
    group.set_limit(2);
    int ran = 0;
    const auto work = [&] {
      ++ran;
      sleep_for(kShort);
      return Status();
    };
    EXPECT_TRUE(group.try_go(work));
    EXPECT_TRUE(group.try_go(work));
    EXPECT_FALSE(group.try_go(work));
    sleep_for(kShort * 2);
    EXPECT_TRUE(group.try_go(work));
    EXPECT_TRUE(group.wait().ok());
    EXPECT_EQ(ran, 3);
  });
}

TEST(ErrGroup, WithoutALimitTryGoAlwaysStarts) {
  in_virtual_time([] {
    ErrGroup group;
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(group.try_go([] { return Status(); }));
    EXPECT_TRUE(group.wait().ok());
  });
}

TEST(ErrGroup, LimitsBelowOnePanicAndChangeNothing) {
  in_virtual_time([] {
    ErrGroup group;
    group.set_limit(5);
    group.set_limit(1);
    for (const std::int64_t limit :
         {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
      const Panic panic = panic_of([&] { group.set_limit(limit); });
      EXPECT_EQ(panic.place().line(), __LINE__ - 1);
      EXPECT_THAT(panic.message(), HasSubstr(std::to_string(limit)));
    }
    EXPECT_TRUE(group.try_go([] { return Status(); }));
    EXPECT_FALSE(group.try_go([] { return Status(); })) << "the limit is still 1";
  });
}

TEST(ErrGroup, ALimitAfterTheFirstFunctionPanics) {
  in_virtual_time([] {
    ErrGroup started;
    started.go([] { return Status(); });
    EXPECT_EQ(panic_of([&] { started.set_limit(1); }).place().line(), __LINE__);
    EXPECT_TRUE(started.wait().ok());
    EXPECT_THAT(panic_of([&] { started.set_limit(1); }).message(), HasSubstr("first function"));

    ErrGroup tried;
    EXPECT_TRUE(tried.try_go([] { return Status(); }));
    EXPECT_THAT(panic_of([&] { tried.set_limit(1); }).message(), HasSubstr("first function"));
  });
}

TEST(ErrGroup, AnEmptyFunctionPanicsAndTakesNoPlace) {
  in_virtual_time([] {
    ErrGroup group;
    group.set_limit(1);
    const std::function<Status()> empty;
    EXPECT_EQ(panic_of([&] { group.go(empty); }).place().line(), __LINE__);
    EXPECT_EQ(panic_of([&] { static_cast<void>(group.try_go(empty)); }).place().line(), __LINE__);
    EXPECT_TRUE(group.try_go([] { return Status(); }));
  });
}

TEST(ErrGroup, AFunctionThatStartsAnotherAtTheLimitIsInADeadlock) {
  constexpr int kGo = __LINE__ + 6;
  const Ending ending = ending_of([] {
    in_virtual_time([] {
      ErrGroup group;
      group.set_limit(1);
      group.go([&] {
        group.go([] { return Status(); });
        return Status();
      });
      static_cast<void>(group.wait());
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("Semaphore::acquire"));
  EXPECT_THAT(ending.words, HasSubstr(place_in(__FILE__, kGo)));
}

}  // namespace
}  // namespace conclave
