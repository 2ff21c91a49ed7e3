// Exercise 1.7: the reader's tests are the thing under test.  Each of them examines each mutex in a process of its own,
// so that a deadlock, a panic or a crash of one examination is a verdict and no more.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <vector>
#include <sys/mman.h>
#include <sys/resource.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "01-7-break-the-mutex/mutexes.hpp"
#include "common/assert.hpp"
#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"
#include "mutex_tests.hpp"
#include "testing/child.hpp"
#include "testing/expect.hpp"
#include "testing/verdict.hpp"

namespace conclave {
namespace {

constexpr std::uint64_t kSeeds = 50;
constexpr std::size_t kWanted = 5;
constexpr std::uint64_t kProcessorSecondsMax =
    1;  // of one test with one mutex: not of the clock on the wall

/// What an examination has come to; the process that makes it writes, the one that waits for it reads.
struct Progress {
  std::uint64_t seed = 0;  // 0: the standard order
  bool rejected = false;
  char why[300] = {};
};

Progress& progress() {
  static Progress* shared = [] {
    void* memory = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ensure(memory != MAP_FAILED, "there is memory for an examination's verdict");
    return new (memory) Progress;
  }();
  return *shared;
}

/// What one test says of one mutex.
struct Verdict {
  bool accepted = false;
  std::string order;   ///< in which it was rejected: "in the random order of seed 7"
  std::string reason;  ///< why; empty when it was accepted
  std::string output;  ///< what the test printed
};

/// Runs the test in the standard order and in random ones, up to the first that rejects the mutex.
void examine_in_every_order(const MutexTest& test, const MutexMaker& make) {
  const rlimit processor_time{kProcessorSecondsMax, kProcessorSecondsMax};
  ::setrlimit(RLIMIT_CPU, &processor_time);
  for (std::uint64_t seed = 0; seed <= kSeeds; ++seed) {
    progress().seed = seed;
    const auto mutex = make();
    VirtualClock clock;
    RunOptions options{.clock = &clock};
    if (seed != 0) {
      options.order = Order::random;
      options.seed = seed;
    }
    run([&] { test.examine(*mutex); }, options);
  }
}

Verdict examine(const MutexTest& test, const MutexMaker& make) {
  progress() = {};
  const auto limit = std::chrono::seconds(60);
  const isolation::Ending ending =
      isolation::run_in_child([&] { examine_in_every_order(test, make); }, limit);
  const isolation::Verdict end = isolation::judge(ending, limit);

  Verdict verdict;
  verdict.output = ending.output;
  verdict.order = progress().seed == 0
                      ? "in the standard order"
                      : fmt::format("in the random order of seed {}", progress().seed);
  if (end.outcome == isolation::Outcome::todo) {
    fmt::print(stderr, "{}", ending.output);
    std::_Exit(kTodoStatus);
  }
  if (progress().rejected) {
    verdict.reason = fmt::format("your expect does not hold: {}", progress().why);
  } else if (end.outcome == isolation::Outcome::passed) {
    verdict.accepted = true;
  } else if (end.happened.find("SIGXCPU") != std::string::npos ||
             end.happened.find("SIGKILL") != std::string::npos) {
    verdict.reason = fmt::format("it was still running after {} s of the processor's time",
                                 kProcessorSecondsMax);
  } else {
    verdict.reason = end.happened;
  }
  return verdict;
}

/// A right mutex passes every test, in every order.
void must_accept(std::string_view which, const MutexMaker& make) {
  const std::vector<MutexTest> tests = mutex_tests();
  must_hold("a test that rejects mutexes accepts a right one", !tests.empty(),
            "mutex_tests() returns no test");
  for (const MutexTest& test : tests) {
    const Verdict verdict = examine(test, make);
    if (!verdict.accepted) fmt::print("{}", verdict.output);
    if (!must_hold("every test accepts a right mutex, in every order", verdict.accepted,
                   "your test '{}' rejects {}\n{}: {}", test.name, which, verdict.order,
                   verdict.reason)) {
      return;
    }
  }
}

TEST(MutexTests, AcceptTheMutexOfThisChapter) {
  must_accept("the Mutex of this chapter", our_mutex());
}

TEST(MutexTests, AcceptARightMutexBuiltAnotherWay) {
  must_accept("a mutex made of a Semaphore, which keeps all four laws", semaphore_as_mutex());
}

TEST(MutexTests, RejectFiveOfSevenWrongOnes) {
  const std::vector<MutexTest> tests = mutex_tests();
  const std::vector<MutexMaker> wrong = planted_mutexes();
  std::vector<bool> rejected(wrong.size());
  std::string each;
  for (const MutexTest& test : tests) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      if (examine(test, wrong[i]).accepted) continue;
      rejected[i] = true;
      ++count;
    }
    each += fmt::format("\n  {} by '{}'", count, test.name);
  }

  const auto count = static_cast<std::size_t>(std::ranges::count(rejected, true));
  must_hold(fmt::format("your tests reject {} of the {} wrong mutexes", kWanted, wrong.size()),
            count >= kWanted, "they reject {}, and {} live; of the seven are rejected{}", count,
            wrong.size() - count, each);
}

}  // namespace

void expect(bool holds, std::string_view what) {
  if (holds) return;
  Progress& own = progress();
  own.rejected = true;
  *fmt::format_to_n(own.why, sizeof own.why - 1, "{}", what).out = '\0';
  std::_Exit(0);
}

}  // namespace conclave
