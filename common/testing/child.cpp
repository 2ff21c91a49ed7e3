#include "testing/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "testing/output.hpp"
#include "testing/system.hpp"

namespace conclave::isolation {

namespace {

// How long a child that hangs has to say where.
constexpr std::chrono::milliseconds kAnswerTime{1000};

std::vector<void (*)()>& preparations() {
  static std::vector<void (*)()> bodies;
  return bodies;
}

[[noreturn]] void be_the_child(const std::function<void()>& body, pid_t parent, int output,
                               int journal) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody is left to enforce the limit
  // A shell ignores these for what it runs in the background, and a test may rest on them.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGQUIT, SIG_DFL);
  if (::getppid() != parent) std::_Exit(1);

  const int nothing = must_work(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open /dev/null");
  must_work(::dup2(nothing, STDIN_FILENO), "dup2");
  must_work(::dup2(output, STDOUT_FILENO), "dup2");
  must_work(::dup2(output, STDERR_FILENO), "dup2");
  // By lines: so that a crash loses none and the order of the two streams is kept. With a buffer of
  // our own, since glibc goes on filling one it has already used.
  static std::array<char, BUFSIZ> buffer;
  std::setvbuf(stdout, buffer.data(), _IOLBF, buffer.size());

  Journal::open(journal);
  body();
  std::fflush(nullptr);
  if (const Journal* opened = Journal::current()) opened->write({Entry::Kind::finished, "", ""});
  std::exit(0);  // with destructors and the leak check
}

}  // namespace

bool before_the_tests(void (*body)()) {
  preparations().push_back(body);
  return true;
}

void prepare_the_tests() {
  for (void (*body)() : std::exchange(preparations(), {})) body();
}

Ending run_in_child(const std::function<void()>& body, std::chrono::milliseconds limit) {
  using std::chrono::steady_clock;
  const steady_clock::time_point deadline = steady_clock::now() + limit;
  Pipe output = make_pipe();
  Pipe journal = make_pipe();
  ::prctl(PR_SET_CHILD_SUBREAPER,
          1);            // what a test leaves behind becomes our child, and can be waited for
  std::fflush(nullptr);  // or the child would print it again

  const pid_t parent = ::getpid();
  const pid_t child = must_work(::fork(), "fork");
  if (child == 0) be_the_child(body, parent, output.write.number(), journal.write.number());

  ::setpgid(child, child);  // the child does so too; whoever is first
  const Descriptor ended = open_pidfd(child);

  Ending ending;
  Output printed;
  std::string told;
  const auto keep_output = [&](std::string_view bytes) { printed.append(bytes); };
  const auto keep_journal = [&](std::string_view bytes) { told += bytes; };
  std::array<pollfd, 3> sources{{{ended.number(), POLLIN, 0},
                                 {output.read.number(), POLLIN, 0},
                                 {journal.read.number(), POLLIN, 0}}};
  while (sources[0].revents == 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) {
      ending.timed_out = true;
      break;
    }
    const int ready = ::poll(sources.data(), sources.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) must_work(ready, "poll");
    if (ready <= 0) continue;
    // A negative descriptor is one that poll() passes over: this end is closed for good.
    if (sources[1].revents != 0 && !read_available(sources[1].fd, keep_output)) sources[1].fd = -1;
    if (sources[2].revents != 0 && !read_available(sources[2].fd, keep_journal)) sources[2].fd = -1;
  }

  // Inside run() it answers with a dump of its goroutines: where does it hang?
  if (ending.timed_out) {
    ::kill(child, SIGQUIT);
    ::poll(sources.data(), 1, static_cast<int>(kAnswerTime.count()));
  }
  // The child is not reaped yet, so its group's number is still its own.
  ::kill(-child, SIGKILL);
  wait_for(child, &ending.wait_status);
  while (wait_for(-child, nullptr)) {
  }

  // A process that left the group may still hold them open.
  read_rest(output.read, keep_output);
  read_rest(journal.read, keep_journal);
  ending.output = printed.text();
  ending.journal = decode(told);
  return ending;
}

}  // namespace conclave::isolation
