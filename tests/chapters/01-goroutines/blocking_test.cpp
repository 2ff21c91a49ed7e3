// blocking.hpp: a call that blocks its thread, without blocking the other goroutines.
#include "goroutines/blocking.hpp"

#include <atomic>
#include <barrier>
#include <cerrno>
#include <csignal>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "goroutines/descriptor.hpp"
#include "goroutines/outside.hpp"
#include "support.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// --- what comes back -----------------------------------------------------------------------------------

TEST(Blocking, RunsItsFunctionOnceOnAnotherThread) {
  run([] {
    int runs = 0;
    std::thread::id where;
    blocking([&] {
      ++runs;
      where = std::this_thread::get_id();
    });
    EXPECT_EQ(runs, 1);
    EXPECT_NE(where, std::this_thread::get_id());
  });
}

TEST(Blocking, TheOthersRunMeanwhile) {
  Log log;
  run([&] {
    std::latch opened(1);
    WaitGroup group;
    group.go([&] {
      blocking([&] { opened.wait(); });
      log.push_back("returns");
    });
    let_others_park();

    log.push_back("open");
    opened.count_down();

    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("open", "returns"));
}

int forty_two() { return 42; }

TEST(Blocking, ReturnsWhatTheFunctionReturns) {
  struct NoDefault {
    explicit NoDefault(int n) : number(n) {}
    int number;
  };
  run([] {
    int variable = 1;
    const std::string text = "text";
    EXPECT_EQ(blocking([] { return 1; }), 1);
    EXPECT_EQ(blocking(forty_two), 42);
    EXPECT_EQ(blocking(&forty_two), 42);
    EXPECT_EQ(blocking(std::function<int()>(forty_two)), 42);
    EXPECT_EQ(blocking([] { return NoDefault(3); }).number, 3);
    EXPECT_EQ(*blocking([] { return std::make_unique<int>(4); }), 4);
    EXPECT_EQ(&blocking([&]() -> int& { return variable; }), &variable);
    EXPECT_EQ(&blocking([&]() -> const std::string& { return text; }), &text);
    EXPECT_EQ(blocking([] { return std::optional<int>(); }), std::nullopt);
    EXPECT_EQ(blocking([] { return static_cast<const char*>(nullptr); }), nullptr);

    auto moved = std::make_unique<int>(5);
    EXPECT_EQ(*blocking([&]() -> std::unique_ptr<int>&& { return std::move(moved); }), 5);
    EXPECT_EQ(blocking([held = std::make_unique<int>(6)] { return *held; }), 6);

    auto counter = [count = 0]() mutable { return ++count; };
    blocking(counter);
    EXPECT_EQ(blocking(counter), 2);  // the very one that was given
    static_assert(std::is_void_v<decltype(blocking([] {}))>);
  });
}

TEST(Blocking, ThrowsWhatTheFunctionThrows) {
  struct Own {
    int number;
  };
  run([] {
    EXPECT_THROW(blocking([]() -> int { throw std::out_of_range("far"); }), std::out_of_range);
    EXPECT_THROW(blocking([] { panic("ours"); }), Panic);
    try {
      blocking([]() -> int& { throw Own{7}; });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Own& own) {
      EXPECT_EQ(own.number, 7);
    }
    try {
      throw std::runtime_error("before");
    } catch (const std::runtime_error& before) {
      EXPECT_THROW(blocking([] { throw 1; }), int);
      EXPECT_EQ(std::string(before.what()), "before");
      EXPECT_THROW(throw, std::runtime_error);
    }
    EXPECT_EQ(std::current_exception(), nullptr);
  });
}

TEST(Blocking, AnExceptionThatNobodyCatchesEndsTheProgramWithAReport) {
  const Ending ending = ending_of([] {
    run([] {
      go(Name("reader"), [] { blocking([] { throw std::runtime_error("the disk is gone"); }); });
      sleep_for(hours(1));
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, AllOf(HasSubstr("the disk is gone"), HasSubstr("(reader)")));
}

TEST(Blocking, ErrnoIsThatOfTheFunction) {
  run([] {
    WaitGroup group;
    for (const int number : {ENOENT, EIO, ENOSPC, EDOM}) {
      group.go([number] {
        for (int i = 0; i < 20; ++i) {
          const int result = blocking([number] {
            errno = number;
            return -1;
          });
          EXPECT_EQ(errno, number);
          EXPECT_EQ(result, -1);
          yield();
          EXPECT_EQ(errno, number);
        }
      });
    }
    EXPECT_EQ(blocking([] { return open("/does/not/exist", O_RDONLY); }), -1);
    EXPECT_EQ(errno, ENOENT);
  });
}

TEST(Blocking, OutsideRunAndWithoutAFunctionItPanics) {
  EXPECT_THAT(panic_of([] { blocking([] {}); }).what(),
              AllOf(HasSubstr("outside run()"), HasSubstr(place_in(__FILE__, __LINE__ - 1))));
  run([] {
    void (*no_function)() = nullptr;
    EXPECT_THAT(panic_of([&] { blocking(no_function); }).what(),
                AllOf(HasSubstr("empty"), HasSubstr(place_in(__FILE__, __LINE__ - 1))));
    EXPECT_THAT(panic_of([] { blocking(std::function<int()>()); }).what(), HasSubstr("empty"));
  });
}

// --- how many ------------------------------------------------------------------------------------------

TEST(Blocking, AsManyRunAtOnceAsThereAreHelpersAndNoMore) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kThreadsOfItsOwn;
  for (const std::size_t helpers_max : {1U, 3U, 16U}) {
    std::atomic<std::size_t> running = 0;
    std::atomic<std::size_t> most = 0;
    run(
        [&] {
          std::barrier all_run(static_cast<std::ptrdiff_t>(helpers_max));
          WaitGroup group;
          for (std::size_t i = 0; i < 4 * helpers_max; ++i) {
            group.go([&] {
              blocking([&] {
                const std::size_t now_running = ++running;
                for (std::size_t seen = most; seen < now_running;) {
                  if (most.compare_exchange_weak(seen, now_running)) break;
                }
                all_run.arrive_and_wait();  // returns only when so many run at once
                --running;
              });
            });
          }
          group.wait();
          EXPECT_LE(entries_in("/proc/self/task"), static_cast<std::ptrdiff_t>(helpers_max) + 1);
        },
        {.helpers_max = helpers_max});
    EXPECT_EQ(most, helpers_max);
  }
}

TEST(Blocking, TheOthersWaitFirstComeFirstServed) {
  for_each_seed(20, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      std::vector<int> came;
      std::vector<int> began;  // by one helper thread at a time
      run(
          [&] {
            WaitGroup group;
            for (int i = 0; i < 30; ++i) {
              group.go([&, i] {
                came.push_back(i);
                blocking([&began, i] { began.push_back(i); });
              });
            }
            group.wait();
          },
          {.order = order, .seed = seed, .helpers_max = 1});
      EXPECT_EQ(began, came);
    }
  });
}

TEST(Blocking, TheNumberOfHelpersHasARange) {
  for (const std::size_t helpers_max : {std::size_t{0}, std::size_t{1025}, std::size_t(-1)}) {
    bool ran = false;
    const Panic panic = panic_of([&] { run([&] { ran = true; }, {.helpers_max = helpers_max}); });
    EXPECT_THAT(panic.what(), AllOf(HasSubstr(std::to_string(helpers_max)), HasSubstr("1024")));
    EXPECT_FALSE(ran);
  }
  int result = 0;
  run([&] { result = blocking([] { return 1; }); }, {.helpers_max = 1024});
  EXPECT_EQ(result, 1);
}

TEST(Blocking, CallsOneAfterTheOtherShareOneThread) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kThreadsOfItsOwn;
  run([] {
    std::set<std::thread::id> threads;
    for (int i = 0; i < 100; ++i) {
      blocking([&] { threads.insert(std::this_thread::get_id()); });
    }
    EXPECT_THAT(threads, SizeIs(1));
    EXPECT_EQ(entries_in("/proc/self/task"), 2);
  });
}

