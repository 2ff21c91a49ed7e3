// The laws of semaphore.hpp.
#include <limits>

#include "support.hpp"

namespace conclave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(Semaphore, PermitsInUseAndFreeAreAlwaysItsNumber) {  // law 1
  for (const Order order : {Order::standard, Order::random}) {
    int most_in_use = 0;
    run(
        [&] {
          Semaphore semaphore(3);
          int in_use = 0;
          WaitGroup group;
          for (int id = 0; id < 30; ++id) {
            group.go([&, n = 1 + id % 3] {
              semaphore.acquire(n);
              in_use += n;
              most_in_use = std::max(most_in_use, in_use);
              yield();
              in_use -= n;
              semaphore.release(n);
            });
          }
          group.wait();
          EXPECT_EQ(semaphore.available(), 3);
        },
        {.order = order});
    EXPECT_EQ(most_in_use, 3);
  }
}

TEST(Semaphore, CountsWhatIsAvailable) {  // law 1
  run([] {
    Semaphore semaphore(5);
    EXPECT_EQ(semaphore.available(), 5);
    semaphore.acquire();
    semaphore.acquire(3);
    EXPECT_EQ(semaphore.available(), 1);
    semaphore.release(2);
    EXPECT_EQ(semaphore.available(), 3);
    semaphore.release(2);
    EXPECT_EQ(semaphore.available(), 5);
  });
}

TEST(Semaphore, IsFirstComeFirstServed) {  // law 2
  std::vector<int> came;
  std::vector<int> served;
  run([&] {
    Semaphore semaphore(1);
    semaphore.acquire();
    WaitGroup group;
    for (int id = 0; id < 10; ++id) {
      group.go([&, id] {
        came.push_back(id);
        semaphore.acquire();
        served.push_back(id);
        yield();
        semaphore.release();
      });
    }
    let_others_park();
    semaphore.release();
  });
  EXPECT_EQ(came.size(), 10u);
  EXPECT_EQ(served, came);
}

TEST(Semaphore, ARequestForManyIsNotOvertakenByOnesForFew) {  // law 2
  Log log;
  run([&] {
    Semaphore semaphore(3);
    semaphore.acquire(2);
    WaitGroup group;
    group.go([&] {
      semaphore.acquire(3);
      log.push_back("three");
      semaphore.release(3);
    });
    let_others_park();
    group.go([&] {
      semaphore.acquire(1);  // one is free, but three came first
      log.push_back("one");
      semaphore.release(1);
    });
    let_others_park();
    EXPECT_TRUE(log.empty());
    semaphore.release();
    let_others_park();
    EXPECT_TRUE(log.empty());
    semaphore.release();
  });
  EXPECT_THAT(log, ElementsAre("three", "one"));
}

TEST(Semaphore, ReleaseWakesAllWhoCanBeServedInOrder) {  // law 2
  std::vector<std::int64_t> served;
  run([&] {
    Semaphore semaphore(6);
    semaphore.acquire(6);
    for (const std::int64_t n : {1, 2, 4, 1}) {
      go([&, n] {
        semaphore.acquire(n);
        served.push_back(n);
      });
      let_others_park();
    }
    semaphore.release(6);
    let_others_park();
    EXPECT_THAT(served, ElementsAre(1, 2));  // 3 left: too few for 4, and 1 must not overtake it
    EXPECT_EQ(semaphore.available(), 3);
  });
}

TEST(Semaphore, PermitsAreHandedOverAndNobodyBargesIn) {  // law 2
  run([] {
    Semaphore semaphore(1);
    bool served = false;
    semaphore.acquire();
    go([&] {
      semaphore.acquire();
      served = true;
    });
    let_others_park();
    semaphore.release();
    EXPECT_FALSE(semaphore.try_acquire());
    EXPECT_EQ(semaphore.available(), 0);
    let_others_park();
    EXPECT_TRUE(served);
  });
}

