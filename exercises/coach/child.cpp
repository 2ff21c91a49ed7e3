#include "coach/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "channels/channels.hpp"
#include "common/assert.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave::coach {

namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr auto kPatienceForTheEnd = 1s;  // between SIGTERM and SIGKILL
constexpr auto kPatienceForTheOutput =
    200ms;  // a process that left the group may hold the pipe open for ever

/// What a program is started with, freed again.
class Plan {
 public:
  explicit Plan(int output) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files_, output, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_,
                               &none);  // ours blocks what the coach reads from a descriptor
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&files_);
  }

  /// Starts it; returns 0, or the errno.
  int start(const Command& command, pid_t* child) const {
    std::vector<char*> words;
    for (const std::string& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    std::vector<char*> environment;
    for (const std::string& entry : command.environment)
      environment.push_back(const_cast<char*>(entry.c_str()));
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view name =
          std::string_view(*entry).substr(0, std::string_view(*entry).find('='));
      const bool replaced = std::ranges::any_of(command.environment, [&](std::string_view other) {
        return other.substr(0, other.find('=')) == name;
      });
      if (!replaced) environment.push_back(*entry);
    }
    environment.push_back(nullptr);
    return posix_spawn(child, words[0], &files_, &attributes_, words.data(), environment.data());
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

/// Reads until nothing more can come; keeps the beginning.
void read_all(int pipe, const Listener& listener, std::string& kept, std::size_t& left_out_bytes) {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t bytes = read(pipe, buffer.data(), buffer.size());
    if (bytes > 0) {
      const std::string_view more(buffer.data(), static_cast<std::size_t>(bytes));
      const std::size_t fits = std::min(more.size(), kOutputBytesMax - kept.size());
      kept += more.substr(0, fits);
      left_out_bytes += more.size() - fits;
      if (listener && fits != 0) listener(kept);
      yield();  // a program that prints without end would keep the thread
    } else if (bytes == 0 || errno != EAGAIN || !wait_readable(pipe).ok()) {
      return;
    }
  }
}

/// Waits for what is left of the group, and kills it in the end.  The children of our children are ours as well.
void end_group(pid_t group, TimePoint deadline) {
  while (waitpid(-group, nullptr, WNOHANG) == 0 && now() < deadline) sleep_for(5ms);
  kill(-group, SIGKILL);
  while (waitpid(-group, nullptr, 0) > 0) {
  }
  while (waitpid(-1, nullptr, WNOHANG) > 0) {  // those that had left the group
  }
}

Ending ending_of(const siginfo_t& info) {
  const bool exited = info.si_code == CLD_EXITED;
  return {.how = exited ? Ending::How::exited : Ending::How::signalled, .status = info.si_status};
}

}  // namespace

Ending run_child(const Command& command, const Context& context, const Listener& listener) {
  std::array<int, 2> ends{};
  ensure(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2 works (errno {})", errno);
  Descriptor from_child(ends[0]);
  Descriptor to_us(ends[1]);
  fcntl(from_child.get(), F_SETFL, O_NONBLOCK);
  prctl(PR_SET_CHILD_SUBREAPER, 1);

  pid_t child = 0;
  if (const int error = Plan(to_us.get()).start(command, &child); error != 0) {
    return {.how = Ending::How::not_started, .status = error};
  }
  to_us.close();
  // glibc 2.36 declares pidfd_open() without C linkage, so a C++ program cannot link it.
  const Descriptor end(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  ensure(static_cast<bool>(end), "pidfd_open works (Linux 5.3 or later; errno {})", errno);

  std::string output;
  std::size_t left_out_bytes = 0;
  const Chan<Signal> read_to_the_end = make_chan<Signal>();
  go(Name("output"), [&, read_to_the_end] {
    read_all(from_child.get(), listener, output, left_out_bytes);
    read_to_the_end.close();
  });

  const Status status = wait_readable(end.get(), context);
  if (!status.ok()) {
    kill(-child, SIGTERM);
    (void)wait_readable(end.get(), now() + kPatienceForTheEnd);
    kill(child, SIGKILL);
  }
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED);
  end_group(child, status.ok() ? now() : now() + kPatienceForTheEnd);

  select(recv(read_to_the_end), timeout(kPatienceForTheOutput));
  from_child.close();
  (void)read_to_the_end.recv();

  Ending ending = ending_of(info);
  if (!status.ok()) {
    ending.how =
        status.code() == Code::deadline_exceeded ? Ending::How::timed_out : Ending::How::cancelled;
  }
  ending.output = std::move(output);
  if (left_out_bytes != 0)
    ending.output += fmt::format("\n({} more bytes are left out)\n", left_out_bytes);
  return ending;
}

}  // namespace conclave::coach
