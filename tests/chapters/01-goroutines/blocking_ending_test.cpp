// blocking.hpp: goroutines that end while their function is on its way; deadlock, virtual time.
#include <atomic>
#include <cerrno>
#include <latch>
#include <random>
#include <stdexcept>
#include <thread>
#include <unistd.h>

#include "goroutines/blocking.hpp"
#include "support.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Starts a goroutine and lets it run until it parks: it is newer than all before, so it is unwound before them.
void park_with_destructor(GoroutineGroup& group, std::function<void()> destructor) {
  group.go([destructor = std::move(destructor)] {
    const AtTheEnd at_the_end{destructor};
    sleep_for(hours(1));
  });
  let_others_park();
}

// --- the end of goroutines -----------------------------------------------------------------------------

TEST(Blocking, AGoroutineThatIsEndedIsUnwoundWhenItsFunctionHasEnded) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kThreadsOfItsOwn;
  for (const bool with_group : {false, true}) {
    Log log;
    std::latch begun(1);
    std::latch opened(1);
    std::string used;
    run([&] {
      GoroutineGroup group;
      const auto call = [&] {
        const Mark mark{log, "unwound"};
        const std::string of_goroutine = "what the goroutine has";
        blocking([&] {
          begun.count_down();
          opened.wait();
          used = of_goroutine;
        });
        log.push_back("ran on");
      };
      if (with_group) group.go(call);
      if (!with_group) go(call);
      let_others_park();
      begun.wait();
      static GoroutineGroup of_no_importance;
      park_with_destructor(with_group ? group : of_no_importance, [&] {
        log.push_back("open");
        opened.count_down();
      });
      if (with_group) group.end();
    });
    EXPECT_THAT(log, ElementsAre("open", "unwound"));
    EXPECT_EQ(used, "what the goroutine has");
    EXPECT_EQ(entries_in("/proc/self/task"), 1);
  }
}

TEST(Blocking, AGoroutineWhoseFunctionHasNotBegunIsUnwoundAtOnce) {
  Log log;
  run(
      [&] {
        GoroutineGroup group;
        std::latch opened(1);
        WaitGroup others;
        others.go([&] { blocking([&] { opened.wait(); }); });
        let_others_park();
        group.go([&] {
          const Mark mark{log, "unwound"};
          blocking([&] { log.push_back("began"); });
          log.push_back("ran on");
        });
        let_others_park();

        group.end();

        log.push_back("open");
        opened.count_down();
        others.wait();
      },
      {.helpers_max = 1});
  EXPECT_THAT(log, ElementsAre("unwound", "open"));
}

TEST(Blocking, WhoIsEndedBeforeItsFunctionBeganNeverSeesItBegin) {
  bool began = false;
  Log log;
  run(
      [&] {
        GoroutineGroup group;
        std::latch opened(1);
        std::latch begun(1);
        bool may_call = false;
        group.go([&] {  // older, but it comes second
          const Mark mark{log, "second"};
          while (!may_call) yield();
          blocking([&] { began = true; });
        });
        let_others_park();
        group.go([&] {
          const Mark mark{log, "first"};
          blocking([&] {
            begun.count_down();
            opened.wait();
          });
        });
        let_others_park();
        begun.wait();
        may_call = true;
        let_others_park();
        park_with_destructor(group, [&] { opened.count_down(); });

        group.end();  // newest first: the helper thread is free while the second still waits for it
      },
      {.helpers_max = 1});
  EXPECT_THAT(log, ElementsAre("first", "second"));
  EXPECT_FALSE(began);
}

TEST(Blocking, AFunctionThatDoesNotEndIsReportedAtTheEnd) {
  for (const bool with_group : {false, true}) {
    const Ending ending = ending_of([with_group] {
      run([with_group] {
        static std::latch never(1);
        GoroutineGroup group("node 1");
        const auto call = [] { blocking([] { never.wait(); }); };
        if (with_group) group.go(call);
        if (!with_group) go(Name("stubborn"), call);
        let_others_park();
        blocking([] {});  // the other came first, so it has begun
        if (with_group) group.end();
      });
    });
    EXPECT_EQ(ending.how, "exit 2");
    EXPECT_THAT(ending.words, AllOf(HasSubstr("blocking()"), HasSubstr("100 ms")));
    EXPECT_THAT(ending.words, HasSubstr("blocking_ending_test.cpp:"));
    EXPECT_THAT(ending.words, HasSubstr(with_group ? "goroutine 2" : "(stubborn)"));
  }
}

