// goroutine_group.hpp: what the end of some goroutines leaves to those that live on, and what destructors meet then.
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "goroutines/once.hpp"
#include "support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// --- who never ran -------------------------------------------------------------------------------------

TEST(Ending, WhatANeverRunMemberCapturedIsDestroyedAsThatMember) {
  Log log;
  const Duration took = in_virtual_time([&] {
    GoroutineGroup group;
    group.go([&log, at_the_end = std::make_unique<AtTheEnd>([&] {
                      sleep_for(minutes(1));  // must not become a timer of main's
                      log.push_back("destroyed");
                    })] { log.push_back("ran"); });

    group.end();

    sleep_for(hours(1));
  });
  EXPECT_THAT(log, ElementsAre("destroyed"));
  EXPECT_EQ(took, hours(1));
}

TEST(Ending, WhatANeverRunMemberCapturedDoesNotLockInItsEndersName) {
  run([] {
    Mutex mutex;
    GoroutineGroup group;
    WaitGroup others;
    group.go(
        [at_the_end = std::make_unique<AtTheEnd>([&] { const std::scoped_lock lock(mutex); })] {});
    mutex.lock();

    group.end();

    others.go([&] { EXPECT_FALSE(mutex.try_lock()); });
    others.wait();
    mutex.unlock();
    EXPECT_TRUE(mutex.try_lock());
  });
}

TEST(Ending, WhoNeverRanIsDestroyedAfterAnEarlierOneAtTheEndOfRun) {
  Log log;
  run([&] {
    WaitGroup done;
    done.add(1);
    go([&log, at_the_end = std::make_unique<AtTheEnd>([&] {
                sleep_for(minutes(1));
                go([&log] { log.push_back("started by the dead"); });
                log.push_back("destroyed");
              })] { log.push_back("ran"); });
    go([&] {
      done.done();
      sleep_for(hours(1));
    });
    done.wait();
  });
  EXPECT_THAT(log, ElementsAre("destroyed"));
  run([&] { yield(); });
}

// --- groups in groups ----------------------------------------------------------------------------------

TEST(Ending, AMemberMayOwnItsGroupAndBeEndedWithIt) {
  Log log;
  run([&] {
    auto group = std::make_unique<GoroutineGroup>();
    GoroutineGroup& same = *group;
    group->go([&log] {
      const Mark mark{log, "older"};
      sleep_for(hours(1));
    });
    let_others_park();
    same.go([&log, group = std::move(group)] {
      const Mark mark{log, "owner"};
      sleep_for(hours(1));
    });
    let_others_park();
    same.end();
    EXPECT_EQ(num_goroutines(), 1U);
  });
  EXPECT_THAT(log, ElementsAre("owner", "older"));
}

