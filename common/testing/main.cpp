// The main() of every test program of the book. GoogleTest chooses the tests; each runs in a child
// process of its own, so that a crash, a hang, a deadlock report or an exit() is that test's
// failure and no other's.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/assert.hpp"
#include "common/place.hpp"
#include "common/random.hpp"
#include "common/result.hpp"
#include "testing/child.hpp"
#include "testing/environment.hpp"
#include "testing/journal.hpp"
#include "testing/report.hpp"
#include "testing/verdict.hpp"

namespace conclave::isolation {

namespace {

constexpr int kFailedStatus = 1;
constexpr int kUsageStatus = 2;  // nothing was tested

constexpr std::string_view kUsage =
    R"(Runs each test in a process of its own.

  --first           stop at the first test that does not pass; the rest waits
  --verdicts=FILE   write a line for each test: name, tab, outcome, tab, what happened; and, where
                    the test has seeds, a tab and how many it has tried
  --in-process      run them all in this process, as GoogleTest does, for a debugger

  CONCLAVE_SEED=N             the seed of random tests
  CONCLAVE_TEST_TIMEOUT_S=N   how long one test may take (60)

GoogleTest's options:
)";

struct Options {
  std::string program;
  bool first = false;
  bool in_process = false;
  std::string verdicts{};  // empty: none wanted
  std::chrono::milliseconds limit{};
};

/// Reads what GoogleTest left of the command line.
Result<Options> read_options(int count, char** values) {
  Options options{.program = std::string(from_the_root(values[0]))};
  for (int i = 1; i < count; ++i) {
    const std::string_view value = values[i];
    constexpr std::string_view kVerdicts = "--verdicts=";
    if (value == "--first") {
      options.first = true;
    } else if (value == "--in-process") {
      options.in_process = true;
    } else if (value.starts_with(kVerdicts) && value != kVerdicts) {
      options.verdicts = value.substr(kVerdicts.size());
    } else {
      return Status::invalid_argument(
          fmt::format("\"{}\" is not an option of a test program", value), "--help lists them all");
    }
  }
  if (options.in_process && (options.first || !options.verdicts.empty())) {
    return Status::invalid_argument("--in-process runs tests without judging them",
                                    "leave out --first and --verdicts, or --in-process");
  }
  if (!options.in_process && !GTEST_FLAG_GET(output).empty()) {
    return Status::invalid_argument(
        "--gtest_output (or GTEST_OUTPUT) needs all tests in one process",
        "add --in-process, or use --verdicts=FILE");
  }
  if (const auto seed = seed_from_environment(); !seed.ok()) return seed.status();
  const auto limit = limit_from_environment();
  if (!limit.ok()) return limit.status();
  options.limit = *limit;
  options.first = options.first || GTEST_FLAG_GET(fail_fast);
  return options;
}

/// Sends what happens to the running test to the journal.
class JournalWriter : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& part) override {
    const Journal* journal = Journal::current();
    if (journal == nullptr || part.passed() || ++count_ > kEntryCountMax) return;
    const std::string place =
        part.file_name() == nullptr
            ? ""
            : fmt::format("{}:{}", from_the_root(part.file_name()), part.line_number());
    journal->write(
        {part.skipped() ? Entry::Kind::skip : Entry::Kind::failure, place, part.message()});
  }

  static constexpr int kEntryCountMax = 100;  // a loop may fail a million times
  int count_ = 0;
};

/// Names the seed of a failed test when there is no parent to do it.
class SeedPrinter : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& test) override {
    if (test.result()->Failed() && noted_seed()) fmt::print("CONCLAVE_SEED={}\n", *noted_seed());
  }
};

std::vector<std::string> chosen_tests() {
  // With nothing to repeat GoogleTest applies its filter, shards included, and runs nothing.
  const int repeat_count = GTEST_FLAG_GET(repeat);
  GTEST_FLAG_SET(repeat, 0);
  [[maybe_unused]] const int none_failed = RUN_ALL_TESTS();
  GTEST_FLAG_SET(repeat, repeat_count);

  std::vector<std::string> names;
  const testing::UnitTest& program = *testing::UnitTest::GetInstance();
  for (int i = 0; i < program.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *program.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const testing::TestInfo& test = *suite.GetTestInfo(j);
      if (test.should_run()) names.push_back(fmt::format("{}.{}", suite.name(), test.name()));
    }
  }
  return names;
}

