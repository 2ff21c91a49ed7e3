// The laws of mutex.hpp.
#include <mutex>

#include "support.hpp"

namespace conclave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Mutex, OneGoroutineAtATime) {  // law 1
  for (const Order order : {Order::standard, Order::random}) {
    int inside = 0;
    int entered = 0;
    run(
        [&] {
          Mutex mutex;
          WaitGroup group;
          for (int i = 0; i < 50; ++i) {
            group.go([&] {
              for (int round = 0; round < 20; ++round) {
                const std::scoped_lock lock(mutex);
                ++inside;
                EXPECT_EQ(inside, 1);
                yield();
                EXPECT_EQ(inside, 1);
                --inside;
                ++entered;
              }
            });
          }
        },
        {.order = order});
    EXPECT_EQ(entered, 1000);
  }
}

TEST(Mutex, WaitersGetItInTheOrderInWhichTheyCame) {  // law 2
  std::vector<int> came;
  std::vector<int> served;
  run([&] {
    Mutex mutex;
    WaitGroup group;
    mutex.lock();
    for (int id = 0; id < 10; ++id) {
      group.go([&, id] {
        came.push_back(id);
        mutex.lock();
        served.push_back(id);
        yield();
        mutex.unlock();
      });
    }
    let_others_park();
    mutex.unlock();
    group.wait();
  });
  EXPECT_EQ(came.size(), 10u);
  EXPECT_EQ(served, came);
}

TEST(Mutex, UnlockHandsItOverAndNobodyBargesIn) {  // law 2
  Log log;
  run([&] {
    Mutex mutex;
    mutex.lock();
    go([&] {
      const std::scoped_lock lock(mutex);
      log.push_back("waiter");
    });
    let_others_park();
    mutex.unlock();
    ASSERT_FALSE(mutex.try_lock());  // the waiter has it, before it runs
    mutex.lock();                    // queues up behind
    log.push_back("barger");
    mutex.unlock();
  });
  EXPECT_THAT(log, ElementsAre("waiter", "barger"));
}

TEST(Mutex, TryLockNeitherParksNorYields) {  // law 3
  run([] {
    Mutex mutex;
    bool intruded = false;
    go([&] { intruded = true; });
    ASSERT_TRUE(mutex.try_lock());
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(mutex.try_lock());
    mutex.unlock();
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
    EXPECT_FALSE(intruded);
  });
}

TEST(Mutex, LockOfAFreeMutexAndUnlockDoNotYield) {
  run([] {
    Mutex mutex;
    bool intruded = false;
    go([&] { intruded = true; });
    for (int i = 0; i < 1000; ++i) {
      mutex.lock();
      mutex.unlock();
    }
    EXPECT_FALSE(intruded);
  });
}

TEST(Mutex, UnlockWhatNobodyHoldsPanicsAndChangesNothing) {  // law 4
  run([] {
    Mutex mutex;
    const int line = __LINE__ + 1;
    const Panic never_locked = panic_of([&] { mutex.unlock(); });
    EXPECT_EQ(static_cast<int>(never_locked.place().line()), line);
    EXPECT_THAT(never_locked.what(), HasSubstr(place_in("mutex_test.cpp", line)));
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
    panic_of([&] { mutex.unlock(); });
    EXPECT_TRUE(mutex.try_lock());
    EXPECT_FALSE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST(Mutex, AnotherGoroutineMayUnlockIt) {
  run([] {
    Mutex mutex;
    mutex.lock();
    go([&] { mutex.unlock(); });
    mutex.lock();
    mutex.unlock();
  });
}

TEST(Mutex, WorksWithTheStandardGuards) {
  run([] {
    Mutex left;
    Mutex right;
    {
      const std::lock_guard guard(left);
      EXPECT_FALSE(left.try_lock());
    }
    {
      std::unique_lock lock(left, std::defer_lock);
      EXPECT_TRUE(lock.try_lock());
      lock.unlock();
      lock.lock();
      EXPECT_TRUE(lock.owns_lock());
    }
    {
      const std::scoped_lock both(left, right);
      EXPECT_FALSE(left.try_lock());
      EXPECT_FALSE(right.try_lock());
    }
    std::lock(left, right);
    EXPECT_EQ(std::try_lock(left, right), 0);
    left.unlock();
    EXPECT_EQ(std::try_lock(left, right), 1);
    right.unlock();
    EXPECT_EQ(std::try_lock(left, right), -1);
    left.unlock();
    right.unlock();
  });
}

TEST(Mutex, TwoLockedAtOnceInOppositeOrdersDoNotDeadlock) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    int transfers = 0;
    run(
        [&] {
          Mutex left;
          Mutex right;
          WaitGroup group;
          for (int i = 0; i < 4; ++i) {
            group.go([&, i] {
              for (int round = 0; round < 5; ++round) {
                const std::scoped_lock both(i % 2 == 0 ? left : right, i % 2 == 0 ? right : left);
                yield();
                ++transfers;
              }
            });
          }
        },
        {.order = Order::random, .seed = seed});
    EXPECT_EQ(transfers, 20);
  }
}

TEST(Mutex, OutsideRunPanics) {
  Mutex mutex;
  for (const Panic& panic :
       {panic_of([&] { mutex.lock(); }), panic_of([&] { (void)mutex.try_lock(); }),
        panic_of([&] { mutex.unlock(); })}) {
    EXPECT_THAT(panic.what(), HasSubstr("mutex_test.cpp:"));
  }
  run([&] {
    EXPECT_TRUE(mutex.try_lock());  // nothing was changed
    mutex.unlock();
  });
}

}  // namespace
}  // namespace conclave