TEST(Blocking, WhatAFunctionThrowsAfterItsGoroutineWasEndedIsDropped) {
  Log log;
  run([&] {
    GoroutineGroup group;
    std::latch opened(1);
    std::latch begun(1);
    group.go([&] {
      const Mark mark{log, "unwound"};
      try {
        blocking([&] {
          begun.count_down();
          opened.wait();
          throw std::runtime_error("too late");
        });
      } catch (const std::runtime_error&) {
        log.push_back("caught");
      }
    });
    let_others_park();
    begun.wait();
    park_with_destructor(group, [&] { opened.count_down(); });
    group.end();
  });
  EXPECT_THAT(log, ElementsAre("unwound"));
}

TEST(Blocking, ADestructorGetsItsResultDuringTheUnwinding) {
  Log log;
  run([&] {
    go([&] {
      const AtTheEnd at_the_end{[&] {
        log.push_back(fmt::format("{}", blocking([] { return 7; })));
        EXPECT_THROW(blocking([] { throw 1; }), int);
      }};
      sleep_for(hours(1));
    });
    let_others_park();
  });
  EXPECT_THAT(log, ElementsAre("7"));
}

TEST(Blocking, ADestructorThatHasCalledItBeforeTheUnwindingGetsItsResultToo) {
  for (const bool has_begun : {false, true}) {
    Log log;
    std::latch first_begun(1);
    std::latch begun(1);
    std::latch opened(1);
    run(
        [&] {
          GoroutineGroup group;
          if (!has_begun) {
            go([&] {
              blocking([&] {
                first_begun.count_down();
                opened.wait();
              });
            });
            let_others_park();
            first_begun.wait();
          }
          group.go([&] {
            const Mark mark{log, "unwound"};
            try {
              const AtTheEnd at_the_end{[&] {
                errno = 0;
                const int result = blocking([&] {
                  begun.count_down();
                  if (has_begun) opened.wait();
                  errno = EIO;
                  return 7;
                });
                log.push_back(fmt::format("{} {}", result, errno == EIO ? "EIO" : "another errno"));
              }};
              throw std::runtime_error("on its way");
            } catch (const std::runtime_error&) {
              log.push_back("caught");
            }
          });
          let_others_park();
          if (has_begun) begun.wait();
          park_with_destructor(group, [&] {
            if (has_begun) opened.count_down();
          });
          group.end();
          if (!has_begun) opened.count_down();
        },
        {.helpers_max = 1});
    EXPECT_THAT(log, ElementsAre("7 EIO", "caught", "unwound")) << has_begun;
  }
}

