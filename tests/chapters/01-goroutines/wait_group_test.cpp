// The laws of wait_group.hpp.
#include <limits>
#include <memory>
#include <stdexcept>

#include "support.hpp"

namespace conclave {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(WaitGroup, WaitsUntilTheCounterIsZero) {  // law 1
  run([] {
    WaitGroup group;
    int done = 0;
    group.add(3);
    for (int i = 0; i < 3; ++i) {
      go([&] {
        yield();
        ++done;
        group.done();
      });
    }
    EXPECT_EQ(group.count(), 3);
    group.wait();
    EXPECT_EQ(done, 3);
    EXPECT_EQ(group.count(), 0);
  });
}

TEST(WaitGroup, WaitReturnsAtOnceAtZero) {  // law 1
  run([] {
    bool ran = false;
    go([&] { ran = true; });
    WaitGroup group;
    group.wait();
    group.add(2);
    group.add(-2);
    group.wait();
    EXPECT_FALSE(ran);
  });
}

TEST(WaitGroup, WakesEveryWaiter) {  // law 1
  run([] {
    WaitGroup group;
    int woke = 0;
    group.add(1);
    WaitGroup waiters;
    for (int i = 0; i < 10; ++i) {
      waiters.go([&] {
        group.wait();
        EXPECT_EQ(group.count(), 0);
        ++woke;
      });
    }
    let_others_park();
    EXPECT_EQ(woke, 0);
    group.done();
    waiters.wait();
    EXPECT_EQ(woke, 10);
  });
}

TEST(WaitGroup, IsUsedAgainAndAgain) {
  run([] {
    WaitGroup group;
    int sum = 0;
    for (int round = 1; round <= 10; ++round) {
      for (int i = 0; i < 5; ++i) group.go([&] { ++sum; });
      group.wait();
      EXPECT_EQ(sum, 5 * round);
    }
  });
}

TEST(WaitGroup, BelowZeroPanicsAndChangesNothing) {  // law 2
  WaitGroup group;  // outside run(): its destructor would wait for a counter that went wrong
  run([&] {
    const int line = __LINE__ + 1;
    const Panic at_zero = panic_of([&] { group.done(); });
    EXPECT_THAT(at_zero.message(), HasSubstr("-1"));
    EXPECT_EQ(place_in(at_zero.place().file_name(), static_cast<int>(at_zero.place().line())),
              place_in("wait_group_test.cpp", line));
    EXPECT_EQ(group.count(), 0);

    group.add(3);
    const Panic below = panic_of([&] { group.add(-5); });
    EXPECT_THAT(below.message(), HasSubstr("-5"));
    EXPECT_EQ(group.count(), 3);
    panic_of([&] { group.add(kMin); });
    EXPECT_EQ(group.count(), 3);
    group.add(-3);
    panic_of([&] { group.add(kMin); });
    EXPECT_EQ(group.count(), 0);
  });
}

TEST(WaitGroup, BelowZeroWakesNobody) {  // law 2
  run([] {
    WaitGroup group;
    bool woke = false;
    group.add(1);
    go([&] {
      group.wait();
      woke = true;
    });
    let_others_park();
    panic_of([&] { group.add(-2); });
    let_others_park();
    EXPECT_FALSE(woke);
    group.done();
    let_others_park();
    EXPECT_TRUE(woke);
  });
}

TEST(WaitGroup, PastTheLargestNumberPanicsAndChangesNothing) {
  run([] {
    WaitGroup group;
    group.add(kMax);
    panic_of([&] { group.add(1); });
    panic_of([&] { group.add(kMax); });
    panic_of([&] { group.go([] {}); });
    EXPECT_EQ(group.count(), kMax);
    EXPECT_EQ(num_goroutines(), 1u);
    group.add(-kMax);
  });
}

TEST(WaitGroup, CountsAGoroutineBeforeGoReturns) {  // law 3
  run([] {
    WaitGroup group;
    group.go([] {});
    EXPECT_EQ(group.count(), 1);
    group.go([] {});
    EXPECT_EQ(group.count(), 2);
    group.wait();
    EXPECT_EQ(group.count(), 0);
  });
}

/// Sets `destroyed` a few turns after its destruction began.
struct SlowToDie {
  explicit SlowToDie(bool* flag) : destroyed(flag) {}
  SlowToDie(SlowToDie&& other) noexcept : destroyed(std::exchange(other.destroyed, nullptr)) {}
  SlowToDie(const SlowToDie&) = delete;
  SlowToDie& operator=(const SlowToDie&) = delete;
  SlowToDie& operator=(SlowToDie&&) = delete;
  ~SlowToDie() {
    if (destroyed == nullptr) return;
    for (int i = 0; i < 3; ++i) yield();
    *destroyed = true;
  }
  bool* destroyed;
};

TEST(WaitGroup, IsDoneWhenWhatTheFunctionCapturedIsDestroyed) {  // law 3
  run([] {
    WaitGroup group;
    bool small_destroyed = false;
    bool large_destroyed = false;
    bool argument_destroyed = false;
    group.go([small = SlowToDie(&small_destroyed)] {});
    group.go([large = SlowToDie(&large_destroyed), bytes = std::array<char, 1000>{}] {});
    group.go([](const SlowToDie&) {}, SlowToDie(&argument_destroyed));
    group.wait();
    EXPECT_TRUE(small_destroyed);
    EXPECT_TRUE(large_destroyed);
    EXPECT_TRUE(argument_destroyed);
  });
}

TEST(WaitGroup, ItsDestructorWaits) {  // law 4
  run([] {
    std::vector<int> results(10);  // declared before the group
    {
      WaitGroup group;
      for (std::size_t i = 0; i < results.size(); ++i) {
        group.go([&results, i] {
          for (std::size_t k = 0; k < i; ++k) yield();
          results[i] = 1;
        });
      }
    }
    EXPECT_EQ(results, std::vector<int>(10, 1));
  });
}

TEST(WaitGroup, ItsDestructorWaitsWhileAnExceptionIsOnItsWay) {  // law 4
  run([] {
    int done = 0;
    try {
      WaitGroup group;
      for (int i = 0; i < 5; ++i) {
        group.go([&] {
          yield();
          ++done;
        });
      }
      throw std::runtime_error("on its way");
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "on its way");
      EXPECT_EQ(done, 5);
    }
  });
}

