// The laws of rw_mutex.hpp.
#include <mutex>
#include <shared_mutex>

#include "support.hpp"

namespace conclave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RWMutex, AWriterIsAloneAndReadersAreNot) {  // law 1
  for (const Order order : {Order::standard, Order::random}) {
    int readers = 0;
    int writers = 0;
    int most_readers = 0;
    run(
        [&] {
          RWMutex mutex;
          WaitGroup group;
          for (int id = 0; id < 20; ++id) {
            group.go([&, id] {
              for (int round = 0; round < 10; ++round) {
                if ((id + round) % 4 == 0) {
                  const std::unique_lock lock(mutex);
                  ++writers;
                  yield();
                  EXPECT_EQ(writers, 1);
                  EXPECT_EQ(readers, 0);
                  --writers;
                } else {
                  const std::shared_lock lock(mutex);
                  ++readers;
                  most_readers = std::max(most_readers, readers);
                  yield();
                  EXPECT_EQ(writers, 0);
                  --readers;
                }
              }
            });
          }
        },
        {.order = order});
    EXPECT_GT(most_readers, 1);
  }
}

TEST(RWMutex, AWaitingWriterStopsNewReaders) {  // law 2
  Log log;
  run([&] {
    RWMutex mutex;
    WaitGroup group;
    mutex.lock_shared();
    group.go([&] {
      const std::unique_lock lock(mutex);
      log.push_back("writer");
    });
    let_others_park();
    EXPECT_FALSE(mutex.try_lock_shared());
    group.go([&] {
      const std::shared_lock lock(mutex);
      log.push_back("late reader");
    });
    let_others_park();
    EXPECT_TRUE(log.empty());
    mutex.unlock_shared();
  });
  EXPECT_THAT(log, ElementsAre("writer", "late reader"));
}

