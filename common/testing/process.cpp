#include "testing/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <utility>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/assert.hpp"

namespace conclave {

using isolation::Descriptor;
using isolation::must_work;
using std::chrono::steady_clock;

namespace {

constexpr int kNotStarted = 127;             // what a shell says
constexpr std::size_t kLastWordsSize = 400;  // how much of the output an error tells

/// What the child of a fork needs, made before: it may not allocate.
struct Image {
  std::vector<char*> words;        // and a null
  std::vector<char*> environment;  // and a null
  int input;
  int output;
  int failure;  // where errno goes when there is no such program
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

/// Our environment with these additions.
std::vector<std::string> with_additions(std::vector<std::string> additions) {
  for (char** ours = environ; *ours != nullptr; ++ours) {
    const auto is_the_same = [&](const std::string& addition) {
      return name_of(addition) == name_of(*ours);
    };
    if (std::ranges::none_of(additions, is_the_same)) additions.emplace_back(*ours);
  }
  return additions;
}

/// Turns the child of a fork into the program.  Calls what may be called between fork and exec, and nothing else.
[[noreturn]] void become(const Image& image, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotStarted);  // it ended before it could be said
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const bool has_streams = ::dup2(image.input, STDIN_FILENO) >= 0 &&
                           ::dup2(image.output, STDOUT_FILENO) >= 0 &&
                           ::dup2(image.output, STDERR_FILENO) >= 0;
  if (has_streams) ::execve(image.words[0], image.words.data(), image.environment.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t size = ::write(image.failure, &error, sizeof error);
  ::_exit(kNotStarted);
}

/// What the child writes when it could not become the program: errno, or 0 when it could.
int read_failure(const Descriptor& failure) {
  pollfd source{failure.number(), POLLIN, 0};
  while (::poll(&source, 1, -1) < 0 && errno == EINTR) {
  }
  int error = 0;
  return ::read(failure.number(), &error, sizeof error) == sizeof error ? error : 0;
}

Status explain_start(int error, const std::string& path) {
  const std::string message =
      fmt::format("\"{}\" cannot be started: {}", path, std::strerror(error));
  if (error == ENOENT) return Status::not_found(message, "build it, or name another");
  if (error == EACCES) return Status::permission_denied(message, "want a program that may be run");
  return Status::failed_precondition(message);
}

ProcessEnd end_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return {.signal = WTERMSIG(wait_status)};
  return {.exit_code = WEXITSTATUS(wait_status)};
}

}  // namespace

std::string to_string(const ProcessEnd& end) {
  if (end.signal == 0) return fmt::format("exited with {}", end.exit_code);
  const char* name = ::sigabbrev_np(end.signal);
  return name == nullptr ? fmt::format("was ended by signal {}", end.signal)
                         : fmt::format("was ended by SIG{}", name);
}

std::ostream& operator<<(std::ostream& out, const ProcessEnd& end) { return out << to_string(end); }

int Process::Child::end() {
  if (pid_ == kNone) return 0;
  // It is not waited for yet, so its number is still its own, and its group's.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  isolation::wait_for(std::exchange(pid_, kNone), &status);
  return status;
}

Process::Process(Command command, pid_t pid, Descriptor output, Descriptor input)
    : command_(std::move(command)),
      pid_(pid),
      child_(pid),
      end_(isolation::open_pidfd(pid)),
      output_(std::move(output)),
      input_(std::move(input)) {}

Result<Process> Process::start(std::string path, std::vector<std::string> arguments,
                               std::vector<std::string> environment) {
  return start(Command{std::move(path), std::move(arguments), std::move(environment)});
}

Result<Process> Process::start(Command command) {
  for (const std::string& variable : command.environment) {
    if (variable.find('=') != std::string::npos && !variable.starts_with('=')) continue;
    return Status::invalid_argument(
        fmt::format("\"{}\" is no addition to an environment", variable), "want NAME=value");
  }
  std::vector<std::string> words = {command.path};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment = with_additions(command.environment);
  isolation::Pipe output = isolation::make_pipe();
  isolation::Pipe failure = isolation::make_pipe();
  // A socket: to write to it when nobody reads any more is an error, and no SIGPIPE.
  std::array<int, 2> ends{};
  must_work(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
  Descriptor input(ends[0]);
  Descriptor its_input(ends[1]);
  const Image image{.words = pointers_to(words),
                    .environment = pointers_to(environment),
                    .input = its_input.number(),
                    .output = output.write.number(),
                    .failure = failure.write.number()};

  const pid_t parent = ::getpid();
  const pid_t child = must_work(::fork(), "fork");
  if (child == 0) become(image, parent);

  Process process(std::move(command), child, std::move(output.read), std::move(input));
  failure.write = Descriptor();  // or its end would never come
  if (const int error = read_failure(failure.read); error != 0)
    return explain_start(error, process.command_.path);
  return process;
}

Status Process::restart() {
  if (!how_) take_end();
  Result<Process> again = start(command_);
  if (!again.ok()) return again.status();
  *this = *std::move(again);
  return {};
}

Result<std::string> Process::wait_for_line(std::string_view prefix, Limit limit) {
  return wait_for_line(
      fmt::format("a line that begins with \"{}\"", prefix),
      [&](std::string_view line) { return line.starts_with(prefix); }, limit);
}

Result<std::string> Process::wait_for_line(std::string_view what,
                                           const std::function<bool(std::string_view)>& is_wanted,
                                           Limit limit) {
  const Deadline deadline = steady_clock::now() + limit;
  for (bool is_in_time = true;; is_in_time = wait_for_news(deadline)) {
    if (std::optional<std::string> line = next_line(is_wanted)) return *std::move(line);
    if (how_) {
      return Status::not_found(fmt::format("{} {} and did not say {}; {}", command_.path,
                                           to_string(*how_), what, last_words()));
    }
    if (!is_in_time) {
      return Status::deadline_exceeded(
          fmt::format("{} (pid {}, {}) did not say {} within {} ms; {}", command_.path, pid_,
                      status_field("State"), what, limit.count(), last_words()),
          "a program that prints into a pipe has to flush each line");
    }
  }
}

Status Process::write(std::string_view bytes, Limit limit) {
  const Deadline deadline = steady_clock::now() + limit;
  const std::size_t size = bytes.size();
  for (bool is_in_time = true;; is_in_time = wait_for_news(deadline, true)) {
    if (input_.number() < 0) {
      return Status::failed_precondition(fmt::format("the input of {} was closed", command_.path));
    }
    const ssize_t count =
        ::send(input_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    if (bytes.empty()) return {};
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
      if (has_ended()) return ended();
      return Status::failed_precondition(
          fmt::format("{} (pid {}) does not read its input any more", command_.path, pid_));
    }
    if (!is_in_time) {
      return Status::deadline_exceeded(
          fmt::format("{} (pid {}, {}) took {} of {} bytes of input within {} ms", command_.path,
                      pid_, status_field("State"), size - bytes.size(), size, limit.count()));
    }
  }
}

void Process::close_input() { input_ = Descriptor(); }

Status Process::kill() {
  if (has_ended()) return ended();
  take_end();
  return {};
}

Status Process::terminate() { return signal(SIGTERM); }

Status Process::pause() {
  if (Status status = signal(SIGSTOP); !status.ok()) return status;
  siginfo_t info{};
  int result = 0;
  do {  // leaves both kinds of news for others: the stop for the next pause(), the end for take_end()
    result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
  } while (result < 0 && errno == EINTR);
  must_work(result, "waitid");
  return has_ended() ? ended() : Status();
}

Status Process::resume() { return signal(SIGCONT); }

Result<ProcessEnd> Process::wait(Limit limit) {
  const Deadline deadline = steady_clock::now() + limit;
  for (bool is_in_time = true;; is_in_time = wait_for_news(deadline)) {
    if (how_) return *how_;
    if (!is_in_time) {
      return Status::deadline_exceeded(fmt::format("{} (pid {}, {}) did not end within {} ms; {}",
                                                   command_.path, pid_, status_field("State"),
                                                   limit.count(), last_words()));
    }
  }
}

std::string Process::output() {
  if (output_.number() >= 0) {
    isolation::read_rest(output_, [&](std::string_view bytes) { take_in(bytes); });
  }
  return said_.text();
}

Result<std::size_t> Process::resident_bytes() {
  if (has_ended()) return ended();
  const std::string field = status_field("RssAnon");  // as in "1234 kB"
  std::size_t kib = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), kib);
  if (error != std::errc()) return ended();  // meanwhile: a process that has ended has no memory
  return kib * 1024;
}