TEST(Blocking, NoThreadIsLeftAfterRun) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kThreadsOfItsOwn;
  for (int round = 0; round < 20; ++round) {
    run([] {
      WaitGroup group;
      for (int i = 0; i < 40; ++i) group.go([] { blocking([] {}); });
      group.wait();
    });
    EXPECT_EQ(entries_in("/proc/self/task"), 1);
  }
}

TEST(Blocking, WithoutAThreadItPanicsOrWaitsForTheOnesThereAre) {
  if (kUnderSanitizer) GTEST_SKIP() << "its shadow memory knows no limit";
  const auto with_address_space = [](rlim_t more, const std::function<void()>& f) {
    long pages = 0;
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/statm", "r"),
                                                     std::fclose);
    ASSERT_EQ(std::fscanf(file.get(), "%ld", &pages), 1);
    rlimit before{};
    getrlimit(RLIMIT_AS, &before);
    const rlimit tight{static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE)) + more, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_AS, &tight), 0);
    f();
    ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  };
  run([&] {
    with_address_space(2'000'000, [] {
      EXPECT_THAT(panic_of([] { blocking([] {}); }).what(),
                  AllOf(HasSubstr("no thread"), HasSubstr(place_in(__FILE__, __LINE__ - 1))));
    });
    EXPECT_EQ(blocking([] { return 1; }), 1);
    WaitGroup group;
    for (int i = 0; i < 3; ++i) group.go([] { yield(); });  // so that there are stacks
    group.wait();
    with_address_space(2'000'000, [&group] {
      int runs = 0;
      for (int i = 0; i < 3; ++i) group.go([&] { blocking([&] { ++runs; }); });
      group.wait();
      EXPECT_EQ(runs, 3);
    });
  });
}

