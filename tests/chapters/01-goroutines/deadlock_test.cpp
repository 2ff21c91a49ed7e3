// go.hpp, law 6: when all goroutines are asleep, the program ends with a report, and status 2.
#include <iostream>
#include <mutex>
#include <shared_mutex>

#include "support.hpp"

namespace conclave {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHeadline = "fatal error: all goroutines are asleep - deadlock!";

/// "deadlock_test.cpp:12".
std::string at(int line) { return place_in(__FILE__, line); }

// Each call that parks stands on a line whose number is known.
// clang-format off
constexpr int kLock = __LINE__ + 1;
void lock(Mutex& mutex) { mutex.lock(); }
constexpr int kScopedLock = __LINE__ + 1;
void lock_scoped(Mutex& mutex) { const std::scoped_lock lock(mutex); }
constexpr int kScopedLockOfTwo = __LINE__ + 1;
void lock_scoped(Mutex& one, Mutex& two) { const std::scoped_lock lock(one, two); }
constexpr int kLockGuard = __LINE__ + 1;
void lock_guarded(Mutex& mutex) { const std::lock_guard lock(mutex); }
constexpr int kUniqueLock = __LINE__ + 1;
void lock_unique(Mutex& mutex) { const std::unique_lock lock(mutex); }
constexpr int kUniqueRWLock = __LINE__ + 1;
void lock_unique(RWMutex& mutex) { const std::unique_lock lock(mutex); }
constexpr int kSharedLock = __LINE__ + 1;
void lock_shared(RWMutex& mutex) { const std::shared_lock lock(mutex); }
constexpr int kWait = __LINE__ + 1;
void wait(WaitGroup& group) { group.wait(); }
constexpr int kAcquire = __LINE__ + 1;
void acquire(Semaphore& semaphore) { semaphore.acquire(2); }
constexpr int kCondWait = __LINE__ + 1;
void wait(Cond& cond, Mutex& mutex) { mutex.lock(); cond.wait(mutex); }
constexpr int kCondWaitFor = __LINE__ + 1;
void wait_for(Cond& cond, Mutex& mutex) { mutex.lock(); cond.wait(mutex, [] { return false; }); }
constexpr int kCall = __LINE__ + 1;
void call(Once& once) { once.call([] {}); }
constexpr int kValue = __LINE__ + 1;
template <class Value> void use(const Value& value) { static_cast<void>(value()); }
constexpr int kGo = __LINE__ + 1;
void start(const std::function<void()>& f) { go(Name("planted"), f); }
constexpr int kGroupGo = __LINE__ + 1;
void start(WaitGroup& group, const std::function<void()>& f) { group.go(f); }
constexpr int kGroup = __LINE__ + 1;
void leave_undone() { WaitGroup group; group.add(1); }
constexpr int kRun = __LINE__ + 1;
void run_main(const std::function<void()>& main) { run(main); }
// clang-format on

/// How a program ends in which a goroutine named "planted" does `f` and main waits for ever.
Ending ending_of_goroutine(const std::function<void()>& f) {
  return ending_of([&] {
    run_main([&] {
      start(f);
      WaitGroup never;
      never.add(1);
      wait(never);
    });
  });
}

TEST(DeadlockReport, NamesEachGoroutineItsReasonAndItsPlaces) {
  const Ending ending = ending_of([] {
    run_main([] {
      Mutex mutex;
      lock(mutex);
      start([&] { lock(mutex); });
      let_others_park();
      lock(mutex);
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  EXPECT_THAT(ending.words, ContainsRegex("goroutine 1 .*Mutex::lock.*held by goroutine 1"));
  EXPECT_THAT(ending.words,
              ContainsRegex("goroutine 2 .planted. .*Mutex::lock.*held by goroutine 1"));
  EXPECT_THAT(ending.words, HasSubstr(at(kLock)));
  EXPECT_THAT(ending.words, HasSubstr(at(kGo)));
  EXPECT_THAT(ending.words, HasSubstr(at(kRun)));
}

TEST(DeadlockReport, PlacesAreWrittenFromTheRootOfTheRepository) {
  const Ending ending = ending_of_goroutine([] {
    Mutex mutex;
    lock(mutex);
    lock_scoped(mutex);
  });
  const std::string file = " tests/chapters/01-goroutines/deadlock_test.cpp:";
  EXPECT_THAT(ending.words, HasSubstr(fmt::format("{}{}\n", file, kScopedLock)));
  EXPECT_THAT(ending.words, HasSubstr(fmt::format("{}{}\n", file, kWait)));
  EXPECT_THAT(ending.words, HasSubstr(fmt::format("{}{}\n", file, kGo)));
}

/// A way to park for ever, the call that a report should name, and the line on which it stands.
struct Way {
  std::string call;
  int line;
  std::function<void()> park;
};

// clang-format off
const std::vector<Way> kWays = {
    {"Mutex::lock", kLock, [] { Mutex mutex; lock(mutex); lock(mutex); }},
    {"Mutex::lock", kScopedLock, [] { Mutex mutex; lock(mutex); lock_scoped(mutex); }},
    {"Mutex::lock", kScopedLockOfTwo, [] { Mutex one; Mutex two; lock(two); lock_scoped(one, two); }},
    {"Mutex::lock", kLockGuard, [] { Mutex mutex; lock(mutex); lock_guarded(mutex); }},
    {"Mutex::lock", kUniqueLock, [] { Mutex mutex; lock(mutex); lock_unique(mutex); }},
    {"RWMutex::lock", kUniqueRWLock, [] { RWMutex mutex; mutex.lock_shared(); lock_unique(mutex); }},
    {"RWMutex::lock_shared", kSharedLock, [] { RWMutex mutex; mutex.lock(); lock_shared(mutex); }},
    {"WaitGroup::wait", kWait, [] { WaitGroup group; group.add(1); wait(group); }},
    {"WaitGroup", kGroup, [] { leave_undone(); }},
    {"Semaphore::acquire", kAcquire, [] { Semaphore semaphore(2); semaphore.acquire(); acquire(semaphore); }},
    {"Cond::wait", kCondWait, [] { Mutex mutex; Cond cond; wait(cond, mutex); }},
    {"Cond::wait", kCondWaitFor, [] { Mutex mutex; Cond cond; wait_for(cond, mutex); }},
    {"", kCall, [] { Once once; once.call([&] { call(once); }); }},
    {"", kValue, [] {
       std::function<int()> again;
       const auto value = once_value([&] { return again(); });
       again = [&] { use(value); return 1; };
       use(value);
     }},
};
// clang-format on

TEST(DeadlockReport, EveryPrimitiveSaysWhatItWaitsForAndWhere) {
  const Ending ending = ending_of([] {
    run([] {
      for (const Way& way : kWays) go(Name(fmt::format("waits at {}", way.line)), way.park);
      WaitGroup never;
      never.add(1);
      wait(never);
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  for (const auto& [call, line, park] : kWays) {
    EXPECT_THAT(ending.words,
                ContainsRegex(fmt::format("waits at {}. .{}[^\n]*\n *waits at +[^\n]*{}\n", line,
                                          call, at(line))));
  }
}

TEST(DeadlockReport, AGoroutineOfAGroupShowsWhereItWasStarted) {
  const Ending ending = ending_of([] {
    run([] {
      Mutex mutex;
      WaitGroup group;  // it waits when it is destroyed
      lock(mutex);
      start(group, [&] { lock(mutex); });
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(at(kGroupGo)));
}

TEST(DeadlockReport, ShowsTheFirst100EntriesAndCountsTheRest) {
  const auto with_goroutines = [](int count) {
    return ending_of([count] {
      run([count] {
        WaitGroup never;
        never.add(1);
        for (int i = 1; i < count; ++i) go(Name(fmt::format("{}", i)), [&] { wait(never); });
        wait(never);
      });
    });
  };
  const Ending of_100 = with_goroutines(100);
  EXPECT_EQ(of_100.how, "exit 2");
  EXPECT_THAT(of_100.words, AllOf(HasSubstr("\ngoroutine 1 "), HasSubstr("\ngoroutine 100 ")));
  EXPECT_THAT(of_100.words, Not(HasSubstr("more")));

  const Ending of_250 = with_goroutines(250);
  EXPECT_EQ(of_250.how, "exit 2");
  EXPECT_THAT(of_250.words,
              AllOf(HasSubstr("\ngoroutine 100 "), Not(HasSubstr("\ngoroutine 101 "))));
  EXPECT_THAT(of_250.words, HasSubstr("150 more"));
}

TEST(DeadlockReport, AThousandInOnePlaceAreOneEntry) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  const Ending ending = ending_of([] {
    run([] {
      WaitGroup never;
      never.add(1);
      for (int i = 1; i < 1000; ++i) go([&] { wait(never); });
      wait(never);
    });
  });
  EXPECT_THAT(ending.words,
              HasSubstr("\ngoroutines 2 to 1000 (999 of them) [WaitGroup::wait: 1 not done]\n"));
  EXPECT_THAT(ending.words, Not(HasSubstr("more")));
}

TEST(DeadlockReport, ComesAfterWhatTheProgramPrinted) {
  const Ending ending = ending_of([] {
    run([] {
      std::cout << "from cout, ";
      std::cout.flush();
      std::fputs("from printf", stdout);
      Mutex mutex;
      lock(mutex);
      lock(mutex);
    });
  });
  EXPECT_THAT(ending.words, ContainsRegex("from cout, from printf.*fatal error"));
}

TEST(DeadlockReport, CountsOnlyTheLivingAndNumbersFromOneInEachRun) {
  const Ending ending = ending_of([] {
    for (int round = 0; round < 3; ++round) {
      run([] {
        WaitGroup group;
        for (int i = 0; i < 5; ++i) group.go([] { yield(); });
      });
    }
    run([] {
      go([] {});
      let_others_park();
      go(Name("late"), [] {
        WaitGroup never;
        never.add(1);
        wait(never);
      });
      let_others_park();
      Mutex mutex;
      lock(mutex);
      lock(mutex);
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("goroutine 1 "));
  EXPECT_THAT(ending.words, HasSubstr("goroutine 3 (late) "));
  EXPECT_THAT(ending.words, Not(HasSubstr("goroutine 2 ")));
}

TEST(DeadlockReport, ComesWithRandomOrderAndVirtualTimeToo) {
  const Ending ending = ending_of([] {
    in_virtual_time(
        [] {
          sleep_for(std::chrono::hours(1));
          Mutex one;
          Mutex two;
          go([&] {
            lock(one);
            sleep_for(std::chrono::seconds(1));
            lock(two);
          });
          lock(two);
          sleep_for(std::chrono::seconds(1));
          lock(one);
        },
        {.order = Order::random, .seed = 11});
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  EXPECT_THAT(ending.words, HasSubstr("held by goroutine 2"));
}

}  // namespace
}  // namespace conclave