/// Runs one test; called in the child.
void run_one(const std::string& test) {
  ::unsetenv("GTEST_TOTAL_SHARDS");  // the parent has chosen
  GTEST_FLAG_SET(filter, test);
  GTEST_FLAG_SET(also_run_disabled_tests, true);
  GTEST_FLAG_SET(repeat, 1);
  GTEST_FLAG_SET(shuffle, false);
  testing::UnitTest& program = *testing::UnitTest::GetInstance();
  program.listeners().Append(new JournalWriter);
  [[maybe_unused]] const int status = RUN_ALL_TESTS();  // the journal says more
  ensure(program.test_to_run_count() == 1, "the filter \"{}\" chooses one test (it chooses {})",
         test, program.test_to_run_count());
}

void write_verdict(std::FILE* file, const std::string& test, const Verdict& verdict) {
  std::string line = verdict.in_one_line();
  std::ranges::replace(line, '\t', ' ');
  const std::string seeds = verdict.seed_count == 0 ? "" : fmt::format("\t{}", verdict.seed_count);
  fmt::print(file, "{}\t{}\t{}{}\n", test, to_string(verdict.outcome), line, seeds);
  std::fflush(file);
}

std::string tests(std::size_t count) {
  return fmt::format("{} {}", count, count == 1 ? "test" : "tests");
}

/// One round through the tests, and what is said at its end.
class Round {
 public:
  explicit Round(const Options& options, std::FILE* verdicts)
      : options_(options), verdicts_(verdicts) {}

  /// Runs the tests in this order.
  /// @return whether none failed
  bool run(const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      judge_one(names[i]);
      if (options_.first && !failed_.empty()) {
        print_progress(names.size() - i - 1);
        return false;
      }
    }
    print_summary();
    return failed_.empty();
  }

 private:
  void judge_one(const std::string& name) {
    const Verdict verdict =
        judge(run_in_child([&] { run_one(name); }, options_.limit), options_.limit);
    if (verdicts_ != nullptr) write_verdict(verdicts_, name, verdict);
    if (verdict.outcome == Outcome::passed) {
      ++passed_count_;
    } else if (verdict.outcome == Outcome::skipped) {
      ++skipped_count_;
      fmt::print("[  SKIPPED ] {}: {}\n", name,
                 verdict.in_one_line());  // the words ctest looks for
    } else {
      failed_.push_back(name);
      const std::string command = fmt::format("{} --gtest_filter={}", options_.program, name);
      fmt::print("{}", report(name, verdict, {.brief = options_.first, .command = command}));
      if (!options_.first) fmt::print("\n");
    }
    std::fflush(stdout);
  }

  /// How far the reader is, as the last line of the first failure.
  void print_progress(std::size_t waiting_count) const {
    std::vector<std::string> parts;
    if (passed_count_ != 0)
      parts.push_back(fmt::format("{} before it passed", tests(passed_count_)));
    if (waiting_count != 0) {
      parts.push_back(fmt::format("{} later {} for this one", waiting_count,
                                  waiting_count == 1 ? "test waits" : "tests wait"));
    }
    if (!parts.empty()) fmt::print("  {}\n", fmt::join(parts, ", "));
  }

  void print_summary() const {
    std::string text = fmt::format("{} passed", tests(passed_count_));
    if (!failed_.empty()) text += fmt::format(", {} failed", failed_.size());
    if (skipped_count_ != 0) text += fmt::format(", {} skipped", skipped_count_);
    const int disabled_count = testing::UnitTest::GetInstance()->reportable_disabled_test_count();
    if (disabled_count != 0) text += fmt::format(", {} disabled", disabled_count);
    fmt::print("{}\n", text);
    for (const std::string& name : failed_) fmt::print("  failed: {}\n", name);
    std::fflush(stdout);
  }

  const Options& options_;
  std::FILE* verdicts_;
  std::vector<std::string> failed_;
  std::size_t passed_count_ = 0;
  std::size_t skipped_count_ = 0;
};

