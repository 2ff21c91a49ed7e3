// Tests that end in every way a test can, for isolation_test.cpp to run one at a time. They are no
// tests of the book.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/assert.hpp"
#include "common/todo.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

TEST(Planted, Passes) { std::puts("nobody sees this"); }

TEST(Planted, KeepsItsPromise) {
  const int finished = 3;
  must_hold("for_all returns after the last goroutine is done", finished == 10,
            "{} of 10 had finished\nthen it returned", finished);
}

TEST(Planted, ComparesTwoSums) {
  const int sum = 3;
  EXPECT_EQ(sum, 4) << "a lost update";
  EXPECT_TRUE(sum == 5);
}

TEST(Planted, Throws) { throw std::runtime_error("boom"); }

TEST(Planted, Skips) { GTEST_SKIP() << "needs a network"; }

TEST(Planted, DISABLED_IsDisabled) { FAIL(); }

TEST(Planted, Segfaults) {
  std::puts("the last words");
  std::raise(SIGSEGV);
}

TEST(Planted, WritesThroughNull) {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

TEST(Planted, Aborts) { std::abort(); }

TEST(Planted, Quits) { std::raise(SIGQUIT); }

TEST(Planted, FailsThenAborts) {
  EXPECT_EQ(1, 2);
  std::abort();
}

TEST(Planted, BreaksAnAssertion) { ensure(false, "the sum is even (it is {})", 7); }

TEST(Planted, ExitsWellTooEarly) { std::exit(0); }

TEST(Planted, ExitsWithThree) { std::_Exit(3); }

TEST(Planted, IsNotWritten) { todo("1.2: start one goroutine for each item"); }

TEST(Planted, Deadlocks) {
  std::fputs(
      "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [WaitGroup]: main\n",
      stderr);
  std::exit(2);
}

TEST(Planted, Panics) {
  std::fputs("panic: WaitGroup below zero\n\ngoroutine 3 \"logger\"\n", stderr);
  std::exit(2);
}

TEST(Planted, PanicsBeforeItsClaim) {
  const Claim law = announce("nobody who waits is forgotten (law 2)");
  std::fputs(
      "panic: WaitGroup below zero\n    at tests/common/planted.cpp:9\n\ngoroutine 3 [running]\n"
      "    in f, called at exercises/01-2-wait-for-all/for_all.cpp:15\n",
      stderr);
  std::exit(2);
  must_hold(law, false, "nobody comes here");
}

TEST(Planted, PanicsAfterItsClaim) {
  must_hold(announce("one is one"), true, "nobody sees this");
  std::fputs("panic: WaitGroup below zero\n", stderr);
  std::exit(2);
}

TEST(Planted, IsNotWrittenAfterAClaim) {
  announce("f runs once for every item");
  todo("1.2: start one goroutine for each item");
}

TEST(Planted, PassesWithARemark) { remark("6 of 7 were found"); }

TEST(Planted, Hangs) {
  // Its child holds the output open; both must go.
  ::fork();
  while (true) ::pause();
}

TEST(Planted, LeavesAChildBehind) {
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  std::printf("left %d\n", child);
  FAIL();
}

TEST(Planted, ForksAChildThatFinishesToo) {
  const pid_t child = ::fork();
  if (child != 0) {
    int status = 0;
    ::waitpid(child, &status, 0);
    std::_Exit(4);
  }
}

struct HangsAtExit {
  HangsAtExit() = default;
  HangsAtExit(const HangsAtExit&) = delete;
  HangsAtExit& operator=(const HangsAtExit&) = delete;
  ~HangsAtExit() {
    while (true) ::pause();
  }
};
TEST(Planted, HangsWhileLeaving) { static HangsAtExit hangs; }

TEST(Planted, PrintsTooMuch) {
  for (int i = 0; i < 100'000; ++i) std::printf("line %d\n", i);
  FAIL() << "after all that";
}

TEST(Planted, DrawsAndFails) { EXPECT_NE(seed_of_this_test(), seed_of_this_test()); }

TEST(Planted, DrawsAndCrashes) {
  static_cast<void>(seed_of_this_test());
  std::abort();
}

TEST(Planted, FailsUnderTheThirdSeed) {
  int round = 0;
  for_each_seed(10, [&](std::uint64_t) { EXPECT_NE(++round, 3); });
  std::printf("rounds: %d\n", round);
}

TEST(Planted, Leaks) {
  static int** lost = new int*(new int(1));
  *lost = nullptr;
}

TEST(Planted, OverflowsAnInt) {
  volatile int big = 2'147'483'647;
  big = big + 1;
}

class PlantedSuite : public testing::Test {
 protected:
  static void SetUpTestSuite() { FAIL() << "the suite cannot be set up"; }
};
TEST_F(PlantedSuite, IsNotReached) {}

class PlantedNumbers : public testing::TestWithParam<int> {};
TEST_P(PlantedNumbers, AreOdd) { EXPECT_EQ(GetParam() % 2, 1); }
INSTANTIATE_TEST_SUITE_P(Few, PlantedNumbers, testing::Values(1, 2));

TEST(PlantedStory, ComesFirst) {}
TEST(PlantedStory, ComesSecond) { FAIL() << "here it breaks"; }
TEST(PlantedStory, ComesThird) { FAIL(); }
TEST(PlantedStory, ComesLast) {}

TEST(PlantedDeathTest, KeepsWorking) {
  EXPECT_EXIT(std::exit(2), testing::ExitedWithCode(2), "");
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(std::exit(3), testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace conclave