TEST(WaitGroup, AGoroutineOfTheGroupMayStartMoreOfThem) {
  run([] {
    WaitGroup group;
    int ran = 0;
    const std::function<void(int)> spread = [&](int depth) {
      ++ran;
      if (depth == 0) return;
      group.go(spread, depth - 1);
      group.go(spread, depth - 1);
    };
    group.go(spread, 6);
    group.wait();
    EXPECT_EQ(ran, 127);
  });
}

TEST(WaitGroup, ALocalGroupMayEndAsSoonAsWaitReturns) {
  run([] {
    for (int i = 0; i < 1000; ++i) {
      auto group = std::make_unique<WaitGroup>();
      for (int k = 0; k < 3; ++k) group->go([] { yield(); });
      group->wait();
      group.reset();  // its goroutines must not touch it any more
    }
  });
}

TEST(WaitGroup, AWaiterReturnsOnlyAtZeroEvenWhenTheGroupIsReusedAtOnce) {  // law 1
  run([] {
    WaitGroup group;
    std::int64_t seen = -1;
    group.add(1);
    go([&] {
      group.wait();
      seen = group.count();
    });
    let_others_park();
    group.done();
    group.add(1);  // before the waiter had its turn
    let_others_park();
    group.done();
    let_others_park();
    EXPECT_EQ(seen, 0);
  });
}

TEST(WaitGroup, OutsideRunOnlyWaitingPanics) {
  WaitGroup group;
  group.add(2);
  group.done();
  EXPECT_EQ(group.count(), 1);
  const Panic waiting = panic_of([&] { group.wait(); });
  EXPECT_THAT(waiting.what(), HasSubstr("wait_group_test.cpp:"));
  const Panic starting = panic_of([&] { group.go([] {}); });
  EXPECT_THAT(starting.what(), HasSubstr("wait_group_test.cpp:"));
  EXPECT_EQ(group.count(), 1);
  group.done();
  group.wait();
}

TEST(WaitGroup, OutsideRunItsEndPanicsWhenSomethingIsNotDone) {
  const int line = __LINE__ + 2;
  const Panic panic = panic_of([] {
    WaitGroup group;
    group.add(1);
  });
  EXPECT_THAT(panic.what(), HasSubstr(place_in(__FILE__, line)));
}

}  // namespace
}  // namespace conclave
