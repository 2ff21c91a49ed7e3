// The laws of cond.hpp.
#include <mutex>
#include <stdexcept>

#include "support.hpp"

namespace conclave {
namespace {

using testing::HasSubstr;

TEST(Cond, NoNotificationFallsBetweenUnlockAndPark) {  // law 1
  run([] {
    Mutex mutex;
    Cond cond;
    bool ready = false;
    bool woke = false;
    std::unique_lock lock(mutex);
    go([&] {
      const std::scoped_lock inside(mutex);  // handed over by the unlock in wait()
      ready = true;
      cond.notify_one();
    });
    let_others_park();
    while (!ready) cond.wait(lock);
    woke = true;
    EXPECT_TRUE(woke);
  });
}

TEST(Cond, NotifyOneWakesTheOneThatWaitsLongest) {  // law 2
  std::vector<int> came;
  std::vector<int> woke;
  run([&] {
    Mutex mutex;
    Cond cond;
    WaitGroup group;
    for (int id = 0; id < 5; ++id) {
      group.go([&, id] {
        std::unique_lock lock(mutex);
        came.push_back(id);
        cond.wait(lock);
        woke.push_back(id);
      });
    }
    let_others_park();
    for (std::size_t i = 1; i <= 5; ++i) {
      cond.notify_one();
      let_others_park();
      EXPECT_EQ(woke.size(), i);
    }
  });
  EXPECT_EQ(woke, came);
}

TEST(Cond, NotifyAllWakesAllThatWaitNow) {  // law 2
  run([] {
    Mutex mutex;
    Cond cond;
    int woke = 0;
    const auto waiter = [&] {
      std::unique_lock lock(mutex);
      cond.wait(lock);
      ++woke;
    };
    for (int i = 0; i < 5; ++i) go(waiter);
    let_others_park();
    cond.notify_all();
    go(waiter);  // waits later, so it is not meant
    let_others_park();
    EXPECT_EQ(woke, 5);
    EXPECT_EQ(num_goroutines(), 2u);
    cond.notify_all();
    let_others_park();
    EXPECT_EQ(woke, 6);
  });
}

TEST(Cond, ANotificationThatNobodyWaitsForIsLost) {  // law 3
  run([] {
    Mutex mutex;
    Cond cond;
    bool woke = false;
    cond.notify_one();
    cond.notify_all();
    go([&] {
      std::unique_lock lock(mutex);
      cond.wait(lock);
      woke = true;
    });
    let_others_park();
    EXPECT_FALSE(woke);
    cond.notify_one();
    let_others_park();
    EXPECT_TRUE(woke);
  });
}

TEST(Cond, WaitUnlocksAndReturnsWithTheLockHeldAgain) {  // law 4
  run([] {
    Mutex mutex;
    Cond cond;
    bool woke = false;
    go([&] {
      std::unique_lock lock(mutex);
      cond.wait(lock);
      EXPECT_TRUE(lock.owns_lock());
      EXPECT_FALSE(mutex.try_lock());
      woke = true;
    });
    let_others_park();
    ASSERT_TRUE(mutex.try_lock());  // wait() gave it up
    cond.notify_one();
    let_others_park();
    EXPECT_FALSE(woke);  // notified, and waits for the lock
    mutex.unlock();
    let_others_park();
    EXPECT_TRUE(woke);
  });
}

TEST(Cond, NobodyWakesWithoutANotification) {  // law 4
  Mutex mutex;  // outlives run(), since the waiters lock it when they are unwound
  Cond cond;
  int woke = 0;
  in_virtual_time([&] {
    for (int i = 0; i < 3; ++i) {
      go([&] {
        std::unique_lock lock(mutex);
        cond.wait(lock);
        ++woke;
      });
    }
    for (int i = 0; i < 1000; ++i) {
      const std::scoped_lock lock(mutex);
      yield();
    }
    sleep_for(std::chrono::hours(1));
    EXPECT_EQ(woke, 0);
  });
}

TEST(Cond, AConditionIsCheckedFirstAndAfterEveryWakeUpWithTheLockHeld) {
  run([] {
    Mutex mutex;
    Cond cond;
    int value = 0;
    int checks = 0;
    std::unique_lock lock(mutex);
    cond.wait(lock, [] { return true; });  // holds already: does not park
    go([&] {
      for (int i = 0; i < 3; ++i) {
        {
          const std::scoped_lock inside(mutex);
          ++value;
        }
        cond.notify_all();
        yield();
      }
    });
    cond.wait(lock, [&] {
      ++checks;
      EXPECT_FALSE(mutex.try_lock());
      return value == 3;
    });
    EXPECT_EQ(value, 3);
    EXPECT_EQ(checks, 4);
  });
}

TEST(Cond, TakesAMutexAndWhateverLocks) {
  run([] {
    Mutex mutex;
    RWMutex rw_mutex;
    Cond cond;
    int woke = 0;
    go([&] {
      mutex.lock();
      cond.wait(mutex);
      ++woke;
      mutex.unlock();
    });
    go([&] {
      std::unique_lock lock(rw_mutex);
      cond.wait(lock);
      ++woke;
    });
    let_others_park();
    cond.notify_all();
    let_others_park();
    EXPECT_EQ(woke, 2);
  });
}

TEST(Cond, WaitWithoutTheLockPanicsAndDoesNotPark) {
  run([] {
    Mutex mutex;
    Cond cond;
    const Panic panic = panic_of([&] { cond.wait(mutex); });
    EXPECT_FALSE(panic.message().empty());
    EXPECT_TRUE(mutex.try_lock());  // and it is free
    mutex.unlock();
    cond.notify_one();
  });
}

TEST(Cond, ConditionsThatThrowLeaveTheLockHeld) {
  run([] {
    Mutex mutex;
    Cond cond;
    std::unique_lock lock(mutex);
    const auto throws = []() -> bool { throw std::runtime_error("no answer"); };
    EXPECT_THROW(cond.wait(lock, throws), std::runtime_error);
    EXPECT_TRUE(lock.owns_lock());
  });
}

TEST(Cond, ABoundedQueueLosesAndDoublesNothing) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    constexpr int kItems = 100;
    std::vector<int> taken(kItems);
    run(
        [&] {
          Mutex mutex;
          Cond not_full;
          Cond not_empty;
          std::vector<int> queue;
          int next = 0;
          WaitGroup group;
          for (int producer = 0; producer < 4; ++producer) {
            group.go([&] {
              for (int i = 0; i < kItems / 4; ++i) {
                std::unique_lock lock(mutex);
                not_full.wait(lock, [&] { return queue.size() < 2; });
                queue.push_back(next++);
                not_empty.notify_one();
              }
            });
          }
          for (int consumer = 0; consumer < 5; ++consumer) {
            group.go([&] {
              for (int i = 0; i < kItems / 5; ++i) {
                std::unique_lock lock(mutex);
                not_empty.wait(lock, [&] { return !queue.empty(); });
                ++taken[static_cast<std::size_t>(queue.front())];
                queue.erase(queue.begin());
                not_full.notify_one();
              }
            });
          }
        },
        {.order = Order::random, .seed = seed});
    EXPECT_EQ(taken, std::vector<int>(kItems, 1));
  }
}

TEST(Cond, OutsideRunWaitPanicsAndNotifyDoesNothing) {
  Cond cond;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  const Panic panic = panic_of([&] { cond.wait(lock); });
  EXPECT_THAT(panic.what(), HasSubstr("cond_test.cpp:"));
  EXPECT_TRUE(lock.owns_lock());
  cond.notify_one();
  cond.notify_all();
}

}  // namespace
}  // namespace conclave