// --- inside the function -------------------------------------------------------------------------------

TEST(Blocking, InsideTheFunctionTheLibraryPanicsAndSaysWhy) {
  struct Way {
    std::string name;
    std::function<void()> call;
  };
  run([] {
    Mutex mutex;
    RWMutex rw_mutex;
    WaitGroup group;
    Semaphore semaphore(1);
    GoroutineGroup members;
    group.add(1);
    const std::vector<Way> ways = {
        {"go", [] { go([] {}); }},
        {"yield", [] { yield(); }},
        {"now", [] { (void)now(); }},
        {"sleep_for", [] { sleep_for(hours(1)); }},
        {"num_goroutines", [] { (void)num_goroutines(); }},
        {"Mutex", [&] { const std::scoped_lock lock(mutex); }},
        {"RWMutex", [&] { const std::unique_lock lock(rw_mutex); }},
        {"RWMutex shared", [&] { const std::shared_lock lock(rw_mutex); }},
        {"WaitGroup::wait", [&] { group.wait(); }},
        {"WaitGroup::go", [&] { group.go([] {}); }},
        {"Semaphore", [&] { semaphore.acquire(); }},
        {"GoroutineGroup::go", [&] { members.go([] {}); }},
        {"GoroutineGroup::end", [&] { members.end(); }},
        {"wait_readable", [] { (void)wait_readable(0); }},
        {"blocking", [] { blocking([] {}); }},
        {"RunHandle", [] { const RunHandle handle; }},
    };
    for (const auto& [name, call] : ways) {
      EXPECT_THAT(panic_of([&] { blocking(call); }).what(),
                  AllOf(HasSubstr("blocking()"), HasSubstr("RunHandle::post")))
          << name;
    }
    group.done();
    EXPECT_TRUE(mutex.try_lock());
    EXPECT_TRUE(rw_mutex.try_lock());
    EXPECT_EQ(semaphore.available(), 1);
  });
}

TEST(Blocking, WakingAGoroutineFromTheFunctionIsReported) {
  const Ending ending = ending_of([] {
    run([] {
      WaitGroup group;
      group.add(1);
      go([&] { blocking([&] { group.done(); }); });
      group.wait();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("RunHandle::post"));
}

TEST(Blocking, TheFunctionMayPost) {
  Log log;
  run([&] {
    WaitGroup group;
    group.add(1);
    blocking([&, handle = RunHandle()] {
      EXPECT_TRUE(handle
                      .post([&] {
                        yield();
                        log.push_back("posted");
                        group.done();
                      })
                      .ok());
    });
    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("posted"));
}

TEST(Blocking, HelperThreadsTakeNoSignals) {
  static std::atomic<pid_t> taken_by = 0;
  std::signal(SIGUSR1, [](int) { taken_by = gettid(); });
  run([] {
    const pid_t ours = gettid();
    const int unblocked = blocking([] {
      sigset_t blocked;
      pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
      int missing = 0;
      for (int number = 1; number < 32; ++number) {
        const bool cannot_be = number == SIGKILL || number == SIGSTOP;
        if (!cannot_be && sigismember(&blocked, number) == 0) ++missing;
      }
      return missing;
    });
    EXPECT_EQ(unblocked, 0);

    blocking([] {
      kill(getpid(), SIGUSR1);
      while (taken_by == 0) std::this_thread::yield();
    });
    EXPECT_EQ(taken_by, ours);

    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    EXPECT_EQ(sigismember(&blocked, SIGUSR1), 0);
  });
}

}  // namespace
}  // namespace conclave
