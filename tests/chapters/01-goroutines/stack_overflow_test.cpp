// stack_overflow.hpp: a goroutine that has used up its stack is named; any other fault stays what it is.
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <unistd.h>

#include "goroutines/stacks.hpp"
#include "support.hpp"

namespace conclave {
namespace {

using detail::Stacks;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHeadline = "fatal error: stack overflow";

/// "stack_overflow_test.cpp:12".
std::string at(int line) { return place_in(__FILE__, line); }

/// Calls itself until `bytes` of the stack are used, and returns.
int descend(std::size_t bytes, const char* top) {
  volatile char variable = 1;
  const auto used = static_cast<std::size_t>(top - const_cast<const char*>(&variable));
  return used < bytes ? descend(bytes, top) + variable : 0;
}

void use_stack(std::size_t bytes) {
  descend(bytes, static_cast<char*>(__builtin_frame_address(0)));
}

void descend_for_ever() { use_stack(std::size_t{1} << 40); }

constexpr int kGo = __LINE__ + 1;
void start(const std::function<void()>& f) { go(Name("parser"), f); }

void wait_for_ever() {
  WaitGroup never;
  never.add(1);
  never.wait();
}

Ending ending_of_goroutine(const std::function<void()>& f, const RunOptions& options = {}) {
  return ending_of([&] {
    run(
        [&] {
          start(f);
          wait_for_ever();
        },
        options);
  });
}

#define SKIP_UNDER_SANITIZER() \
  if (kUnderSanitizer) GTEST_SKIP() << "the sanitizer's own handler reports it"

TEST(StackOverflow, NamesTheGoroutineAndWhereItWasStarted) {
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of_goroutine(descend_for_ever);

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  EXPECT_THAT(ending.words, HasSubstr("\ngoroutine 2 (parser) [running]\n"));
  EXPECT_THAT(ending.words, ContainsRegex("started at [^\n]*" + at(kGo)));
}

TEST(StackOverflow, SaysHowLargeTheStackIsAndHowToGetALargerOne) {
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of_goroutine(descend_for_ever, {.stack_bytes = 32 * 1024});

  EXPECT_THAT(ending.words, HasSubstr("32 KiB"));
  EXPECT_THAT(ending.words, HasSubstr("{.stack_bytes = 64 * 1024}"));
}

TEST(StackOverflow, ShowsTheInnermostCallsAndFoldsTheRecursion) {
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of_goroutine(descend_for_ever);

  EXPECT_THAT(ending.words, ContainsRegex("    runs at +[^\n]*stack_overflow_test.cpp"));
  EXPECT_THAT(ending.words, ContainsRegex("    in descend, called at [^\n]*times.\n"));
  EXPECT_THAT(ending.words, ContainsRegex("    in use_stack, called at "));
}

char take_much_room() {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): an array may not be volatile
  volatile char variables[100'000];
  variables[0] = 1;
  return variables[0];
}

TEST(StackOverflow, LargeVariablesDoNotStepOverTheGuard) {
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of_goroutine([] { take_much_room(); });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("goroutine 2 (parser)"));
}

TEST(StackOverflow, OfMainIsReportedToo) {
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of([] { run(descend_for_ever); });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  EXPECT_THAT(ending.words, HasSubstr("\ngoroutine 1 (main) [running]\n"));
  EXPECT_THAT(ending.words, HasSubstr("ulimit -s"));
}

TEST(StackOverflow, OnASecondThreadIsReported) {
  SKIP_UNDER_SANITIZER();
  const Ending of_a_goroutine = ending_of([] {
    std::thread([] {
      run([] {
        start(descend_for_ever);
        wait_for_ever();
      });
    }).join();
  });
  const Ending of_main = ending_of([] { std::thread([] { run(descend_for_ever); }).join(); });

  EXPECT_EQ(of_a_goroutine.how, "exit 2");
  EXPECT_THAT(of_a_goroutine.words, HasSubstr("goroutine 2 (parser)"));
  EXPECT_EQ(of_main.how, "exit 2");
  EXPECT_THAT(of_main.words, HasSubstr("goroutine 1 (main)"));
}

TEST(StackOverflow, InASecondRunIsReported) {
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of([] {
    run([] {});
    run([] {
      start(descend_for_ever);
      wait_for_ever();
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("goroutine 2 (parser)"));
}

TEST(StackOverflow, ComesAfterWhatTheProgramPrinted) {
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of_goroutine([] {
    std::fputs("printed before, ", stdout);
    descend_for_ever();
  });

  EXPECT_THAT(ending.words, ContainsRegex("printed before, .*fatal error"));
}

/// Recurses with an allocation in each call, so that the overflow often lies inside malloc().
std::size_t allocate(int depth, const std::string& text) {
  const std::string longer = text + text.substr(0, 40);
  if (depth == 0) return 0;
  return allocate(depth - 1, longer.substr(0, 200)) + longer.size();
}

TEST(StackOverflow, InsideMallocIsReported) {  // law 3
  SKIP_UNDER_SANITIZER();
  for (std::size_t pages = 4; pages < 6; ++pages) {
    const Ending ending = ending_of([&] {
      std::thread([] {}).join();  // from now on malloc() takes locks
      run(
          [] {
            start([] { allocate(-1, std::string(100, 'x')); });
            wait_for_ever();
          },
          {.stack_bytes = pages * 4096});
    });
    ASSERT_EQ(ending.how, "exit 2") << ending.words;
    ASSERT_THAT(ending.words, HasSubstr("goroutine 2 (parser)"));
  }
}

TEST(StackOverflow, UnderTheSanitizerItsReportNamesTheGoroutine) {  // law 4
#ifndef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "for AddressSanitizer";
#endif
  const Ending ending = ending_of_goroutine(descend_for_ever);

  EXPECT_THAT(ending.words, HasSubstr("AddressSanitizer: stack-overflow"));
  EXPECT_THAT(ending.words, HasSubstr("\ngoroutine 2 (parser) [running]\n    started at "));
}

// --- other faults --------------------------------------------------------------------------------------

void write_to(std::uintptr_t address) {
  *reinterpret_cast<volatile char*>(address) = 1;  // NOLINT(performance-no-int-to-ptr): the fault
}

TEST(StackOverflow, ANullPointerIsNone) {  // law 2
  SKIP_UNDER_SANITIZER();
  const Ending in_a_goroutine = ending_of_goroutine([] { write_to(0); });
  const Ending in_main = ending_of([] { run([] { write_to(0); }); });
  const Ending after_run = ending_of([] {
    run([] {});
    write_to(0);
  });

  for (const Ending& ending : {in_a_goroutine, in_main, after_run}) {
    EXPECT_EQ(ending.how, "signal 11");
    EXPECT_THAT(ending.words, Not(HasSubstr(kHeadline)));
  }
}

TEST(StackOverflow, AFaultInUnusableMemoryElsewhereIsNone) {  // law 2
  SKIP_UNDER_SANITIZER();
  const Ending ending =
      ending_of_goroutine([] { write_to(reinterpret_cast<std::uintptr_t>("a constant")); });

  EXPECT_EQ(ending.how, "signal 11");
  EXPECT_THAT(ending.words, Not(HasSubstr(kHeadline)));
}

TEST(StackOverflow, ASignalThatSomebodySendsEndsTheProgram) {  // law 2
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of_goroutine([] { ::kill(::getpid(), SIGSEGV); });

  EXPECT_EQ(ending.how, "signal 11");
}

void exit_with_7(int /*signal*/) { _exit(7); }

TEST(StackOverflow, TheProgramsOwnHandlerIsKept) {  // signal_handler.hpp, law 1
  SKIP_UNDER_SANITIZER();                           // which sees the null pointer first
  const Ending installed_before = ending_of([] {
    std::signal(SIGSEGV, exit_with_7);
    run([] {
      start([] { write_to(0); });
      wait_for_ever();
    });
  });
  const Ending installed_inside = ending_of([] {
    run([] { std::signal(SIGSEGV, exit_with_7); });
    write_to(0);
  });

  EXPECT_EQ(installed_before.how, "exit 7");
  EXPECT_EQ(installed_inside.how, "exit 7");
}

TEST(StackOverflow, TheHandlerStaysUntilTheLastRunIsOver) {  // signal_handler.hpp, law 2
  SKIP_UNDER_SANITIZER();
  const Ending ending = ending_of([] {
    run([] {
      std::thread([] { run([] {}); }).join();
      start(descend_for_ever);
      wait_for_ever();
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("goroutine 2 (parser)"));
}

// --- stacks without a guard page -----------------------------------------------------------------------

/// As ending_of_goroutine(), where all stacks with a guard page are taken.
Ending ending_beyond_the_guards(const std::function<void()>& f) {
  return ending_of([&] {
    Stacks::forget_light_guards();
    run(
        [&] {
          WaitGroup arriving;
          for (std::size_t i = 0; i < Stacks::kGuarded + 1; ++i) {
            arriving.add(1);
            go([&arriving] {
              arriving.done();
              wait_for_ever();
            });
          }
          arriving.wait();
          go([] { std::puts("another goroutine ran"); });
          start(f);  // the newest, which runs first
          wait_for_ever();
        },
        {.stack_bytes = Stacks::kBytesMin});
  });
}

/// Leaves the smallest stack, goes on into that of a parked goroutine, and comes back.
void overflow_and_return() { use_stack(Stacks::kBytesMin + Stacks::kPage + 2000); }

TEST(StackOverflow, BeyondTheGuardsIsReportedAtTheNextPark) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  const Ending ending = ending_beyond_the_guards([] {
    overflow_and_return();
    wait_for_ever();
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  EXPECT_THAT(ending.words, HasSubstr("goroutine 16004 (parser) [running]\n"));
  EXPECT_THAT(ending.words, ContainsRegex("in wait_for_ever, called at "));
  EXPECT_THAT(ending.words, Not(HasSubstr("another goroutine ran")));
}

TEST(StackOverflow, BeyondTheGuardsIsReportedAtAYield) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  const Ending ending = ending_beyond_the_guards([] {
    overflow_and_return();
    yield();
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("goroutine 16004 (parser) [running]\n"));
  EXPECT_THAT(ending.words, Not(HasSubstr("another goroutine ran")));
}

TEST(StackOverflow, BeyondTheGuardsIsReportedWhenTheGoroutineEnds) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kTooManyThreads;
  const Ending ending = ending_beyond_the_guards(overflow_and_return);

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  EXPECT_THAT(ending.words, HasSubstr("goroutine 16004 (parser) [running]\n"));
  EXPECT_THAT(ending.words, Not(HasSubstr("another goroutine ran")));
}

}  // namespace
}  // namespace conclave
