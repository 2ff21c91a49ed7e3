// watch.hpp: a goroutine that holds the processor is named, and goes on.
#include "goroutines/watch.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <fcntl.h>
#include <unistd.h>

#include "support.hpp"

namespace conclave {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHeadline =
    "watch: a goroutine has held its processor for more than 10 ms";
constexpr std::string_view kEnd = "    started at ";  // begins a report's last line

/// "watch_test.cpp:12".
std::string at(int line) { return place_in(__FILE__, line); }

int count_of(std::string_view part, std::string_view text) {
  int count = 0;
  for (auto found = text.find(part); found != std::string_view::npos;
       found = text.find(part, found + 1)) {
    ++count;
  }
  return count;
}

/// From its construction on, standard error ends here, and a thread counts the reports.  For a process of its own.
class Reports {
 public:
  Reports() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0 || ::dup2(ends[1], STDERR_FILENO) < 0) std::abort();
    ::close(ends[1]);
    reader_ = std::thread([this, from = ends[0]] { read(from); });
  }
  Reports(const Reports&) = delete;
  Reports& operator=(const Reports&) = delete;
  ~Reports() { reader_.join(); }

  /// How many are complete.
  std::atomic<int> count{0};

  /// Prints what there is; nothing comes any more.
  void print() {
    ::dup2(STDOUT_FILENO, STDERR_FILENO);
    at_end_.wait(false);
    std::fputs(text_.c_str(), stdout);
  }

 private:
  void read(int from) {
    std::array<char, 4096> bytes;
    for (ssize_t size = 0; (size = ::read(from, bytes.data(), bytes.size())) > 0;) {
      text_.append(bytes.data(), static_cast<std::size_t>(size));
      count = count_of(kEnd, text_);
      count.notify_all();
    }
    at_end_ = true;
    at_end_.notify_all();
  }

  std::string text_;
  std::atomic<bool> at_end_{false};
  std::thread reader_;
};

/// Computes until there are `count` reports.
void hold_until(const Reports& reports, int count) {
  while (reports.count < count) {
  }
}

/// Computes for longer than the watch lets anybody, if it watches.  Calls nothing.
void hold_long() {
  for (volatile int i = 0; i < 60'000'000;) i = i + 1;
}

constexpr int kGo = __LINE__ + 1;
void start(const std::function<void()>& f) { go(Name("hog"), f); }

/// The reports about a goroutine named "hog" that does `f`; main waits for it.
Ending ending_of_hog(const std::function<void(Reports&)>& f,
                     const RunOptions& options = {.watch = true}) {
  return ending_of([&] {
    Reports reports;
    run(
        [&] {
          WaitGroup done;
          done.add(1);
          start([&] {
            f(reports);
            done.done();
          });
          done.wait();
        },
        options);
    reports.print();
  });
}

TEST(Watch, NamesAGoroutineThatComputesAndItsCalls) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  const Ending ending = ending_of_hog([](Reports& reports) { hold_until(reports, 1); });

  EXPECT_EQ(ending.how, "exit 0");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  EXPECT_THAT(ending.words, HasSubstr("yield()"));
  EXPECT_THAT(ending.words, HasSubstr("\ngoroutine 2 (hog) [running]\n"));
  EXPECT_THAT(ending.words, ContainsRegex("in [^\n]*hold_until, called at [^\n]*watch_test.cpp"));
  EXPECT_THAT(ending.words, ContainsRegex("started at [^\n]*" + at(kGo)));
}

TEST(Watch, NamesAGoroutineThatBlocksInTheKernel) {  // law 2
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  const Ending ending = ending_of_hog([](Reports& reports) { reports.count.wait(0); });

  EXPECT_EQ(ending.how, "exit 0");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
  EXPECT_THAT(ending.words, HasSubstr("blocking(f)"));
  EXPECT_THAT(ending.words, HasSubstr("\ngoroutine 2 (hog) [blocked in the kernel]\n"));
}