TEST(Ending, TheOwnerOfAGroupIsUnwoundBeforeItsMembersAtTheEndOfRun) {
  Log log;
  run([&] {
    auto group = std::make_unique<GoroutineGroup>();
    group->go([&log] {
      const Mark mark{log, "member"};
      sleep_for(hours(1));
    });
    let_others_park();
    go([group = std::move(group)] { sleep_for(hours(1)); });
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("member"));
}

TEST(Ending, WhoIsEndedWhileItEndsOthersFinishesThatFirst) {
  Log log;
  run([&] {
    GoroutineGroup first;
    GoroutineGroup second;
    second.go([&] {
      const Mark mark{log, "of the second"};
      const AtTheEnd at_the_end{[&] { first.end(); }};
      sleep_for(hours(1));
    });
    let_others_park();
    first.go([&] {
      const Mark mark{log, "of the first"};
      second.end();
      log.push_back("ran on");
    });
    let_others_park();
    EXPECT_EQ(first.size(), 0U);
    EXPECT_EQ(second.size(), 0U);
  });
  EXPECT_THAT(log, ElementsAre("of the second", "of the first"));
}

// --- who waits behind the dead -------------------------------------------------------------------------

/// Ends a member that waits by `wait`; `other` waits behind it and must come through once `then` has been called.
void expect_the_next_comes_through(const std::function<void()>& wait,
                                   const std::function<void()>& other,
                                   const std::function<void()>& then) {
  GoroutineGroup group;
  WaitGroup others;
  group.go([&] { wait(); });
  let_others_park();
  others.go([&] { other(); });
  let_others_park();

  group.end();

  then();
  others.wait();
}

TEST(Ending, ReadersBehindAWriterThatVanishesComeIn) {
  run([] {
    RWMutex mutex;
    mutex.lock_shared();
    expect_the_next_comes_through([&] { mutex.lock(); },
                                  [&] { const std::shared_lock lock(mutex); }, [] {});
    mutex.unlock_shared();
    EXPECT_TRUE(mutex.try_lock());
  });
}

TEST(Ending, AWriterBehindAWriterThatVanishesWaitsForTheReaders) {
  run([] {
    RWMutex mutex;
    mutex.lock_shared();
    expect_the_next_comes_through([&] { mutex.lock(); },
                                  [&] { const std::unique_lock lock(mutex); },
                                  [&] {
                                    EXPECT_FALSE(mutex.try_lock_shared());
                                    mutex.unlock_shared();
                                  });
    EXPECT_TRUE(mutex.try_lock());
  });
}

TEST(Ending, WhoWantsFewPermitsBehindAVanishedRequestForManyGetsThem) {
  run([] {
    Semaphore semaphore(2);
    semaphore.acquire();
    expect_the_next_comes_through([&] { semaphore.acquire(2); },
                                  [&] {
                                    semaphore.acquire();
                                    semaphore.release();
                                  },
                                  [] {});
    semaphore.release();
    EXPECT_EQ(semaphore.available(), 2);
  });
}

TEST(Ending, ANotificationThatAMemberWasGivenGoesToTheNext) {
  run([] {
    Mutex mutex;
    Cond cond;
    const auto wait = [&] {
      std::unique_lock lock(mutex);
      cond.wait(lock);
    };
    GoroutineGroup group;
    WaitGroup others;
    group.go(wait);
    let_others_park();
    others.go(wait);
    let_others_park();
    cond.notify_one();  // the member's, which has not run since

    group.end();

    others.wait();
  });
}

// --- destructors that lock and wait --------------------------------------------------------------------

TEST(Ending, ADestructorMayLockTwoMutexesThatOthersHold) {
  Log log;
  run([&] {
    Mutex first;
    Mutex second;
    GoroutineGroup group;
    group.go([&] {
      const AtTheEnd at_the_end{[&] {
        const std::scoped_lock both(first, second);
        log.push_back("as if locked");
      }};
      sleep_for(hours(1));
    });
    let_others_park();
    WaitGroup holder;
    holder.go([&] {
      const std::scoped_lock both(first, second);
      group.end();
      EXPECT_FALSE(first.try_lock());
      EXPECT_FALSE(second.try_lock());
    });
    holder.wait();
    EXPECT_TRUE(first.try_lock());
    EXPECT_TRUE(second.try_lock());
  });
  EXPECT_THAT(log, ElementsAre("as if locked"));
}

TEST(Ending, ADestructorMayTakeAFreeMutexAndGivesItBack) {
  run([] {
    Mutex mutex;
    RWMutex rw_mutex;
    GoroutineGroup group;
    group.go([&] {
      const AtTheEnd at_the_end{[&] {
        EXPECT_TRUE(mutex.try_lock());
        EXPECT_TRUE(rw_mutex.try_lock());
        mutex.unlock();
        rw_mutex.unlock();
        const std::scoped_lock both(mutex, rw_mutex);
      }};
      sleep_for(hours(1));
    });
    let_others_park();

    group.end();

    EXPECT_TRUE(mutex.try_lock());
    EXPECT_TRUE(rw_mutex.try_lock());
  });
}

TEST(Ending, ADestructorThatTriedARWMutexInVainUnlocksNothing) {
  run([] {
    RWMutex mutex;
    GoroutineGroup group;
    for (int i = 0; i < 2; ++i) {
      group.go([&, i] {
        const AtTheEnd at_the_end{[&, i] {
          if (i == 0) {
            const std::unique_lock lock(mutex, std::try_to_lock);
          } else {
            const std::shared_lock lock(mutex, std::try_to_lock);
          }
        }};
        sleep_for(hours(1));
      });
    }
    let_others_park();
    mutex.lock();

    group.end();

    EXPECT_FALSE(mutex.try_lock_shared());
    mutex.unlock();
    mutex.lock_shared();
    mutex.unlock_shared();
    EXPECT_TRUE(mutex.try_lock());
  });
}

TEST(Ending, ADestructorThatWaitsForAConditionGivesUp) {
  Log log;
  run([&] {
    Mutex mutex;
    Cond idle;
    int running = 1;
    GoroutineGroup group;
    group.go([&] {
      const AtTheEnd at_the_end{[&] {
        std::unique_lock lock(mutex);
        idle.wait(lock, [&] { return running == 0; });
        log.push_back("gave up");
      }};
      sleep_for(hours(1));
    });
    let_others_park();

    group.end();
  });
  EXPECT_THAT(log, ElementsAre("gave up"));
}

// --- once ----------------------------------------------------------------------------------------------

TEST(Ending, AOnceWhoseCallIsUnwoundIsCalledByTheNext) {
  run([] {
    Once once;
    int calls = 0;
    GoroutineGroup group;
    group.go([&] {
      once.call([&] {
        ++calls;
        sleep_for(hours(1));
      });
    });
    let_others_park();
    WaitGroup others;
    others.go([&] { once.call([&] { calls += 10; }); });
    let_others_park();

    group.end();

    others.wait();
    once.call([&] { calls += 100; });
    EXPECT_EQ(calls, 11);
  });
}

TEST(Ending, AOnceValueWhoseCallIsUnwoundIsComputedByTheNext) {
  in_virtual_time([] {
    int calls = 0;
    const auto value = once_value([&] {
      sleep_for(hours(1));
      return ++calls;
    });
    GoroutineGroup group;
    group.go([&] { value(); });
    let_others_park();

    group.end();

    EXPECT_EQ(value(), 1);
  });
}

TEST(Ending, ADestructorDoesNotCallAOnceAgainWhileItsCallIsOnItsWay) {
  run([] {
    Once once;
    int calls = 0;
    GoroutineGroup group;
    group.go([&] {
      const AtTheEnd at_the_end{[&] { once.call([&] { ++calls; }); }};
      sleep_for(hours(1));
    });
    let_others_park();
    once.call([&] {
      ++calls;
      group.end();
    });
    EXPECT_EQ(calls, 1);
  });
}

// --- what a report says --------------------------------------------------------------------------------

TEST(Ending, AYieldInADestructorThatLetsNothingOutIsReportedAtTheYield) {
  const Ending ending = ending_of([] {
    run([] {
      GoroutineGroup group;
      group.go([] { const AtTheEnd at_the_end{[] { yield(); }}; });
      yield();
      group.end();
    });
  });
  EXPECT_THAT(ending.words, HasSubstr(place_in(__FILE__, __LINE__ - 5)));
}

TEST(Ending, ADumpInADestructorShowsWhereItsEnderIs) {
  const Ending ending = ending_of([] {
    run([] {
      GoroutineGroup group;
      group.go([] {
        const AtTheEnd at_the_end{[] { fmt::print("{}", dump_goroutines()); }};
        sleep_for(hours(1));
      });
      let_others_park();
      group.end();
    });
  });
  EXPECT_THAT(ending.words, HasSubstr(place_in(__FILE__, __LINE__ - 3)));
}

TEST(Ending, AReportDoesNotLookAtAMutexThatHasEnded) {
  const Ending ending = ending_of([] {
    run([] {
      WaitGroup never;
      never.add(1);
      go([] {
        const auto mutex = std::make_unique<Mutex>();
        mutex->lock();
        go([&mutex = *mutex] { mutex.lock(); });
        let_others_park();
      });
      never.wait();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("[Mutex::lock]"));
}

}  // namespace
}  // namespace conclave