TEST(RWMutex, ReadersThatKeepComingDoNotStarveAWriter) {  // law 2
  run([] {
    RWMutex mutex;
    bool written = false;
    int reads = 0;
    WaitGroup group;
    for (int i = 0; i < 3; ++i) {  // three of them, so that somebody always reads
      group.go([&, i] {
        for (int k = 0; k < i; ++k) yield();
        while (!written && ++reads < 100'000) {
          const std::shared_lock lock(mutex);
          for (int k = 0; k < 3; ++k) yield();
        }
      });
    }
    for (int i = 0; i < 20; ++i) yield();
    {
      const std::unique_lock lock(mutex);
      written = true;
    }
    EXPECT_LT(reads, 100'000);
  });
}

TEST(RWMutex, AfterAWriterTheReadersThatWaitedGoFirstAllTogether) {  // law 3
  int reading = 0;
  int most_reading = 0;
  Log log;
  run([&] {
    RWMutex mutex;
    WaitGroup group;
    mutex.lock();
    group.go([&] {
      const std::unique_lock lock(mutex);
      log.push_back("writer");
    });
    let_others_park();  // the writer waits longer than the readers
    for (int i = 0; i < 3; ++i) {
      group.go([&] {
        const std::shared_lock lock(mutex);
        most_reading = std::max(most_reading, ++reading);
        yield();
        yield();
        --reading;
        log.push_back("reader");
      });
    }
    let_others_park();
    mutex.unlock();
  });
  EXPECT_EQ(most_reading, 3);
  EXPECT_THAT(log, ElementsAre("reader", "reader", "reader", "writer"));
}

TEST(RWMutex, WritersThatKeepComingDoNotStarveAReader) {  // law 3
  run([] {
    RWMutex mutex;
    bool read = false;
    int writes = 0;
    WaitGroup group;
    for (int i = 0; i < 3; ++i) {
      group.go([&] {
        while (!read && ++writes < 100'000) {
          const std::unique_lock lock(mutex);
          yield();
        }
      });
    }
    for (int i = 0; i < 20; ++i) yield();
    {
      const std::shared_lock lock(mutex);
      read = true;
    }
    EXPECT_LT(writes, 100'000);
  });
}

TEST(RWMutex, WritersAreServedInTheOrderInWhichTheyCame) {
  std::vector<int> came;
  std::vector<int> served;
  run([&] {
    RWMutex mutex;
    WaitGroup group;
    mutex.lock();
    for (int id = 0; id < 8; ++id) {
      group.go([&, id] {
        came.push_back(id);
        const std::unique_lock lock(mutex);
        served.push_back(id);
        yield();
      });
    }
    let_others_park();
    mutex.unlock();
    EXPECT_FALSE(mutex.try_lock());  // handed over, nobody barges in
    EXPECT_FALSE(mutex.try_lock_shared());
  });
  EXPECT_EQ(came.size(), 8u);
  EXPECT_EQ(served, came);
}

TEST(RWMutex, TheLastReaderLetsTheWriterIn) {
  run([] {
    RWMutex mutex;
    bool written = false;
    mutex.lock_shared();
    mutex.lock_shared();
    go([&] {
      const std::unique_lock lock(mutex);
      written = true;
    });
    let_others_park();
    mutex.unlock_shared();
    let_others_park();
    EXPECT_FALSE(written);
    mutex.unlock_shared();
    let_others_park();
    EXPECT_TRUE(written);
  });
}

TEST(RWMutex, TryLocksNeitherParkNorYield) {  // law 4
  run([] {
    RWMutex mutex;
    bool intruded = false;
    go([&] { intruded = true; });

    ASSERT_TRUE(mutex.try_lock_shared());
    EXPECT_TRUE(mutex.try_lock_shared());
    EXPECT_FALSE(mutex.try_lock());
    mutex.unlock_shared();
    EXPECT_FALSE(mutex.try_lock());
    mutex.unlock_shared();
    ASSERT_TRUE(mutex.try_lock());
    EXPECT_FALSE(mutex.try_lock());
    EXPECT_FALSE(mutex.try_lock_shared());
    mutex.unlock();

    EXPECT_FALSE(intruded);
  });
}

TEST(RWMutex, UnlockingWhatIsNotHeldInThatWayPanicsAndChangesNothing) {  // law 5
  run([] {
    RWMutex mutex;
    const Panic free = panic_of([&] { mutex.unlock(); });
    EXPECT_THAT(free.what(), HasSubstr("rw_mutex_test.cpp:"));
    const Panic free_shared = panic_of([&] { mutex.unlock_shared(); });
    EXPECT_THAT(free_shared.what(), HasSubstr("rw_mutex_test.cpp:"));

    mutex.lock_shared();
    panic_of([&] { mutex.unlock(); });
    EXPECT_FALSE(mutex.try_lock());        // still held for reading
    EXPECT_TRUE(mutex.try_lock_shared());  // and for nothing else
    mutex.unlock_shared();
    mutex.unlock_shared();

    mutex.lock();
    panic_of([&] { mutex.unlock_shared(); });
    EXPECT_FALSE(mutex.try_lock_shared());  // still held for writing
    mutex.unlock();
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST(RWMutex, AnotherGoroutineMayUnlockIt) {
  run([] {
    RWMutex mutex;
    mutex.lock();
    go([&] { mutex.unlock(); });
    mutex.lock_shared();
    go([&] { mutex.unlock_shared(); });
    mutex.lock();
    mutex.unlock();
  });
}

TEST(RWMutex, OutsideRunPanics) {
  RWMutex mutex;
  for (const Panic& panic : {
           panic_of([&] { mutex.lock(); }),
           panic_of([&] { (void)mutex.try_lock(); }),
           panic_of([&] { mutex.lock_shared(); }),
           panic_of([&] { (void)mutex.try_lock_shared(); }),
           panic_of([&] { mutex.unlock(); }),
           panic_of([&] { mutex.unlock_shared(); }),
       }) {
    EXPECT_THAT(panic.what(), HasSubstr("rw_mutex_test.cpp:"));
  }
}

}  // namespace
}  // namespace conclave
