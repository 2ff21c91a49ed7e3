// Programs in processes of their own.  The limits are for a machine that is busy; no test waits for one, but those
// about the limit.
#include "testing/process.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/system.hpp"

namespace conclave {
namespace {

using isolation::Descriptor;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Process::Limit kSoon = 20s;

/// Says what it reads.
constexpr const char* kEcho =
    "echo ready; while read line; do echo \"got $line\"; done; echo the end";

Process shell(const std::string& script) {
  Result<Process> process = Process::start("/bin/sh", {"-c", script});
  EXPECT_TRUE(process.ok()) << process.status();
  return *std::move(process);
}

std::string line_of(Process& process, std::string_view prefix) {
  const Result<std::string> line = process.wait_for_line(prefix, kSoon);
  EXPECT_TRUE(line.ok()) << line.status();
  return line.value_or("");
}

ProcessEnd end_of(Process& process) {
  const Result<ProcessEnd> end = process.wait(kSoon);
  EXPECT_TRUE(end.ok()) << end.status();
  return end.value_or(ProcessEnd{.exit_code = -1});
}

int number_in(std::string_view line) {
  int number = 0;
  const std::size_t first = line.find_first_of("0123456789");
  std::from_chars(line.data() + std::min(first, line.size()), line.data() + line.size(), number);
  return number;
}

/// Whether the process ends within the limit; it may be anybody's child.
bool ends(const Descriptor& process, Process::Limit limit = kSoon) {
  pollfd source{process.number(), POLLIN, 0};
  return ::poll(&source, 1, static_cast<int>(limit.count())) == 1;
}

/// As in "T (stopped)".
std::string state_of(const Process& process) {
  std::ifstream status(fmt::format("/proc/{}/status", process.pid()));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("State:\t")) return line.substr(7);
  return "";
}

// ---- what it says ----

TEST(Process, WaitsForTheNextLineThatIsWanted) {  // law 3
  Process process = shell("echo one; echo port 7; echo three; echo port 8; exec sleep 1000");

  EXPECT_EQ(line_of(process, "port "), "port 7");
  EXPECT_EQ(line_of(process, ""), "three");
  EXPECT_EQ(process
                .wait_for_line(
                    "an 8", [](std::string_view line) { return line.ends_with('8'); }, kSoon)
                .value(),
            "port 8");
}

TEST(Process, SaysWhatItPrintsInOneStreamAndInOrder) {
  Process process = shell("echo one; echo two >&2; echo three");

  EXPECT_EQ(end_of(process), ProcessEnd{});
  EXPECT_EQ(process.output(), "one\ntwo\nthree\n");
}

TEST(Process, TakesALastLineWithoutAnEndForALine) {
  Process process = shell("echo one; printf 'no end'");

  EXPECT_EQ(line_of(process, "no"), "no end");
}

TEST(Process, ThatEndedWithoutTheLineIsNamedWithHowAndWhatItSaid) {
  Process process = shell("echo oops; echo no memory; exit 4");

  const Status status = process.wait_for_line("ready", kSoon).status();

  EXPECT_EQ(status.code(), Code::not_found);
  EXPECT_THAT(to_string(status),
              AllOf(HasSubstr("/bin/sh exited with 4"), HasSubstr("begins with \"ready\""),
                    HasSubstr("it said: oops / no memory")));
}

TEST(Process, ThatDoesNotSayTheLineIsNamedWithTheLimit) {
  Process process = shell("echo nearly; exec sleep 1000");
  line_of(process, "nearly");

  const Status status = process.wait_for_line("ready", 1ms).status();

  EXPECT_EQ(status.code(), Code::deadline_exceeded);
  EXPECT_THAT(to_string(status),
              AllOf(HasSubstr(fmt::format("(pid {}, ", process.pid())),
                    HasSubstr("begins with \"ready\" within 1 ms"), HasSubstr("it said: nearly")));
}

TEST(Process, HasSaidAllThatItPrintedBeforeItsEnd) {
  Process process = shell("seq 100000 102000");
  ASSERT_TRUE(ends(isolation::open_pidfd(process.pid())));  // and all of it is still in the pipe

  EXPECT_EQ(line_of(process, "102"), "102000");
}

TEST(Process, KeepsSomeOfMuchOutputAndIsNotHeldUpByIt) {  // law 4
  Process process = shell("head -c 10000000 /dev/zero | tr '\\0' x; echo; echo the last");

  EXPECT_EQ(end_of(process), ProcessEnd{});

  EXPECT_EQ(line_of(process, "the"), "the last");
  EXPECT_LT(process.output().size(), 2 * isolation::Output::kHalfSizeMax + 100);
  EXPECT_THAT(process.output(), HasSubstr("bytes are left out here"));
}

TEST(Process, PassesOverTheOldestLinesOfTooMany) {  // law 4
  Process process = shell("seq 100000 199999");
  end_of(process);

  const std::string first = line_of(process, "");

  EXPECT_EQ(first.size(), 6U) << first;  // a whole line
  EXPECT_EQ(first, fmt::format("{}", 200'000 - Process::kUnreadSizeMax / 7));
}

// ---- how it begins ----

TEST(Process, ThatIsNotThereIsNamed) {
  const Status status = Process::start("/nowhere/server").status();

  EXPECT_EQ(status.code(), Code::not_found);
  EXPECT_THAT(to_string(status), HasSubstr("\"/nowhere/server\" cannot be started: No such file"));
}

TEST(Process, ThatMayNotBeRunIsNamed) {
  EXPECT_EQ(Process::start("/etc/passwd").status().code(), Code::permission_denied);
}

TEST(Process, HasOurEnvironmentWithTheAdditions) {
  ::setenv("OURS", "1", 1);
  ::setenv("BOTH", "1", 1);

  Process process =
      *Process::start("/bin/sh", {"-c", "echo $OURS $BOTH $ITS"}, {"BOTH=2", "ITS=2"});

  EXPECT_EQ(line_of(process, ""), "1 2 2");
  for (const char* wrong : {"", "A", "=1"})
    EXPECT_EQ(Process::start("/bin/sh", {}, {wrong}).status().code(), Code::invalid_argument);
}

TEST(Process, RunsAnewAfterARestart) {
  Process process = shell("echo process $$; exec sleep 1000");
  const pid_t first = number_in(line_of(process, "process "));
  EXPECT_EQ(first, process.pid());
  const Descriptor end_of_the_first = isolation::open_pidfd(first);

  ASSERT_TRUE(process.restart().ok());

  EXPECT_TRUE(ends(end_of_the_first, 0ms));
  EXPECT_NE(process.pid(), first);
  EXPECT_EQ(number_in(line_of(process, "process ")), process.pid());
  EXPECT_EQ(process.output(), fmt::format("process {}\n", process.pid()));
}

TEST(Process, RunsAgainWhenItHasEnded) {
  Process process = shell("exit 3");
  EXPECT_EQ(end_of(process).exit_code, 3);

  ASSERT_TRUE(process.restart().ok());

  EXPECT_EQ(end_of(process).exit_code, 3);
}

// ---- how it ends ----

TEST(Process, SaysHowItEnded) {
  Process exits = shell("exit 3");
  Process is_killed = shell("kill -SEGV $$");

  EXPECT_EQ(to_string(end_of(exits)), "exited with 3");
  EXPECT_EQ(to_string(end_of(is_killed)), "was ended by SIGSEGV");
  EXPECT_EQ(to_string(end_of(exits)), "exited with 3");  // and again
}

TEST(Process, ThatDoesNotEndIsNamedWithTheLimit) {
  Process process = shell("exec sleep 1000");

  const Status status = process.wait(1ms).status();

  EXPECT_EQ(status.code(), Code::deadline_exceeded);
  EXPECT_THAT(to_string(status), HasSubstr("did not end within 1 ms; it said nothing"));
}

TEST(Process, IsGoneWhenItWasKilled) {
  Process process = shell("trap '' TERM; echo ready; exec sleep 1000");
  line_of(process, "ready");
  const Descriptor end = isolation::open_pidfd(process.pid());

  ASSERT_TRUE(process.kill().ok());

  EXPECT_TRUE(ends(end, 0ms));
  EXPECT_EQ(process.wait(0ms).value(), ProcessEnd{.signal = SIGKILL});
}

TEST(Process, EndsAsItLikesWhenItIsAskedTo) {
  Process process = shell("trap 'echo bye; exit 5' TERM; echo ready; sleep 1000 & wait");
  line_of(process, "ready");

  ASSERT_TRUE(process.terminate().ok());

  EXPECT_EQ(line_of(process, "bye"), "bye");
  EXPECT_EQ(end_of(process), ProcessEnd{.exit_code = 5});
}

TEST(Process, ThatHasEndedTakesNoSignal) {
  Process process = shell("echo enough; exit 3");
  end_of(process);

  for (const Status& status :
       {process.kill(), process.terminate(), process.pause(), process.resume(),
        process.write("x", kSoon), process.resident_bytes().status(),
        process.descriptor_count().status()}) {
    EXPECT_EQ(status.code(), Code::failed_precondition) << status;
  }
  EXPECT_THAT(to_string(process.kill()),
              StartsWith("failed_precondition: /bin/sh exited with 3; it said: enough"));
}

TEST(Process, IsGoneWithItsObjectAndSoIsItsGroup) {  // law 1
  Descriptor end;
  Descriptor end_of_its_child;
  {
    Process process = shell("sleep 1000 & echo child $!; exec sleep 1000");
    end = isolation::open_pidfd(process.pid());
    end_of_its_child = isolation::open_pidfd(number_in(line_of(process, "child ")));
  }

  EXPECT_TRUE(ends(end, 0ms));
  EXPECT_TRUE(ends(end_of_its_child));
  EXPECT_EQ(::waitpid(-1, nullptr, 0), -1);  // its end was taken in
  EXPECT_EQ(errno, ECHILD);
}

TEST(Process, LeavesNothingOfItsGroupWhenItEndsByItself) {
  Process process = shell("sleep 1000 & echo child $!; read line; exit 0");
  const Descriptor end_of_its_child = isolation::open_pidfd(number_in(line_of(process, "child ")));

  process.close_input();

  EXPECT_EQ(end_of(process), ProcessEnd{});
  EXPECT_TRUE(ends(end_of_its_child));
}

TEST(Process, DiesWithWhoStartedItHoweverThatEnds) {  // law 2
  isolation::Pipe pipe = isolation::make_pipe();
  const pid_t parent = isolation::must_work(::fork(), "fork");
  if (parent == 0) {
    Process process = shell("echo ready; exec sleep 1000");
    line_of(process, "ready");
    const pid_t pid = process.pid();
    if (::write(pipe.write.number(), &pid, sizeof pid) != sizeof pid) ::_exit(1);
    for (;;) ::pause();
  }
  pollfd source{pipe.read.number(), POLLIN, 0};
  ASSERT_EQ(::poll(&source, 1, static_cast<int>(kSoon.count())), 1);
  pid_t child = 0;
  ASSERT_EQ(::read(pipe.read.number(), &child, sizeof child), ssize_t{sizeof child});
  const Descriptor end = isolation::open_pidfd(child);
  EXPECT_FALSE(ends(end, 0ms));

  ::kill(parent, SIGKILL);
  ASSERT_TRUE(isolation::wait_for(parent, nullptr));

  EXPECT_TRUE(ends(end));
}

// ---- what is done to it ----

TEST(Process, StandsStillWhileItIsPaused) {
  Process process = shell(kEcho);
  line_of(process, "ready");

  ASSERT_TRUE(process.pause().ok());
  EXPECT_EQ(state_of(process), "T (stopped)");
  ASSERT_TRUE(process.pause().ok());  // it is
  ASSERT_TRUE(process.write("a\n", kSoon).ok());
  EXPECT_EQ(process.output(), "ready\n");
  ASSERT_TRUE(process.resume().ok());

  EXPECT_EQ(line_of(process, "got "), "got a");
  EXPECT_NE(state_of(process), "T (stopped)");
}

TEST(Process, CanBePausedMoreThanOnce) {
  Process process = shell(kEcho);
  line_of(process, "ready");

  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(process.pause().ok());
    ASSERT_EQ(state_of(process), "T (stopped)") << i;
    ASSERT_TRUE(process.resume().ok());
  }
}

TEST(Process, CanBeKilledWhileItIsPaused) {
  Process process = shell("exec sleep 1000");
  ASSERT_TRUE(process.pause().ok());

  ASSERT_TRUE(process.kill().ok());

  EXPECT_EQ(end_of(process), ProcessEnd{.signal = SIGKILL});
}

TEST(Process, ReadsWhatIsWritten) {
  Process process = shell(kEcho);

  ASSERT_TRUE(process.write("a\nb\n", kSoon).ok());
  EXPECT_EQ(line_of(process, "got "), "got a");
  EXPECT_EQ(line_of(process, "got "), "got b");
  process.close_input();

  EXPECT_EQ(line_of(process, "the end"), "the end");
  EXPECT_EQ(process.write("c\n", kSoon).code(), Code::failed_precondition);
}

TEST(Process, MayPrintWhileMuchIsWrittenToIt) {
  Process process = shell("exec cat");

  ASSERT_TRUE(process.write(std::string(10'000'000, 'x') + "\nthe last\n", kSoon).ok());

  EXPECT_EQ(line_of(process, "the"), "the last");
}

TEST(Process, IsWrittenToAsFastAsItReads) {
  Process process = shell("head -c 10000000 > /dev/null; echo enough; exec sleep 1000");

  ASSERT_TRUE(process.write(std::string(10'000'000, 'x'), kSoon).ok());

  EXPECT_EQ(line_of(process, "enough"), "enough");
}

TEST(Process, ThatDoesNotReadIsNamed) {
  Process closed = shell("exec <&-; echo closed; exec sleep 1000");
  line_of(closed, "closed");
  Process lazy = shell("exec sleep 1000");

  EXPECT_EQ(closed.write("x", kSoon).code(), Code::failed_precondition);
  const Status status = lazy.write(std::string(10'000'000, 'x'), 1ms);

  EXPECT_EQ(status.code(), Code::deadline_exceeded);
  EXPECT_THAT(to_string(status), HasSubstr("of 10000000 bytes of input within 1 ms"));
}

TEST(Process, TellsItsMemoryAndItsDescriptors) {
  Process process = shell("echo 1; read line; exec 7</dev/null; echo 2; exec sleep 1000");
  line_of(process, "1");
  const std::size_t before = process.descriptor_count().value();
  ASSERT_TRUE(process.write("\n", kSoon).ok());
  line_of(process, "2");

  EXPECT_EQ(process.descriptor_count().value(), before + 1);
  EXPECT_GT(process.resident_bytes().value(), 0U);
  EXPECT_LT(process.resident_bytes().value(), 100'000'000U);
}

}  // namespace
}  // namespace conclave
