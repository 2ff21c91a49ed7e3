// outside.hpp: handles, on any thread at any time; what other threads may not do.
#include <array>
#include <atomic>
#include <latch>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
#include <thread>

#include "goroutines/blocking.hpp"
#include "goroutines/descriptor.hpp"
#include "goroutines/outside.hpp"
#include "support.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::HasSubstr;

// --- handles -------------------------------------------------------------------------------------------

TEST(RunHandle, PanicsOutsideRun) {
  EXPECT_THAT(panic_of([] { const RunHandle handle; }).what(),
              AllOf(HasSubstr("outside run()"), HasSubstr(place_in(__FILE__, __LINE__ - 1))));
  run([] {
    std::thread([] {
      EXPECT_THAT(panic_of([] { const RunHandle handle; }).what(), HasSubstr("outside run()"));
    }).join();
  });
}

TEST(RunHandle, OneThatWasMovedFromPanicsAndCanBeAssignedTo) {
  run([] {
    RunHandle handle;
    RunHandle moved(std::move(handle));
    EXPECT_THAT(panic_of([&] { (void)handle.post([] {}); }).what(),
                AllOf(HasSubstr("moved"), HasSubstr(place_in(__FILE__, __LINE__ - 1))));
    RunHandle copy_of_nothing(handle);
    EXPECT_THAT(panic_of([&] { (void)copy_of_nothing.post([] {}); }).what(), HasSubstr("moved"));

    handle = moved;
    EXPECT_TRUE(handle.post([] {}).ok());
    RunHandle& same = handle;
    handle = same;
    handle = std::move(same);
    EXPECT_TRUE(handle.post([] {}).ok());
    moved = std::move(copy_of_nothing);
    EXPECT_THAT(panic_of([&] { (void)moved.post([] {}); }).what(), HasSubstr("moved"));
  });
}

TEST(RunHandle, AfterRunHasEndedAPostIsRefused) {
  std::optional<RunHandle> handle;
  std::thread([&] {
    run([&] { handle.emplace(); });
    EXPECT_EQ(handle->post([] {}).code(), Code::unavailable);
    run([&] {
      bool ran = false;
      EXPECT_EQ(handle->post([&] { ran = true; }).code(), Code::unavailable);
      EXPECT_TRUE(RunHandle().post([] {}).ok());
      let_others_park();
      EXPECT_FALSE(ran);
    });
  }).join();  // and the thread has gone, too

  const RunHandle copy(*handle);
  const Status status = copy.post([] {});
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ended"));
  auto held = std::make_shared<int>(1);
  EXPECT_FALSE(copy.post([held] {}).ok());
  EXPECT_EQ(held.use_count(), 1);
}

TEST(RunHandle, OneMadeByADestructorAtTheEndIsOfARunThatHasEnded) {
  std::optional<RunHandle> late;
  std::thread([&] {
    run([&] {
      go([&] {
        const AtTheEnd at_the_end{[&] {
          late.emplace();
          EXPECT_EQ(late->post([] { ADD_FAILURE() << "ran"; }).code(), Code::unavailable);
        }};
        sleep_for(hours(1));
      });
      let_others_park();
    });
    run([] { let_others_park(); });
  }).join();
  EXPECT_EQ(late->post([] {}).code(), Code::unavailable);
}

TEST(RunHandle, HandlesMayGoOnAnyThreadAtAnyTime) {
  for_each_seed(20, [](std::uint64_t seed) {
    std::vector<std::jthread> threads;
    run(
        [&] {
          const RunHandle handle;
          for (std::uint64_t thread = 0; thread < 4; ++thread) {
            threads.emplace_back([handle, random = std::mt19937_64(seed + thread)]() mutable {
              std::vector<RunHandle> handles(1, handle);
              for (int i = 0; i < 1000; ++i) {
                switch (random() % 3) {
                  case 0:
                    handles.push_back(handle);
                    break;
                  case 1:
                    if (!handles.empty()) handles.pop_back();
                    break;
                  default:
                    EXPECT_THAT(handle.post([copy = handle] { yield(); }).code(),
                                testing::AnyOf(Code::ok, Code::unavailable));
                }
              }
            });
          }
          for (std::uint64_t i = seed % 10 * 100; i > 0; --i) yield();
        },
        {.order = seed % 2 == 0 ? Order::standard : Order::random, .seed = seed});
  });
}

// --- two runs ------------------------------------------------------------------------------------------

