#include "testing/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/assert.hpp"

namespace conclave::isolation {

namespace {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// Asserts that a system call worked and gives its result.
int must_work(int result, std::string_view call) {
  ensure(result >= 0, "{} works (errno {}: {})", call, errno, std::strerror(errno));
  return result;
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

/// A pipe that programs started by the test do not inherit, and whose reading end never blocks.
Pipe make_pipe() {
  std::array<int, 2> ends{};
  must_work(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  must_work(::fcntl(ends[0], F_SETFL, O_NONBLOCK), "fcntl");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

constexpr std::size_t kReadSize = 4096;

// How long a child that hangs has to say where.
constexpr std::chrono::milliseconds kAnswerTime{1000};

/// Reads what is there; false when nothing can come any more.
template <class Sink>
bool read_available(int descriptor, Sink&& sink) {
  std::array<char, kReadSize> buffer;
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count > 0) sink(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

std::vector<void (*)()>& preparations() {
  static std::vector<void (*)()> bodies;
  return bodies;
}

/// Waits for the end of a child, or of one of a group.
/// @return false when there is none
bool wait_for(pid_t child, int* status) {
  pid_t ended = 0;
  do {
    ended = ::waitpid(child, status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended >= 0;
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

void Output::append(std::string_view bytes) {
  const std::size_t fits = std::min(bytes.size(), kHalfSizeMax - first_.size());
  first_ += bytes.substr(0, fits);
  last_ += bytes.substr(fits);
  if (last_.size() > 2 * kHalfSizeMax) {
    left_out_size_ += last_.size() - kHalfSizeMax;
    last_.erase(0, last_.size() - kHalfSizeMax);
  }
}

std::string Output::text() const {
  const std::size_t surplus = last_.size() - std::min(last_.size(), kHalfSizeMax);
  const std::size_t left_out_size = left_out_size_ + surplus;
  if (left_out_size == 0) return first_ + last_;
  return fmt::format("{}\n({} bytes are left out here)\n{}", first_, left_out_size,
                     last_.substr(surplus));
}

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
  // glibc 2.36 declares pidfd_open() without C linkage, so a C++ program cannot link it.
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  const Descriptor ended(must_work(pidfd, "pidfd_open (Linux 5.3 or later)"));

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

  // What is left in the pipes, once around: a process that left the group may hold them open for
  // ever.
  const int capacity = ::fcntl(output.read.number(), F_GETPIPE_SZ);
  for (int size = 0; size < capacity; size += static_cast<int>(kReadSize)) {
    read_available(output.read.number(), keep_output);
    read_available(journal.read.number(), keep_journal);
  }
  ending.output = printed.text();
  ending.journal = decode(told);
  return ending;
}

}  // namespace conclave::isolation
