// dump.hpp, laws 1, 3 and 4: SIGQUIT is answered with a dump and status 2, whatever the program does.
#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.hpp"

namespace conclave {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string at(int line) { return place_in(__FILE__, line); }

/// What /proc says of a thread: 'S' while it waits in the kernel, 'R' while it runs.
char state_of(pid_t thread) {
  std::ifstream file(fmt::format("/proc/self/task/{}/stat", thread));
  std::string line;
  std::getline(file, line);
  return line.at(line.rfind(')') + 2);
}

pid_t this_thread() { return static_cast<pid_t>(syscall(SYS_gettid)); }

/// Sends SIGQUIT to the program as soon as `thread` waits in the kernel.
void quit_when_idle(pid_t thread) {
  std::thread([thread] {
    while (state_of(thread) != 'S') std::this_thread::yield();
    kill(getpid(), SIGQUIT);
  }).detach();
}

TEST(Quit, AnIdleProgramAnswers) {
  const Ending ending = ending_of([] {
    run([] {
      go(Name("sleeper"), [] { sleep_for(std::chrono::hours(2)); });
      quit_when_idle(this_thread());
      sleep_for(std::chrono::hours(1));
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, AllOf(HasSubstr("SIGQUIT: quit\n\ngoroutine 1 (main) [sleep]"),
                                  HasSubstr("goroutine 2 (sleeper) [sleep]")));
}

TEST(Quit, ABusyProgramAnswersBetweenTwoGoroutines) {
  const Ending ending = ending_of([] {
    run([] {
      go(Name("spinner"), [] {
        for (;;) yield();
      });
      yield();
      std::raise(SIGQUIT);
      for (;;) yield();
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words,
              AllOf(HasSubstr("goroutine 1 (main) [runnable]"), HasSubstr("(spinner) [runnable]")));
}

volatile std::uint64_t spins = 0;
// clang-format off
constexpr int kSpin = __LINE__ + 1;
[[gnu::noinline]] void spin() { for (spins = 1; spins > 0;) spins = spins + 1; }
constexpr int kCallsSpin = __LINE__ + 1;
[[gnu::noinline]] void call_spin() { spin(); yield(); }
// clang-format on

TEST(Quit, OneThatHoldsTheProcessorIsInterrupted) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  const Ending ending = ending_of([] {
    run([] {
      go(Name("waiter"), [] { sleep_for(std::chrono::hours(1)); });
      go(Name("hog"), [] {
        std::raise(SIGQUIT);
        call_spin();
        yield();
      });
      sleep_for(std::chrono::hours(1));
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words,
              ContainsRegex("SIGQUIT: quit\n\ngoroutine [23] .hog. .running.\n    runs at +[^\n]*" +
                            at(kSpin)));
  EXPECT_THAT(ending.words, ContainsRegex("in [^\n]*spin, called at [^\n]*" + at(kCallsSpin)));
  EXPECT_THAT(ending.words, HasSubstr("goroutine 1 (main) [sleep]"));
}

TEST(Quit, OneThatIsInterruptedNeedsNoStackOfItsOwn) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  const Ending ending = ending_of([] {
    run(
        [] {
          go(Name("hog"), [] {
            std::raise(SIGQUIT);
            call_spin();
          });
          sleep_for(std::chrono::hours(1));
        },
        {.stack_bytes = std::size_t{16} << 10});
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("runs at +[^\n]*" + at(kSpin)));
}

TEST(Quit, AGoroutineThatBlocksTheThreadInTheKernelIsInterrupted) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  const Ending ending = ending_of([] {
    run([] {
      int ends[2];
      ASSERT_EQ(pipe(ends), 0);
      quit_when_idle(this_thread());
      char byte = 0;
      while (read(ends[0], &byte, 1) != 1) {
      }
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("SIGQUIT: quit\n\ngoroutine 1 (main) [running]"));
}

TEST(Quit, EveryThreadInsideRunAnswers) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  const Ending ending = ending_of([] {
    std::atomic<pid_t> idle = 0;
    std::atomic<bool> spinning = false;
    std::thread sleeper([&] {
      run([&] {
        go(Name("sleeper"), [] { sleep_for(std::chrono::hours(1)); });
        idle = this_thread();
        sleep_for(std::chrono::hours(1));
      });
    });
    std::thread hog([&] {
      run([&] {
        go(Name("hog"), [&] {
          spinning = true;
          call_spin();
        });
        sleep_for(std::chrono::hours(1));
      });
    });
    while (idle == 0 || !spinning) std::this_thread::yield();
    quit_when_idle(idle);
    sleeper.join();
    hog.join();
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, AllOf(HasSubstr("--- run() 1 of 2"), HasSubstr("--- run() 2 of 2"),
                                  HasSubstr("(sleeper) [sleep]"), HasSubstr("(hog) [running]")));
}

TEST(Quit, ADumpThatCannotBeFinishedEndsTheProgramAllTheSame) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  struct Stuck : Clock {  // a dump asks for the time; this one never tells
    bool stuck = false;
    TimePoint now() const noexcept override {
      while (stuck) spins = spins + 1;
      return {};
    }
    bool jump_to(TimePoint /*next*/) noexcept override { return true; }
  };
  const Ending ending = ending_of([] {
    Stuck clock;
    run(
        [&] {
          clock.stuck = true;
          std::raise(SIGQUIT);
          for (;;) spins = spins + 1;
        },
        {.clock = &clock});
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("could not be finished"));
}

std::atomic<int> own_handler_ran = 0;

TEST(Quit, TheProgramsOwnHandlerStays) {
  const Ending ending = ending_of([] {
    struct sigaction action{};
    action.sa_handler = [](int) { ++own_handler_ran; };
    sigaction(SIGQUIT, &action, nullptr);

    run([] {
      std::raise(SIGQUIT);
      let_others_park();
    });

    EXPECT_EQ(own_handler_ran, 1);
  });

  EXPECT_EQ(ending.how, "exit 0");
}

TEST(Quit, AfterRunTheDefaultIsBack) {
  struct sigaction inside{};
  struct sigaction after{};

  run([&] { sigaction(SIGQUIT, nullptr, &inside); });
  sigaction(SIGQUIT, nullptr, &after);

  EXPECT_NE(inside.sa_handler, SIG_DFL);
  EXPECT_EQ(after.sa_handler, SIG_DFL);
  const Ending ending = ending_of([] {
    run([] {});
    std::raise(SIGQUIT);
  });
  EXPECT_EQ(ending.how, fmt::format("signal {}", SIGQUIT));
  EXPECT_THAT(ending.words, Not(HasSubstr("goroutine")));
}

TEST(Quit, ASystemCallAndErrnoOfTheProgramAreNotDisturbedBeforeTheEnd) {
  const Ending ending = ending_of([] {
    run([] {
      errno = 77;
      std::raise(SIGQUIT);
      if (errno != 77) _exit(9);
      sleep_for(std::chrono::hours(1));
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
}

TEST(Quit, ATestThatHangsSaysWhere) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  const isolation::Ending ending = isolation::run_in_child(
      [] {
        run([] {
          go(Name("hog"), [] {
            for (volatile bool more = true; more;) continue;
          });
          for (;;) yield();
        });
      },
      std::chrono::milliseconds(500));

  EXPECT_TRUE(ending.timed_out);
  EXPECT_THAT(ending.output, HasSubstr("goroutine 2 (hog) [running]"));
  EXPECT_THAT(ending.output, HasSubstr(place_in(__FILE__, __LINE__ - 9)));
}

}  // namespace
}  // namespace conclave