TEST(RunHandle, TwoRunsSpeakToEachOther) {
  constexpr int kRounds = 1000;
  std::array<int, 2> heard{};
  std::array<std::optional<RunHandle>, 2> handles;
  std::array<std::function<void()>, 2> serve;
  std::latch both_are_there(2);
  std::latch both_are_done(2);
  const auto side = [&](std::size_t own) {
    run([&] {
      Door door;
      handles[own].emplace();
      serve[own] = [&, own] {
        ++heard[own];
        if (heard[own] <= kRounds) {
          EXPECT_TRUE(handles[1 - own]->post([&, own] { serve[1 - own](); }).ok());
        }
        if (heard[own] == kRounds) door.done();
      };
      blocking([&] { both_are_there.arrive_and_wait(); });
      if (own == 0) {
        EXPECT_TRUE(handles[1]->post([&] { serve[1](); }).ok());
      }
      door.wait();
      blocking([&] { both_are_done.arrive_and_wait(); });
      serve[own] = nullptr;
    });
  };
  std::thread other([&] { side(1); });
  side(0);
  other.join();
  EXPECT_THAT(heard, testing::Each(testing::Ge(kRounds)));
}

// --- what other threads may not do ---------------------------------------------------------------------

TEST(AnotherThread, IsToldThatTheLibraryIsForGoroutines) {
  struct Way {
    std::string name;
    std::function<void()> call;
  };
  run([] {
    Mutex mutex;
    mutex.lock();
    RWMutex rw_mutex;
    rw_mutex.lock();
    WaitGroup group;
    group.add(1);
    Semaphore semaphore(1);
    semaphore.acquire();
    GoroutineGroup members;
    const std::vector<Way> ways = {
        {"go", [] { go([] {}); }},
        {"yield", [] { yield(); }},
        {"now", [] { (void)now(); }},
        {"sleep_for", [] { sleep_for(hours(1)); }},
        {"sleep_until", [] { sleep_until(TimePoint::max()); }},
        {"num_goroutines", [] { (void)num_goroutines(); }},
        {"Mutex", [&] { const std::scoped_lock lock(mutex); }},
        {"RWMutex", [&] { const std::unique_lock lock(rw_mutex); }},
        {"RWMutex shared", [&] { const std::shared_lock lock(rw_mutex); }},
        {"WaitGroup::wait", [&] { group.wait(); }},
        {"WaitGroup::go", [&] { group.go([] {}); }},
        {"Semaphore::acquire", [&] { semaphore.acquire(); }},
        {"Semaphore::release", [&] { semaphore.release(); }},
        {"GoroutineGroup::go", [&] { members.go([] {}); }},
        {"GoroutineGroup::end", [&] { members.end(); }},
        {"wait_readable", [] { (void)wait_readable(0); }},
        {"wait_writable", [] { (void)wait_writable(0); }},
        {"blocking", [] { blocking([] {}); }},
    };
    std::jthread([&] {
      for (const auto& [name, call] : ways) {
        EXPECT_THAT(panic_of(call).what(),
                    AllOf(HasSubstr("outside run()"), HasSubstr("RunHandle::post")))
            << name;
      }
    }).join();
    group.done();
  });
}

TEST(AnotherThread, ThatWakesAGoroutineIsReported) {
  const std::vector<std::function<void(Mutex&, WaitGroup&, Cond&)>> ways = {
      [](Mutex& mutex, WaitGroup&, Cond&) { mutex.unlock(); },
      [](Mutex&, WaitGroup& group, Cond&) { group.done(); },
      [](Mutex&, WaitGroup&, Cond& cond) { cond.notify_one(); },
      [](Mutex&, WaitGroup&, Cond& cond) { cond.notify_all(); },
  };
  for (const auto& wake : ways) {
    const Ending ending = ending_of([&] {
      run([&] {
        Mutex mutex;
        Mutex of_cond;
        WaitGroup group;
        Cond cond;
        group.add(1);
        mutex.lock();
        go([&] { mutex.lock(); });
        go([&] { group.wait(); });
        go([&] {
          std::unique_lock lock(of_cond);
          cond.wait(lock);
        });
        let_others_park();
        std::jthread([&] {
          try {
            wake(mutex, group, cond);
            std::_Exit(3);  // nobody was told
          } catch (const Panic& panic) {
            std::fputs(panic.what(), stderr);
            std::_Exit(2);
          }
        }).join();
      });
    });
    EXPECT_EQ(ending.how, "exit 2");
    EXPECT_THAT(ending.words, HasSubstr("RunHandle::post"));
  }
}

}  // namespace
}  // namespace conclave