TEST(Watch, NamesMain) {
  const Ending ending = ending_of([] {
    Reports reports;
    run([&] { hold_until(reports, 1); }, {.watch = true});
    reports.print();
  });

  EXPECT_EQ(ending.how, "exit 0");
  EXPECT_THAT(ending.words, HasSubstr("\ngoroutine 1 (main) [running]\n"));
}

TEST(Watch, ReportsAGoroutineOnceForEachFunction) {  // law 1
  if (kUnderThreadSanitizer) GTEST_SKIP() << kSignalsComeLate;
  const Ending ending = ending_of_hog([](Reports& reports) {
    while (reports.count < 1) {
      hold_long();
      yield();
    }
    for (int i = 0; i < 3; ++i) {
      hold_long();
      yield();
    }
    hold_until(reports, 2);
  });

  EXPECT_EQ(ending.how, "exit 0");
  EXPECT_EQ(count_of(kHeadline, ending.words), 2) << ending.words;
}

TEST(Watch, ReportsEachGoroutine) {  // law 1
  const Ending ending = ending_of([] {
    Reports reports;
    run(
        [&] {
          WaitGroup done;
          for (int i = 0; i < 3; ++i) done.go([&] { hold_until(reports, reports.count + 1); });
        },
        {.watch = true});
    reports.print();
  });

  EXPECT_EQ(ending.how, "exit 0");
  EXPECT_EQ(count_of(kHeadline, ending.words), 3);
}

TEST(Watch, SaysNothingOfAGoroutineThatGivesWay) {
  const Ending ending = ending_of([] {
    Reports reports;
    run(
        [&] {
          const auto end = std::chrono::steady_clock::now() + 10 * detail::Watch::kPatience;
          while (std::chrono::steady_clock::now() < end) yield();
        },
        {.watch = true});
    reports.print();
  });

  EXPECT_EQ(ending.words, "");
}

TEST(Watch, SaysNothingOfAnIdleProcessor) {  // law 3
  const Ending ending = ending_of([] {
    Reports reports;
    run([] { sleep_for(10 * detail::Watch::kPatience); }, {.watch = true});
    reports.print();
  });

  EXPECT_EQ(ending.words, "");
}

TEST(Watch, SeesWhoHoldsTheProcessorAfterItWasIdle) {  // law 3
  const Ending ending = ending_of_hog([](Reports& reports) {
    sleep_for(10 * detail::Watch::kPatience);
    hold_until(reports, 1);
  });

  EXPECT_EQ(ending.how, "exit 0");
  EXPECT_THAT(ending.words, HasSubstr("\ngoroutine 2 (hog) [running]\n"));
}

TEST(Watch, IsOffUnlessAskedFor) {
  const Ending ending = ending_of([] {
    Reports reports;
    run(hold_long);
    reports.print();
  });

  EXPECT_EQ(ending.words, "");
}

TEST(Watch, TheEnvironmentAsksForIt) {
  const Ending ending = ending_of([] {
    ::setenv("CONCLAVE_WATCH", "1", 1);
    Reports reports;
    run([&] { hold_until(reports, 1); });
    reports.print();
  });

  EXPECT_EQ(ending.how, "exit 0");
  EXPECT_THAT(ending.words, HasSubstr(kHeadline));
}

TEST(Watch, EndsWithRun) {
  const Ending ending = ending_of([] {
    for (int i = 0; i < 3; ++i) {
      Reports reports;
      run([&] { hold_until(reports, 1); }, {.watch = true});
      hold_long();
      reports.print();
    }
  });

  EXPECT_EQ(ending.how, "exit 0");
  EXPECT_EQ(count_of(kHeadline, ending.words), 3);
}

TEST(Watch, LeavesTheProgramsOwnHandlerAndSaysThatItDoesNotWatch) {
  const Ending ending = ending_of([] {
    std::signal(SIGURG, [](int) { _exit(7); });
    run(hold_long, {.watch = true});
    std::raise(SIGURG);
  });

  EXPECT_EQ(ending.how, "exit 7");
  EXPECT_THAT(ending.words,
              HasSubstr("watch: off: the program has a handler of its own for SIGURG"));
  EXPECT_THAT(ending.words, Not(HasSubstr(kHeadline)));
}

}  // namespace
}  // namespace conclave
