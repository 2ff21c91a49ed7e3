// outside.hpp: what other threads post.
#include "goroutines/outside.hpp"

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
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
using testing::IsEmpty;

// --- posts ---------------------------------------------------------------------------------------------

TEST(RunHandle, APostRunsAsAGoroutineOfTheRun) {
  Log log;
  run([&] {
    Door door;
    Mutex mutex;
    const auto ours = std::this_thread::get_id();
    std::jthread other([&, handle = RunHandle()] {
      const Status status = handle.post([&] {
        EXPECT_EQ(std::this_thread::get_id(), ours);
        const std::scoped_lock lock(mutex);
        sleep_for(Duration(1));
        go([&] {
          log.push_back("started by it");
          door.done();
        });
        log.push_back("posted");
      });
      EXPECT_TRUE(status.ok());
    });
    door.wait();
  });
  EXPECT_THAT(log, ElementsAre("posted", "started by it"));
}

TEST(RunHandle, APostWakesARunThatSleeps) {
  for (int round = 0; round < 20; ++round) {
    int runs = 0;
    run([&] {
      Door door;
      std::jthread other([&, handle = RunHandle(), ours = gettid()] {
        wait_until_asleep(ours);
        EXPECT_TRUE(handle
                        .post([&] {
                          ++runs;
                          door.done();
                        })
                        .ok());
      });
      door.wait();
    });
    EXPECT_EQ(runs, 1);
  }
}

TEST(RunHandle, GoroutinesMayPostToo) {
  Log log;
  run([&] {
    const RunHandle handle;
    WaitGroup group;
    group.add(1);
    EXPECT_TRUE(handle
                    .post([&] {
                      log.push_back("posted");
                      group.done();
                    })
                    .ok());
    log.push_back("goes on");
    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("goes on", "posted"));
}

TEST(RunHandle, PostsOfOneThreadStartInTheOrderInWhichTheyWereMade) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  for (const bool others_are_busy : {false, true}) {
    constexpr int kPosts = 20'000;
    std::vector<int> started;
    run([&] {
      Door door;
      if (others_are_busy) {
        for (int i = 0; i < 3; ++i) {
          go([] {
            for (;;) {
              go([] {});
              yield();
            }
          });
        }
      }
      std::jthread other([&, handle = RunHandle()] {
        for (int i = 0; i < kPosts; ++i) {
          ASSERT_TRUE(handle
                          .post([&, i] {
                            started.push_back(i);
                            if (i % 7 == 0) yield();
                            if (i == kPosts - 1) door.done();
                          })
                          .ok());
        }
      });
      door.wait();
    });
    EXPECT_EQ(started.size(), kPosts);
    EXPECT_TRUE(std::ranges::is_sorted(started));
  }
}

TEST(RunHandle, PostsOfManyThreadsRunOnceEach) {
  for_each_seed(10, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      constexpr std::size_t kThreads = 4;
      constexpr std::size_t kPosts = 500;
      std::vector<int> runs(kThreads * kPosts);
      run(
          [&] {
            WaitGroup group;
            group.add(static_cast<std::int64_t>(runs.size()));
            std::vector<std::jthread> threads;
            for (std::size_t thread = 0; thread < kThreads; ++thread) {
              threads.emplace_back([&, thread, handle = RunHandle()] {
                for (std::size_t i = 0; i < kPosts; ++i) {
                  ASSERT_TRUE(handle
                                  .post([&, thread, i] {
                                    ++runs[thread * kPosts + i];
                                    if (i % 3 == 0) yield();
                                    group.done();
                                  })
                                  .ok());
                }
              });
            }
            group.wait();
          },
          {.order = order, .seed = seed});
      EXPECT_THAT(runs, testing::Each(1));
    }
  });
}

TEST(RunHandle, BusyGoroutinesDoNotKeepPostsWaiting) {
  for (const Order order : {Order::standard, Order::random}) {
    run(
        [] {
          bool heard = false;
          WaitGroup group;
          std::jthread other(
              [&, handle = RunHandle()] { EXPECT_TRUE(handle.post([&] { heard = true; }).ok()); });
          for (int i = 0; i < 10; ++i) {
            group.go([&] {
              while (!heard) yield();
            });
          }
          group.wait();
        },
        {.order = order});
  }
}

TEST(RunHandle, APostBelongsToNoGroup) {
  Log log;
  in_virtual_time([&] {
    Door door;
    GoroutineGroup group;
    group.go([&] {
      const RunHandle handle;
      EXPECT_TRUE(handle
                      .post([&] {
                        go([&] {
                          sleep_for(Duration(1));
                          log.push_back("a child of it");
                        });
                        sleep_for(Duration(2));
                        log.push_back("posted");
                        door.done();
                      })
                      .ok());
      let_others_park();
    });
    let_others_park();
    EXPECT_EQ(group.size(), 1U);

    group.end();

    door.wait();
  });
  EXPECT_THAT(log, ElementsAre("a child of it", "posted"));
}

