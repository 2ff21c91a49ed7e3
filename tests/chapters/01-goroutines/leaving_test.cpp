// go.hpp, law 7: when main returns, the goroutines that are left are unwound, newest first, and run() returns.
#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

#include "support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Leaving, UnwindsWhatIsLeftNewestFirst) {
  Log log;
  run([&] {
    const Mark main_ends{log, "main"};
    for (const char* name : {"first", "second", "third"}) {
      go([&log, name] {
        const Mark mark{log, name};
        sleep_for(hours(1));
        log.push_back("ran on");
      });
      let_others_park();
    }
  });
  EXPECT_THAT(log, ElementsAre("main", "third", "second", "first"));
}

TEST(Leaving, UnwindsAGoroutineWhereverItIsParked) {
  Log log;
  run([&] {
    static Mutex mutex;  // outlives run()
    static RWMutex rw_mutex;
    static Cond cond;
    static Semaphore semaphore(1);
    static WaitGroup group;
    mutex.lock();
    rw_mutex.lock();
    group.add(1);
    const auto parked_in = [&](const std::string& name, const std::function<void()>& park) {
      go([&log, name, park] {
        const Mark mark{log, name};
        park();
        log.push_back("ran on");
      });
      let_others_park();
    };
    semaphore.acquire();
    parked_in("lock", [] { const std::scoped_lock lock(mutex); });
    parked_in("rw lock", [] { const std::unique_lock lock(rw_mutex); });
    parked_in("shared lock", [] { const std::shared_lock lock(rw_mutex); });
    parked_in("acquire", [] { semaphore.acquire(); });
    parked_in("group", [] { group.wait(); });
    parked_in("cond", [] {
      static Mutex own;
      std::unique_lock lock(own);
      cond.wait(lock);
    });
    parked_in("once", [] {
      static Once once;
      once.call([] { once.call([] {}); });
    });
    parked_in("sleep", [] { sleep_for(hours(1)); });
    parked_in("for ever", [] { sleep_for(hours::max()); });
    parked_in("yield", [] {
      for (;;) yield();
    });
    group.add(-1);
  });
  std::ranges::sort(log);
  EXPECT_THAT(log, ElementsAre("acquire", "cond", "for ever", "group", "lock", "once", "rw lock",
                               "shared lock", "sleep", "yield"));
}

TEST(Leaving, ClosuresThatNeverRanAreDestroyed) {
  auto held = std::make_shared<int>(1);
  bool ran = false;
  run([&] {
    for (int i = 0; i < 10; ++i) go([held, &ran] { ran = true; });
    go([held, bytes = std::array<char, 1000>{}, &ran] { ran = true; });
    EXPECT_EQ(held.use_count(), 12);
  });
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Leaving, ReadyGoroutinesNeverRunOn) {
  int steps = 0;
  int steps_at_return = 0;
  int destroyed = 0;
  run([&] {
    struct Count {
      int& count;
      ~Count() { ++count; }
    };
    for (int i = 0; i < 10; ++i) {
      go([&] {
        const Count count{destroyed};
        for (;;) {
          ++steps;
          yield();
        }
      });
    }
    let_others_park();
    steps_at_return = steps;
  });
  EXPECT_EQ(steps, steps_at_return);
  EXPECT_EQ(destroyed, 10);
}

TEST(Leaving, CatchingStandardExceptionsDoesNotCatchTheUnwinding) {
  Log log;
  run([&] {
    go([&] {
      const Mark mark{log, "unwound"};
      for (;;) {
        try {
          sleep_for(hours(1));
        } catch (const std::exception&) {
          log.push_back("caught");
        }
      }
    });
    yield();
  });
  EXPECT_THAT(log, ElementsAre("unwound"));
}