int refuse(const Status& status) {
  fmt::print(stderr, "{}; {}\n", status.message(), status.what_to_do());
  return kUsageStatus;
}

/// Why no test was chosen.
Status nothing_chosen() {
  const testing::UnitTest& program = *testing::UnitTest::GetInstance();
  const int disabled_count = program.reportable_disabled_test_count();
  if (disabled_count != 0) {
    return Status::not_found(
        fmt::format("no test to run: all that \"{}\" matches is disabled ({})",
                    GTEST_FLAG_GET(filter), tests(static_cast<std::size_t>(disabled_count))),
        "add --gtest_also_run_disabled_tests");
  }
  return Status::not_found(
      fmt::format("no test to run: \"{}\" matches none of {}", GTEST_FLAG_GET(filter),
                  tests(static_cast<std::size_t>(program.total_test_count()))),
      "--gtest_list_tests names them");
}

int run_in_process() {
  testing::UnitTest::GetInstance()->listeners().Append(new SeedPrinter);
  const int status = RUN_ALL_TESTS();
  if (testing::UnitTest::GetInstance()->test_to_run_count() == 0) return refuse(nothing_chosen());
  return status;
}

int run_isolated(const Options& options) {
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  std::vector<std::string> names = chosen_tests();
  if (names.empty()) return refuse(nothing_chosen());
  prepare_the_tests();

  std::FILE* verdicts = nullptr;
  if (!options.verdicts.empty()) {
    verdicts = std::fopen(options.verdicts.c_str(), "we");
    if (verdicts == nullptr) {
      return refuse(Status::invalid_argument(fmt::format("--verdicts={} cannot be written: {}",
                                                         options.verdicts, std::strerror(errno)),
                                             "name a file in a folder that exists"));
    }
  }

  bool passed = true;
  const int repeat_count = GTEST_FLAG_GET(repeat);
  for (int i = 0; repeat_count < 0 || i < repeat_count; ++i) {
    if (repeat_count != 1) fmt::print("round {}\n", i + 1);
    if (GTEST_FLAG_GET(shuffle)) {
      const int seed = testing::UnitTest::GetInstance()->random_seed() + i;
      fmt::print("shuffled: --gtest_random_seed={}\n", seed);
      Random(static_cast<std::uint64_t>(seed)).shuffle(names);
    }
    passed = Round(options, verdicts).run(names) && passed;
    if (!passed && options.first) break;
  }
  if (verdicts != nullptr) std::fclose(verdicts);
  return passed ? EXIT_SUCCESS : kFailedStatus;
}

bool asks_for_help(int count, char** values) {
  return std::any_of(values + 1, values + count,
                     [](std::string_view value) { return value == "--help"; });
}

/// GoogleTest starts itself again for a death test in the "threadsafe" style.
bool in_death_test() { return !GTEST_FLAG_GET(internal_run_death_test).empty(); }

}  // namespace

int run(int count, char** values) {
  if (asks_for_help(count, values)) fmt::print("{}", kUsage);
  testing::InitGoogleMock(&count, values);
  if (asks_for_help(count, values) || in_death_test()) return RUN_ALL_TESTS();

  const Result<Options> options = read_options(count, values);
  if (!options.ok()) return refuse(options.status());
  if (GTEST_FLAG_GET(list_tests) || options->in_process) return run_in_process();
  return run_isolated(*options);
}

}  // namespace conclave::isolation

// UndefinedBehaviorSanitizer asks this before main(): a report ends the test, as AddressSanitizer's
// does.
// NOLINTBEGIN(readability-identifier-naming): the name is the sanitizer's
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() { return "halt_on_error=1:print_stacktrace=1"; }
// NOLINTEND(readability-identifier-naming)

int main(int count, char** values) { return conclave::isolation::run(count, values); }