TEST(Semaphore, TryAcquireNeitherParksNorOvertakes) {  // law 3
  run([] {
    Semaphore semaphore(3);
    bool intruded = false;
    go([&] { intruded = true; });
    EXPECT_TRUE(semaphore.try_acquire(2));
    EXPECT_FALSE(semaphore.try_acquire(2));
    EXPECT_FALSE(semaphore.try_acquire(4));  // can never be, and is no panic
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire());
    EXPECT_FALSE(intruded);
    semaphore.release(2);

    go([&] {
      semaphore.acquire(3);
      semaphore.release(3);
    });
    let_others_park();
    EXPECT_EQ(semaphore.available(), 2);
    EXPECT_FALSE(semaphore.try_acquire());  // free, but somebody waits
    semaphore.release();
  });
}

TEST(Semaphore, ReleaseOfWhatNobodyHoldsPanicsAndChangesNothing) {  // law 4
  run([] {
    Semaphore semaphore(3);
    const int line = __LINE__ + 1;
    const Panic none = panic_of([&] { semaphore.release(); });
    EXPECT_THAT(none.what(), HasSubstr(place_in("semaphore_test.cpp", line)));
    semaphore.acquire(2);
    const Panic too_many = panic_of([&] { semaphore.release(5); });
    EXPECT_THAT(too_many.message(), HasSubstr("5"));
    EXPECT_THAT(too_many.message(), HasSubstr("2"));
    panic_of([&] { semaphore.release(kMax); });
    EXPECT_EQ(semaphore.available(), 1);
    semaphore.release(2);
  });
}

TEST(Semaphore, MoreThanThereAreOrFewerThanNonePanicsAndChangesNothing) {
  EXPECT_THAT(panic_of([] { Semaphore(-1); }).message(), HasSubstr("-1"));
  run([] {
    Semaphore semaphore(3);
    const Panic too_many = panic_of([&] { semaphore.acquire(4); });
    EXPECT_THAT(too_many.message(), HasSubstr("4"));
    EXPECT_THAT(too_many.message(), HasSubstr("3"));
    panic_of([&] { semaphore.acquire(kMax); });
    panic_of([&] { semaphore.acquire(-1); });
    panic_of([&] { semaphore.acquire(kMin); });
    panic_of([&] { (void)semaphore.try_acquire(-1); });
    panic_of([&] { semaphore.release(-1); });
    panic_of([&] { semaphore.release(kMin); });
    EXPECT_EQ(semaphore.available(), 3);
  });
}

TEST(Semaphore, NothingMayBeAskedForAndGivenBack) {
  run([] {
    Semaphore none(0);
    EXPECT_EQ(none.available(), 0);
    EXPECT_FALSE(none.try_acquire());
    none.acquire(0);
    EXPECT_TRUE(none.try_acquire(0));
    none.release(0);
    EXPECT_EQ(none.available(), 0);
  });
}

TEST(Semaphore, TheLargestHoldsAsManyAsItSays) {
  run([] {
    Semaphore semaphore(kMax);
    semaphore.acquire(kMax);
    EXPECT_EQ(semaphore.available(), 0);
    EXPECT_FALSE(semaphore.try_acquire(kMax));
    panic_of([&] { semaphore.release(kMin); });
    semaphore.release(kMax);
    EXPECT_EQ(semaphore.available(), kMax);
  });
}

TEST(Semaphore, AnotherGoroutineMayGiveBack) {
  run([] {
    Semaphore semaphore(1);
    semaphore.acquire();
    go([&] { semaphore.release(); });
    semaphore.acquire();
    EXPECT_EQ(semaphore.available(), 0);
  });
}

TEST(Semaphore, OutsideRunPanics) {
  Semaphore semaphore(1);
  EXPECT_THAT(panic_of([&] { semaphore.acquire(); }).what(), HasSubstr("semaphore_test.cpp:"));
  EXPECT_THAT(panic_of([&] { (void)semaphore.try_acquire(); }).what(),
              HasSubstr("semaphore_test.cpp:"));
  EXPECT_EQ(semaphore.available(), 1);
}

}  // namespace
}  // namespace conclave
