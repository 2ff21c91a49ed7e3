// goroutine_group.hpp: goroutines that can be ended from outside.
#include <mutex>
#include <shared_mutex>

#include "goroutines/alarm.hpp"
#include "support.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(GoroutineGroup, EndUnwindsTheMembersNewestFirst) {
  Log log;
  run([&] {
    GoroutineGroup group;
    for (const char* name : {"first", "second", "third"}) {
      group.go([&log, name] {
        const Mark mark{log, name};
        sleep_for(hours(1));
        log.push_back("ran on");
      });
      let_others_park();
    }

    group.end();

    log.push_back("ended");
    EXPECT_EQ(group.size(), 0U);
  });
  EXPECT_THAT(log, ElementsAre("third", "second", "first", "ended"));
}

TEST(GoroutineGroup, OthersLiveOn) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup doomed;
    GoroutineGroup other;
    WaitGroup done;
    for (GoroutineGroup* group : {&doomed, &other}) {
      done.add(1);
      group->go([&, group] {
        sleep_for(hours(1));
        log.push_back(group == &other ? "other" : "doomed");
        done.done();
      });
    }
    let_others_park();

    doomed.end();
    done.done();

    done.wait();
  });
  EXPECT_THAT(log, ElementsAre("other"));
}

TEST(GoroutineGroup, WhatAMemberStartsIsAMember) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup group;
    group.go([&] {
      go([&] {
        WaitGroup children;
        children.go([&] {
          const Mark mark{log, "grandchild"};
          sleep_for(hours(1));
        });
        children.wait();
      });
    });
    let_others_park();
    EXPECT_EQ(group.size(), 2U);

    group.end();

    sleep_for(hours(2));
    EXPECT_EQ(num_goroutines(), 1U);
  });
  EXPECT_THAT(log, ElementsAre("grandchild"));
}