TEST(Leaving, WhoWasEndedInTheDestructorOfAnotherExceptionIsUnwoundWhenItParksNext) {
  Log log;
  run([&] {
    struct Sleeper {
      ~Sleeper() noexcept(false) { sleep_for(hours(1)); }
    };
    go([&] {
      const Mark mark{log, "unwound"};
      try {
        const Sleeper sleeper;
        throw std::runtime_error("another");
      } catch (const std::runtime_error&) {
        log.push_back("caught");
      }
      sleep_for(hours(1));
      log.push_back("ran on");
    });
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("caught", "unwound"));
}

TEST(Leaving, ACatchAllThatThrowsOnIsFine) {
  Log log;
  run([&] {
    go([&] {
      const Mark mark{log, "unwound"};
      try {
        sleep_for(hours(1));
      } catch (...) {
        log.push_back("tidied up");
        throw;
      }
    });
    yield();
  });
  EXPECT_THAT(log, ElementsAre("tidied up", "unwound"));
}

TEST(Leaving, ACatchAllThatSwallowsTheUnwindingIsReported) {
  const Ending ending = ending_of([] {
    run([] {
      go(Name("stubborn"), [] {
        for (;;) {
          try {
            sleep_for(hours(1));
          } catch (...) {
          }
        }
      });
      yield();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("(stubborn)"));
  EXPECT_THAT(ending.words, HasSubstr("catch"));
  EXPECT_THAT(ending.words, HasSubstr("leaving_test.cpp:"));
}

TEST(Leaving, AGoroutineThatWaitsInADestructorIsReported) {
  static Mutex mutex;
  struct AtEnd {
    ~AtEnd() { mutex.lock(); }
  };
  const int line = __LINE__ - 2;
  const Ending ending = ending_of([] {
    run([] {
      mutex.lock();
      go(Name("tidy"), [] { const AtEnd at_end; });
      let_others_park();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("a goroutine that is to end waits in a destructor"));
  EXPECT_THAT(ending.words, HasSubstr("(tidy)"));
  EXPECT_THAT(ending.words, HasSubstr(place_in(__FILE__, line)));
}

TEST(Leaving, AGroupInAnUnwoundFrameDoesNotHang) {
  Log log;
  run([&] {
    go([&] {
      const Mark mark{log, "parent"};
      WaitGroup group;
      group.go([&] {
        const Mark child{log, "child"};
        sleep_for(hours(1));
      });
      group.go([&] { sleep_for(hours(2)); });
      group.wait();
      log.push_back("ran on");
    });
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("child", "parent"));
}

TEST(Leaving, AGroupWhoseGoroutinesNeverRanDoesNotHang) {
  bool ran = false;
  run([&] {
    go([&] {
      WaitGroup group;
      group.go([&] { ran = true; });
      for (;;) sleep_for(hours(1));
    });
    yield();
  });
  run([&] {
    go([&] {
      WaitGroup group;
      group.add(1);
      sleep_for(hours(1));
    });
    yield();
  });
}

TEST(Leaving, AGoroutineThatWaitsInAGroupsDestructorIsUnwound) {
  Log log;
  run([&] {
    go([&] {
      const Mark mark{log, "waiter"};
      const WaitGroup group;
      const_cast<WaitGroup&>(group).add(1);
    });
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("waiter"));
}

TEST(Leaving, AGoroutineThatWaitsInAGroupsDestructorDuringAnExceptionIsUnwound) {
  Log log;
  run([&] {
    go([&] {
      const Mark mark{log, "waiter"};
      try {
        WaitGroup group;
        group.go([] { sleep_for(hours(1)); });
        throw std::runtime_error("on its way");
      } catch (const std::runtime_error&) {
        log.push_back("ran on");
      }
    });
    let_others_park();
  });
  EXPECT_EQ(log.back(), "waiter");
}

/// Locks `mutex` and parks in every other way when it is destroyed.
struct ParksWhenDestroyed {
  Mutex& mutex;
  Log& log;
  std::string text;
  ~ParksWhenDestroyed() {
    const std::scoped_lock lock(mutex);
    yield();
    sleep_for(hours(1));
    log.push_back(text);
  }
};

TEST(Leaving, DestructorsMayLockYieldAndSleepWhileUnwinding) {
  Log log;
  Mutex mutex;
  run([&] {
    for (const char* name : {"first", "second"}) {
      go([&, name] {
        const ParksWhenDestroyed parks{mutex, log, name};
        sleep_for(hours(1));
      });
      let_others_park();
    }
    go([&] {
      const std::scoped_lock lock(mutex);  // held by one that is unwound itself
      sleep_for(hours(1));
    });
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("second", "first"));
}

TEST(Leaving, DestructorsDoNotWaitForWhatMainHolds) {
  Log log;
  Mutex mutex;
  run([&] {
    go([&] {
      const ParksWhenDestroyed parks{mutex, log, "unwound"};
      sleep_for(hours(1));
    });
    let_others_park();
    mutex.lock();  // and main never unlocks it
  });
  EXPECT_THAT(log, ElementsAre("unwound"));
}

TEST(Leaving, DestructorsMayUseEveryPrimitiveWhileUnwinding) {
  struct UsesAll {
    ~UsesAll() {
      Mutex mutex;
      mutex.lock();
      mutex.unlock();
      RWMutex rw_mutex;
      rw_mutex.lock_shared();
      rw_mutex.unlock_shared();
      Semaphore semaphore(1);
      semaphore.acquire();
      semaphore.release();
      Once once;
      once.call([] {});
      WaitGroup group;
      group.add(1);
      group.done();
      group.wait();
      (void)now();
      (void)num_goroutines();
    }
  };
  run([&] {
    go([] {
      const UsesAll uses_all;
      sleep_for(hours(1));
    });
    yield();
  });
}

TEST(Leaving, DestructorsMayThrowAndCatchWhileUnwinding) {
  int caught = 0;
  struct ThrowsAndCatches {
    int& count;
    ~ThrowsAndCatches() {
      try {
        throw std::runtime_error("inside");
      } catch (const std::runtime_error&) {
        ++count;
      }
    }
  };
  run([&] {
    for (int i = 0; i < 10; ++i) {
      go([&] {
        const ThrowsAndCatches one{caught};
        const ThrowsAndCatches two{caught};
        sleep_for(hours(1));
      });
    }
    let_others_park();
  });
  EXPECT_EQ(caught, 20);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST(Leaving, AGoroutineParkedInsideACatchIsUnwound) {
  Log log;
  run([&] {
    for (int i = 0; i < 3; ++i) {
      go([&] {
        const Mark mark{log, "unwound"};
        try {
          throw std::runtime_error("handled");
        } catch (const std::runtime_error&) {
          sleep_for(hours(1));
        }
      });
    }
    let_others_park();
  });
  EXPECT_EQ(log.size(), 3u);
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(Leaving, AGoroutineStartedWhileUnwindingNeverRuns) {
  auto held = std::make_shared<int>(1);
  bool ran = false;
  struct StartsOne {
    std::shared_ptr<int> held;
    bool& ran;
    ~StartsOne() {
      go([own = held, &flag = ran] { flag = true; });
    }
  };
  run([&] {
    go([&] {
      const StartsOne starts{held, ran};
      sleep_for(hours(1));
    });
    let_others_park();
  });
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Leaving, TheNextRunStartsClean) {
  for (int round = 0; round < 20; ++round) {
    int ran = 0;
    run([&] {
      EXPECT_EQ(num_goroutines(), 1u);
      for (int i = 0; i < 50; ++i) {
        go([&, i] {
          ++ran;
          if (i % 2 == 0) sleep_for(hours(1));
          for (;;) yield();
        });
      }
      let_others_park();
      EXPECT_EQ(num_goroutines(), 51u);
    });
    EXPECT_EQ(ran, 50);
  }
}

TEST(Leaving, ASleepInADestructorWakesNobodyInTheNextRun) {
  in_virtual_time([] {
    go([] {
      const AtTheEnd at_the_end{[] { sleep_for(std::chrono::minutes(1)); }};
      sleep_for(hours(1));
    });
    let_others_park();
  });

  in_virtual_time([] {
    WaitGroup never;
    never.add(1);
    go([&] {
      never.wait();
      ADD_FAILURE() << "woken by nobody";
    });
    sleep_for(hours(1));
    never.done();
  });
}

TEST(Leaving, ExitInsideAGoroutineEndsTheProcessWithItsStatus) {
  if (kUnderSanitizer)
    GTEST_SKIP() << "LeakSanitizer overlooks main's stack while a goroutine exits";
  const Ending of_goroutine = ending_of([] {
    run([] {
      for (int i = 0; i < 10; ++i) go([] { sleep_for(hours(1)); });
      let_others_park();
      go([] { std::exit(3); });
      for (;;) yield();
    });
  });
  EXPECT_EQ(of_goroutine.how, "exit 3") << of_goroutine.words;

  const Ending of_main = ending_of([] {
    run([] {
      go([] { sleep_for(hours(1)); });
      let_others_park();
      std::exit(4);
    });
  });
  EXPECT_EQ(of_main.how, "exit 4") << of_main.words;
}

TEST(Leaving, AProcessEndsAfterRunWithItsOwnStatus) {
  const Ending ending = ending_of([] {
    run([] {
      for (int i = 0; i < 100; ++i) go([] { sleep_for(hours(1)); });
      let_others_park();
    });
    std::exit(5);
  });
  EXPECT_EQ(ending.how, "exit 5") << ending.words;
}

TEST(Leaving, ThousandsAreUnwoundAlsoBeyondTheGuardedStacks) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  constexpr int kGoroutines = 20'000;
  int lived = 0;
  int unwound = 0;
  struct Count {
    int& count;
    ~Count() { ++count; }
  };
  Semaphore gate(1);  // outlives run()
  run(
      [&] {
        gate.acquire();
        for (int i = 0; i < kGoroutines; ++i) {
          go([&] {
            ++lived;
            const Count count{unwound};
            gate.acquire();
          });
        }
        while (lived < kGoroutines) yield();
        EXPECT_EQ(num_goroutines(), static_cast<std::size_t>(kGoroutines) + 1);
      },
      {.stack_bytes = 16 * 1024});
  EXPECT_EQ(unwound, kGoroutines);
}

TEST(Leaving, WhatLayInMainsFrameIsNotTouchedAnyMore) {
  run([] {
    Mutex mutex;
    RWMutex rw_mutex;
    Semaphore semaphore(2);
    Cond cond;
    WaitGroup group;
    go([&] {
      const std::scoped_lock held(mutex);  // unlocked when main's frame, and the mutex, are no more
      const std::shared_lock reading(rw_mutex);
      struct GivesBack {
        Semaphore& semaphore;
        WaitGroup& group;
        Cond& cond;
        ~GivesBack() {
          semaphore.release();
          group.add(1);
          group.done();
          cond.notify_all();
        }
      } gives_back{semaphore, group, cond};
      semaphore.acquire();
      sleep_for(hours(1));
    });
    go([&] {
      Mutex own;
      own.lock();
      cond.wait(own);
    });
    go([&] { mutex.lock(); });
    let_others_park();
  });
}

}  // namespace
}  // namespace conclave