TEST(RunHandle, WhatAPostThrowsEndsTheProgramWithAReport) {
  const int line = __LINE__ + 4;
  const Ending ending = ending_of([] {
    run([] {
      const RunHandle handle;
      EXPECT_TRUE(handle.post([] { throw std::runtime_error("posted in vain"); }).ok());
      sleep_for(hours(1));
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words,
              AllOf(HasSubstr("posted in vain"), HasSubstr(place_in(__FILE__, line))));
}

// --- what is posted ------------------------------------------------------------------------------------

/// Notes where it is destroyed, once.
struct Witness {
  std::atomic<int>& destroyed;
  std::thread::id& where;
  ~Witness() {
    ++destroyed;
    where = std::this_thread::get_id();
  }
};

TEST(RunHandle, WhatAPostCapturesIsDestroyedOnItsThread) {
  std::atomic<int> destroyed = 0;
  std::thread::id where;
  run([&] {
    Door door;
    std::jthread other([&, handle = RunHandle()] {
      auto witness = std::make_unique<Witness>(destroyed, where);
      EXPECT_TRUE(handle.post([&door, witness = std::move(witness)] { door.done(); }).ok());
    });
    door.wait();
  });
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(RunHandle, WhatNeverRanIsDestroyedWhenRunEnds) {
  for (const bool taken_in : {false, true}) {
    std::atomic<int> destroyed = 0;
    std::thread::id where;
    run([&] {
      const RunHandle handle;
      for (int i = 0; i < 3; ++i) {
        auto witness = std::make_unique<Witness>(destroyed, where);
        EXPECT_TRUE(handle
                        .post([&, witness = std::move(witness)] {
                          sleep_for(hours(1));
                          ADD_FAILURE() << "ran on";
                        })
                        .ok());
      }
      if (taken_in) let_others_park();
    });
    EXPECT_EQ(destroyed, 3);
    EXPECT_EQ(where, std::this_thread::get_id());
  }
}

TEST(RunHandle, APostMayHoldAHandleItself) {
  const auto posts_itself = [](const RunHandle& handle) {
    EXPECT_TRUE(handle.post([handle] { EXPECT_TRUE(handle.post([handle] {}).ok()); }).ok());
  };
  const Ending left_behind = ending_of([&] {
    run([&] { posts_itself(RunHandle()); });
    run([&] {
      posts_itself(RunHandle());
      let_others_park();
    });
  });
  ASSERT_EQ(left_behind.how, "exit 0");
  const Ending all_gone = ending_of([&] {
    run([&] {
      posts_itself(RunHandle());
      Mutex mutex;
      mutex.lock();
      mutex.lock();
    });
  });
  EXPECT_THAT(all_gone.words, HasSubstr("all goroutines are asleep"));
}

TEST(RunHandle, TheDestructorOfWhatNeverRanFindsTheRunEnded) {
  std::optional<RunHandle> made_late;
  Log log;
  run([&] {
    Mutex mutex;
    mutex.lock();
    const RunHandle handle;
    auto at_the_end = std::make_shared<AtTheEnd>([&] {
      go([&] { log.push_back("started by the dead"); });
      mutex.unlock();  // which has ended with main
      EXPECT_EQ(blocking([] { return 1; }), 1);
      made_late.emplace();
      EXPECT_EQ(made_late->post([&] { log.push_back("posted by the dead"); }).code(),
                Code::unavailable);
    });
    EXPECT_TRUE(handle.post([at_the_end = std::move(at_the_end)] {}).ok());
  });
  ASSERT_TRUE(made_late.has_value());
  EXPECT_EQ(made_late->post([&] { log.push_back("posted late"); }).code(), Code::unavailable);
  run([] { let_others_park(); });
  EXPECT_THAT(log, IsEmpty());
}

TEST(RunHandle, AnEmptyFunctionPanics) {
  run([] {
    const RunHandle handle;
    EXPECT_THAT(panic_of([&] { (void)handle.post(std::function<void()>()); }).what(),
                AllOf(HasSubstr("empty"), HasSubstr(place_in(__FILE__, __LINE__ - 1))));
    void (*no_function)() = nullptr;
    EXPECT_THAT(panic_of([&] { (void)handle.post(no_function); }).what(), HasSubstr("empty"));
    std::jthread other([&] {
      EXPECT_THAT(panic_of([&] { (void)handle.post(std::function<void()>()); }).what(),
                  HasSubstr("empty"));
    });
  });
}

TEST(RunHandle, WhatWasPostedOkRanOrWasDestroyedWhenRunEnds) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  for_each_seed(20, [](std::uint64_t seed) {
    std::atomic<int> destroyed = 0;
    int posted = 0;
    std::jthread other;
    run([&] {
      std::latch begun(1);
      other = std::jthread([&, handle = RunHandle()] {
        for (Code code = Code::ok; code != Code::unavailable;) {
          auto witness = std::make_unique<AtTheEnd>([&] { ++destroyed; });
          code = handle.post([witness = std::move(witness)] {}).code();
          if (++posted == 1) begun.count_down();
        }
      });
      begun.wait();
      for (std::uint64_t i = seed % 10 * 10; i > 0; --i) yield();
    });
    other.join();
    EXPECT_EQ(destroyed, posted);
  });
}

// --- the limit -----------------------------------------------------------------------------------------

TEST(RunHandle, MoreThanTheLimitIsRefusedUntilSomeHaveStarted) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  std::size_t runs = 0;
  run([&] {
    const RunHandle handle;
    for (int round = 0; round < 3; ++round) {
      runs = 0;
      std::jthread([&] {
        for (std::size_t i = 0; i < RunHandle::kPostsMax; ++i) {
          ASSERT_TRUE(handle.post([&] { ++runs; }).ok());
        }
        const Status status = handle.post([&] { ++runs; });
        EXPECT_EQ(status.code(), Code::resource_exhausted);
        EXPECT_THAT(std::string(status.message()), HasSubstr("65536"));
      }).join();
      while (runs < RunHandle::kPostsMax) yield();
      let_others_park();
      EXPECT_EQ(runs, RunHandle::kPostsMax);
    }
    EXPECT_TRUE(handle.post([&] { ++runs; }).ok());
  });
  EXPECT_EQ(runs, RunHandle::kPostsMax);
}

TEST(RunHandle, WhatWasTakenInAndHasNotStartedCountsForTheLimit) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  Code last_that_fits = Code::unknown;
  Code one_too_many = Code::unknown;
  run([&] {
    const RunHandle handle;
    Door door;
    EXPECT_TRUE(handle
                    .post([&] {  // the first to start: now there is room for one
                      last_that_fits = handle.post([&] { door.done(); }).code();
                      one_too_many = handle.post([] {}).code();
                    })
                    .ok());
    for (std::size_t i = 1; i < RunHandle::kPostsMax; ++i) {
      ASSERT_TRUE(handle.post([] {}).ok());
    }
    door.wait();
  });
  EXPECT_EQ(last_that_fits, Code::ok);
  EXPECT_EQ(one_too_many, Code::resource_exhausted);
}

// --- deadlock ------------------------------------------------------------------------------------------

TEST(RunHandle, WhenTheLastHandleGoesElsewhereThereIsADeadlock) {
  const Ending ending = ending_of([] {
    run([] {
      Door door;
      std::jthread other([handle = std::optional(RunHandle()), ours = gettid()]() mutable {
        wait_until_asleep(ours);
        EXPECT_TRUE(handle->post([] { std::fputs("posted\n", stderr); }).ok());
        std::optional<RunHandle> copy(handle);
        handle.reset();
        std::optional<RunHandle> moved(std::move(copy));
        copy.reset();
        wait_until_asleep(ours);
        std::fputs("dropped\n", stderr);
        moved.reset();
      });
      door.wait();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(
      ending.words,
      testing::ContainsRegex("posted\ndropped\nfatal error: all goroutines are asleep - deadlock"));
}

TEST(RunHandle, WhenTheLastHandleGoesHereThereIsADeadlock) {
  const auto ending_after = [](const std::function<void()>& handles) {
    return ending_of([&] {
      run([&] {
        handles();
        Door door;
        door.wait();
      });
    });
  };
  const std::vector<std::function<void()>> ways = {
      [] { const RunHandle handle; },
      [] {
        RunHandle handle;
        handle = RunHandle();
        RunHandle moved(std::move(handle));
        handle = moved;
        moved = std::move(handle);
        RunHandle& same = moved;
        moved = same;
        moved = std::move(same);
      },
      [] { std::jthread([handle = RunHandle()] { const RunHandle copy = handle; }).join(); },
      [] { EXPECT_TRUE(RunHandle().post([] {}).ok()); },
  };
  for (const auto& way : ways) {
    const Ending ending = ending_after(way);
    EXPECT_EQ(ending.how, "exit 2");
    EXPECT_THAT(ending.words, HasSubstr("all goroutines are asleep - deadlock"));
  }
}

}  // namespace
}  // namespace conclave