TEST(GoroutineGroup, MembersThatNeverRanLetGoOfWhatTheyHold) {
  run([] {
    const auto held = std::make_shared<int>(1);
    GoroutineGroup group;
    group.go([held] {});
    EXPECT_EQ(held.use_count(), 2);

    group.end();

    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST(GoroutineGroup, MembersThatAreReadyNeverRunOnInAnyOrder) {
  for_each_seed(20, [](std::uint64_t seed) {
    Log log;
    run(
        [&] {
          GoroutineGroup group;
          for (int i = 0; i < 5; ++i) {
            group.go([&] {
              yield();
              yield();
              log.push_back("ran on");
            });
          }
          yield();
          const std::size_t before = log.size();

          group.end();

          let_others_park();
          EXPECT_EQ(log.size(), before);
          EXPECT_EQ(num_goroutines(), 1U);
        },
        {.order = Order::random, .seed = seed});
  });
}

TEST(GoroutineGroup, TheDestructorEndsTheMembers) {
  Log log;
  run([&] {
    {
      GoroutineGroup group;
      group.go([&] {
        const Mark mark{log, "member"};
        sleep_for(hours(1));
      });
      let_others_park();
    }
    log.push_back("after the scope");
  });
  EXPECT_THAT(log, ElementsAre("member", "after the scope"));
}

TEST(GoroutineGroup, AMemberThatEndsItsGroupIsUnwoundLast) {
  Log log;
  run([&] {
    GoroutineGroup group;
    group.go([&] {
      const Mark mark{log, "sleeper"};
      sleep_for(hours(1));
    });
    let_others_park();
    group.go([&] {
      const Mark mark{log, "culprit"};
      group.end();
      log.push_back("ran on");
    });
    let_others_park();
    EXPECT_EQ(group.size(), 0U);
  });
  EXPECT_THAT(log, ElementsAre("sleeper", "culprit"));
}

TEST(GoroutineGroup, AMemberThatDestroysItsGroupLivesOn) {
  Log log;
  run([&] {
    auto group = std::make_unique<GoroutineGroup>();
    group->go([&] {
      const Mark mark{log, "other"};
      sleep_for(hours(1));
    });
    let_others_park();
    group->go([&] {
      group.reset();
      yield();
      log.push_back("lives");
    });
    let_others_park();
    EXPECT_EQ(num_goroutines(), 1U);
  });
  EXPECT_THAT(log, ElementsAre("other", "lives"));
}

TEST(GoroutineGroup, AGroupInsideAMemberEndsWithIt) {
  Log log;
  run([&] {
    GoroutineGroup outer;
    outer.go([&] {
      const Mark mark{log, "outer"};
      GoroutineGroup inner;
      inner.go([&] {
        const Mark inner_mark{log, "inner"};
        sleep_for(hours(1));
      });
      sleep_for(hours(1));
    });
    let_others_park();

    outer.end();

    EXPECT_EQ(num_goroutines(), 1U);
  });
  EXPECT_THAT(log, ElementsAre("inner", "outer"));
}

TEST(GoroutineGroup, MayBeUsedAgain) {
  in_virtual_time([] {
    GoroutineGroup group;
    int runs = 0;
    for (int life = 0; life < 3; ++life) {
      group.go([&] {
        ++runs;
        sleep_for(hours(1));
        ++runs;
      });
      let_others_park();
      group.end();
    }
    EXPECT_EQ(runs, 3);
    sleep_for(hours(2));
    EXPECT_EQ(runs, 3);
  });
}

/// An alarm that starts a goroutine, as after_func does.
struct Starter : detail::Alarm {
  Log* log = nullptr;
  bool lapsed = false;
  void fire() noexcept override {
    go([log = log] {
      log->push_back("begins");
      sleep_for(hours(1));
      log->push_back("ran on");
    });
  }
  void lapse() noexcept override { lapsed = true; }
};

TEST(GoroutineGroup, TimersThatMembersSetLapse) {
  Log log;
  Starter of_member;
  Starter of_main;
  in_virtual_time([&] {
    of_member.log = of_main.log = &log;
    GoroutineGroup group;
    group.go([&] { of_member.set(now() + hours(1)); });
    of_main.set(now() + hours(1));
    let_others_park();

    group.end();

    sleep_for(hours(3));
  });
  EXPECT_TRUE(of_member.lapsed);
  EXPECT_FALSE(of_main.lapsed);
  EXPECT_THAT(log, ElementsAre("begins", "ran on"));
}

TEST(GoroutineGroup, WhatAMembersTimerStartsIsAMember) {
  Log log;
  Starter of_member;
  in_virtual_time([&] {
    of_member.log = &log;
    GoroutineGroup group;
    group.go([&] { of_member.set(now() + hours(1)); });
    sleep_for(hours(1));
    let_others_park();
    EXPECT_EQ(group.size(), 1U);

    group.end();

    sleep_for(hours(3));
  });
  EXPECT_THAT(log, ElementsAre("begins"));
}

TEST(GoroutineGroup, AMutexThatAMemberWasGivenGoesOn) {
  run([] {
    Mutex mutex;
    GoroutineGroup group;
    WaitGroup others;
    mutex.lock();
    group.go([&] { const std::scoped_lock lock(mutex); });
    let_others_park();
    others.go([&] { const std::scoped_lock lock(mutex); });
    let_others_park();
    mutex.unlock();  // now it is the member's, which has not run since

    group.end();

    others.wait();
    EXPECT_TRUE(mutex.try_lock());
  });
}

TEST(GoroutineGroup, AMutexThatAMemberHoldsIsGivenBackByItsDestructorAndOnlyOnce) {
  run([] {
    Mutex mutex;
    GoroutineGroup group;
    WaitGroup others;
    group.go([&] {
      const std::scoped_lock lock(mutex);
      sleep_for(hours(1));
    });
    group.go([&] {  // newer: unwound while the other still holds the mutex
      const AtTheEnd at_the_end{[&] { const std::scoped_lock lock(mutex); }};
      sleep_for(hours(1));
    });
    let_others_park();

    group.end();

    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST(GoroutineGroup, ADestructorThatCouldNotLockDoesNotUnlockForTheHolder) {
  run([] {
    Mutex mutex;
    GoroutineGroup group;
    struct Touch {
      Mutex& mutex;
      ~Touch() { const std::scoped_lock lock(mutex); }
    };
    group.go([&] {
      const Touch touch{mutex};
      sleep_for(hours(1));
    });
    let_others_park();
    mutex.lock();  // main's

    group.end();

    EXPECT_FALSE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST(GoroutineGroup, ReadersAndWritersThatWereGivenTheirTurnPassItOn) {
  run([] {
    RWMutex mutex;
    GoroutineGroup group;
    WaitGroup others;
    mutex.lock();
    group.go([&] { const std::shared_lock lock(mutex); });
    let_others_park();
    group.go([&] { const std::unique_lock lock(mutex); });
    let_others_park();
    others.go([&] { const std::unique_lock lock(mutex); });
    let_others_park();
    mutex.unlock();

    group.end();

    others.wait();
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
    EXPECT_TRUE(mutex.try_lock_shared());
  });
}

TEST(GoroutineGroup, ReadersThatEndLeaveTheReadersOfOthers) {
  run([] {
    RWMutex mutex;
    GoroutineGroup group;
    struct Read {
      RWMutex& mutex;
      ~Read() { const std::shared_lock lock(mutex); }
    };
    group.go([&] {
      const Read read{mutex};
      sleep_for(hours(1));
    });
    let_others_park();
    mutex.lock();

    group.end();

    EXPECT_FALSE(mutex.try_lock_shared());
    mutex.unlock();
    EXPECT_TRUE(mutex.try_lock());
  });
}

TEST(GoroutineGroup, PermitsThatAMemberWasGivenGoOn) {
  run([] {
    Semaphore semaphore(2);
    GoroutineGroup group;
    WaitGroup others;
    semaphore.acquire(2);
    group.go([&] { semaphore.acquire(2); });
    let_others_park();
    others.go([&] {
      semaphore.acquire(1);
      semaphore.release(1);
    });
    let_others_park();
    semaphore.release(2);

    group.end();

    others.wait();
    EXPECT_EQ(semaphore.available(), 2);
  });
}

TEST(GoroutineGroup, ADestructorThatGotNoPermitsGivesNoneBack) {
  run([] {
    Semaphore semaphore(1);
    GoroutineGroup group;
    struct Use {
      Semaphore& semaphore;
      ~Use() {
        semaphore.acquire();
        semaphore.release();
      }
    };
    group.go([&] {
      const Use use{semaphore};
      sleep_for(hours(1));
    });
    let_others_park();
    semaphore.acquire();

    group.end();

    EXPECT_EQ(semaphore.available(), 0);
  });
}

TEST(GoroutineGroup, ADestructorOfAMemberWakesOthersAndStartsNobody) {
  Log log;
  run([&] {
    Cond cond;
    Mutex mutex;
    GoroutineGroup group;
    WaitGroup others;
    others.go([&] {
      std::unique_lock lock(mutex);
      cond.wait(lock);
      log.push_back("woken");
    });
    group.go([&] {
      const AtTheEnd at_the_end{[&] {
        cond.notify_all();
        go([&] { log.push_back("started by the dead"); });
      }};
      sleep_for(hours(1));
    });
    let_others_park();

    group.end();

    EXPECT_THAT(log, IsEmpty());
    others.wait();
  });
  EXPECT_THAT(log, ElementsAre("woken"));
}

TEST(GoroutineGroup, ASleepInADestructorOfAMemberWakesNobodyLater) {
  Log log;
  in_virtual_time([&] {
    GoroutineGroup group;
    group.go([&] {
      const AtTheEnd at_the_end{[&] {
        sleep_for(hours(1));
        log.push_back("slept");
      }};
      sleep_for(hours(2));
    });
    let_others_park();

    group.end();

    sleep_for(hours(3));
    EXPECT_EQ(num_goroutines(), 1U);
  });
  EXPECT_THAT(log, ElementsAre("slept"));
}

TEST(GoroutineGroup, AMemberThatSwallowsItsUnwindingIsReported) {
  const Ending ending = ending_of([] {
    run([] {
      GoroutineGroup group("node 1");
      group.go([] {
        for (;;) {
          try {
            sleep_for(hours(1));
          } catch (...) {  // and goes on
          }
        }
      });
      let_others_park();
      group.end();
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("a goroutine went on after it had been ended"));
}

TEST(GoroutineGroup, OutsideRunOneMayBeMadeAndNothingElse) {
  GoroutineGroup group("nobody");
  EXPECT_EQ(group.size(), 0U);
  EXPECT_THAT(panic_of([&] { group.go([] {}); }).what(), HasSubstr("outside run()"));
  EXPECT_THAT(panic_of([&] { group.end(); }).what(), HasSubstr("outside run()"));
}

TEST(GoroutineGroup, ThousandsAreEndedAThousandTimes) {
  in_virtual_time([] {
    GoroutineGroup group;
    Mutex mutex;
    for (int round = 0; round < 100; ++round) {
      for (int i = 0; i < 100; ++i) {
        group.go([&] {
          for (;;) {
            const std::scoped_lock lock(mutex);
            sleep_for(std::chrono::seconds(1));
          }
        });
      }
      sleep_for(std::chrono::seconds(10));
      group.end();
      ASSERT_TRUE(mutex.try_lock());
      mutex.unlock();
    }
    EXPECT_EQ(num_goroutines(), 1U);
  });
}

}  // namespace
}  // namespace conclave