TEST(Blocking, InADestructorThatLetsNothingOutTheEndIsReported) {
  const Ending ending = ending_of([] {
    run([] {
      static std::latch opened(1);
      go(Name("tidy"), [] { const AtTheEnd at_the_end{[] { blocking([] { opened.wait(); }); }}; });
      let_others_park();
      static GoroutineGroup others;
      park_with_destructor(others, [] { opened.count_down(); });
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, AllOf(HasSubstr("waits in a destructor"), HasSubstr("(tidy)")));
}

TEST(Blocking, GroupsEndAtAnyMoment) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kThreadsOfItsOwn;
  for_each_seed(50, [](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const std::size_t helpers_max = 1 + random() % 4;
    run(
        [&] {
          for (int round = 0; round < 5; ++round) {
            GoroutineGroup group;
            std::atomic<int> running = 0;
            for (int i = 0; i < 10; ++i) {
              group.go([&, spins = random() % 2000] {
                std::vector<int> own(10);
                for (;;) {
                  blocking([&] {
                    ++running;
                    for (std::uint64_t spin = 0; spin < spins; ++spin) ++own[spin % own.size()];
                    --running;
                  });
                }
              });
            }
            for (std::uint64_t turns = random() % 300; turns > 0; --turns) yield();
            if (random() % 2 == 0) blocking([] {});

            group.end();

            EXPECT_EQ(running, 0);
            EXPECT_EQ(num_goroutines(), 1U);
          }
        },
        {.order = seed % 2 == 0 ? Order::standard : Order::random,
         .seed = seed,
         .helpers_max = helpers_max});
    EXPECT_EQ(entries_in("/proc/self/task"), 1);
  });
}

// --- deadlock and virtual time -------------------------------------------------------------------------

TEST(Blocking, AFunctionOnItsWayIsNoDeadlockAndAfterwardsThereMayBeOne) {
  const Ending ending = ending_of([] {
    run([] {
      const int ours = gettid();
      WaitGroup never;
      never.add(1);
      go([ours] {
        blocking([ours] { wait_until_asleep(ours); });
        std::fputs("over\n", stderr);
      });
      never.wait();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, testing::ContainsRegex("over\nfatal error: all goroutines are asleep"));
}

TEST(Blocking, GoroutinesThatWereEndedInItLeaveTheDeadlockVisible) {
  const Ending ending = ending_of([] {
    run(
        [] {
          GoroutineGroup group;
          std::latch opened(1);
          for (int i = 0; i < 3; ++i) group.go([&] { blocking([&] { opened.wait(); }); });
          let_others_park();
          park_with_destructor(group, [&] { opened.count_down(); });
          group.end();
          Mutex mutex;
          mutex.lock();
          mutex.lock();
        },
        {.helpers_max = 1});
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("all goroutines are asleep"));
}

TEST(Blocking, VirtualTimeStandsStillMeanwhile) {
  Log log;
  const Duration took = in_virtual_time([&] {
    const int ours = gettid();
    WaitGroup group;
    group.go([&] {
      sleep_for(hours(1));
      log.push_back("an hour later");
    });
    group.go([&] {
      blocking([ours] { wait_until_asleep(ours); });
      EXPECT_EQ(now(), TimePoint());
      log.push_back("returns");
    });
    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("returns", "an hour later"));
  EXPECT_EQ(took, hours(1));
}

/// A virtual clock that counts how often it is looked at.
class CountingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override {
    ++looks_;
    return clock_.now();
  }
  bool jump_to(TimePoint next) noexcept override { return clock_.jump_to(next); }
  [[nodiscard]] int looks() const noexcept { return looks_; }

 private:
  VirtualClock clock_;
  mutable std::atomic<int> looks_ = 0;
};

TEST(Blocking, VirtualTimeThatStandsStillCostsNoProcessorTime) {
  CountingClock clock;
  run(
      [&] {
        go([] { sleep_for(Duration(1)); });
        blocking([&clock, ours = gettid()] {
          wait_until_asleep(ours);
          const int looks = clock.looks();
          for (int i = 0; i < 1000; ++i) std::this_thread::yield();
          EXPECT_EQ(clock.looks(), looks);
        });
      },
      {.clock = &clock});
}

TEST(Blocking, VirtualTimeMovesAgainForThoseWhoWereEndedInIt) {
  const Duration took = in_virtual_time(
      [&] {
        GoroutineGroup group;
        std::latch opened(1);
        for (int i = 0; i < 3; ++i) group.go([&] { blocking([&] { opened.wait(); }); });
        let_others_park();
        park_with_destructor(group, [&] { opened.count_down(); });
        group.end();
        sleep_for(hours(1));
      },
      {.helpers_max = 2});
  EXPECT_EQ(took, hours(1));
}

// --- runs ----------------------------------------------------------------------------------------------

TEST(Blocking, RunsOnTwoThreadsHaveHelpersOfTheirOwn) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kThreadsOfItsOwn;
  const auto program = [](int& sum) {
    for (int round = 0; round < 5; ++round) {
      run(
          [&] {
            WaitGroup group;
            for (int i = 0; i < 50; ++i) {
              group.go([&] { sum += blocking([] { return 1; }); });
            }
            group.wait();
          },
          {.helpers_max = 2});
    }
  };
  int ours = 0;
  int others = 0;
  std::thread other([&] { program(others); });
  program(ours);
  other.join();
  EXPECT_EQ(ours, 250);
  EXPECT_EQ(others, 250);
  EXPECT_EQ(entries_in("/proc/self/task"), 1);
}

}  // namespace
}  // namespace conclave