Result<std::size_t> Process::descriptor_count() {
  if (has_ended()) return ended();
  std::error_code error;
  const std::filesystem::directory_iterator open(proc_file("fd"), error);
  if (error) return ended();
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

Status Process::signal(int number) {
  if (has_ended()) return ended();
  must_work(::kill(-pid_, number), "kill");
  return {};
}

bool Process::has_ended() {
  wait_for_news(steady_clock::now());
  return how_.has_value();
}

bool Process::wait_for_news(Deadline deadline, bool for_room) {
  if (how_) return true;
  const Limit left = std::chrono::ceil<Limit>(deadline - steady_clock::now());
  const bool is_late = left.count() <= 0;  // then it looks, and does not wait
  std::array<pollfd, 3> sources{{{end_.number(), POLLIN, 0},
                                 {output_.number(), POLLIN, 0},
                                 {for_room ? input_.number() : -1, POLLOUT, 0}}};
  const auto wait_ms = is_late ? 0 : static_cast<int>(std::min<Limit::rep>(left.count(), INT_MAX));
  const int ready = ::poll(sources.data(), sources.size(), wait_ms);
  if (ready < 0 && errno != EINTR) must_work(ready, "poll");
  if (ready <= 0) return !is_late;
  if (sources[1].revents != 0) {
    const auto take = [&](std::string_view bytes) { take_in(bytes); };
    if (!isolation::read_available(output_.number(), take)) output_ = Descriptor();
  }
  if (sources[0].revents != 0) take_end();
  return !is_late;
}

void Process::take_in(std::string_view bytes) {
  said_.append(bytes);
  unread_ += bytes;
  if (unread_.size() <= kUnreadSizeMax) return;
  const std::size_t surplus = unread_.size() - kUnreadSizeMax;
  const std::size_t line_end = unread_.find('\n', surplus - 1);
  unread_.erase(0, line_end == std::string::npos ? surplus : line_end + 1);
}

void Process::take_end() {
  how_ = end_of(child_.end());
  static_cast<void>(output());
  end_ = Descriptor();
  output_ = Descriptor();
  close_input();
}

std::optional<std::string> Process::next_line(
    const std::function<bool(std::string_view)>& is_wanted) {
  std::optional<std::string> found;
  std::size_t first = 0;
  while (!found && first < unread_.size()) {
    const std::size_t end = unread_.find('\n', first);
    if (end == std::string::npos && !how_) break;  // the rest of the line is still to come
    const std::string_view line = std::string_view(unread_).substr(first, end - first);
    if (is_wanted(line)) found = line;
    first = end == std::string::npos ? unread_.size() : end + 1;
  }
  unread_.erase(0, first);
  return found;
}

std::string Process::proc_file(std::string_view name) const {
  return fmt::format("/proc/{}/{}", pid_, name);
}

std::string Process::status_field(std::string_view name) const {
  std::ifstream status(proc_file("status"));
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(name) || line[name.size()] != ':') continue;
    return line.substr(std::min(line.size(), line.find_first_not_of(" \t", name.size() + 1)));
  }
  return {};
}

Status Process::ended() const {
  return Status::failed_precondition(
      fmt::format("{} {}; {}", command_.path, how_ ? to_string(*how_) : "has ended", last_words()),
      "restart it");
}

std::string Process::last_words() const {
  std::string text = said_.text();
  if (text.empty()) return "it said nothing";
  if (text.ends_with('\n')) text.pop_back();
  const bool is_cut = text.size() > kLastWordsSize;
  if (is_cut) text.erase(0, text.size() - kLastWordsSize);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;)
    text.replace(at, 1, " / ");
  return fmt::format("it said{}: {}", is_cut ? " last" : "", text);
}

}  // namespace conclave
