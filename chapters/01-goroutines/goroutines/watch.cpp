#include "goroutines/watch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <span>
#include <string_view>
#include <system_error>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "goroutines/describe.hpp"
#include "goroutines/processor.hpp"

namespace conclave::detail {
namespace {

constexpr int kLooks = Watch::kPatience / Watch::kTick;

/// The watch of this thread's processor, for the handler.
constinit thread_local Watch* watch_of_this_thread = nullptr;

/// Signals of the program are for its own threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

void say(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace

bool Watch::is_wanted_by_environment() noexcept {
  const char* wanted = std::getenv("CONCLAVE_WATCH");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

Watch::Watch(const Processor& processor)
    : processor_(processor),
      thread_(pthread_self()),
      thread_id_(static_cast<pid_t>(syscall(SYS_gettid))),
      handler_(SIGURG, on_signal) {
  if (!handler_.is_installed()) {
    say("watch: off: the program has a handler of its own for SIGURG, which the watch needs\n");
    return;
  }
  pthread_getcpuclockid(thread_, &thread_clock_);
  watch_of_this_thread = this;
  const SignalsBlocked inherited;
  try {
    watcher_ = std::thread([this] { watch(); });
  } catch (const std::system_error& error) {
    say(fmt::format("watch: off: it needs a thread, and the system has none: {}\n", error.what()));
  }
}

Watch::~Watch() {
  if (!watcher_.joinable()) {
    watch_of_this_thread = nullptr;
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  watcher_.join();
  watch_of_this_thread = nullptr;
}

// --- the processor's thread ----------------------------------------------------------------------------

void Watch::idle_ends() noexcept {
  idle_ = false;
  if (!sleeps_) return;
  const std::scoped_lock lock(mutex_);
  wake_.notify_one();
}

void Watch::on_signal(int /*signal*/, siginfo_t* /*info*/, void* context) {
  if (watch_of_this_thread != nullptr) watch_of_this_thread->answer(context);
}

void Watch::answer(const void* context) noexcept {
  const std::uint64_t question = asked_;
  const bool is_late = answered_ == question || asked_at_ != processor_.picks();
  if (is_late || current_goroutine == nullptr) return;
  const Goroutine& goroutine = *current_goroutine;
  answer_.goroutine = goroutine.id;
  answer_.name = {};
  goroutine.name.copy(answer_.name.data(), answer_.name.size() - 1);
  answer_.started_at = goroutine.started_at;
  answer_.call_count = unwind_stack(interrupted_at(context).instruction,
                                    processor_.edge_of(goroutine), answer_.calls);
  answered_ = question;
}

// --- the watcher ---------------------------------------------------------------------------------------

void Watch::watch() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (idle_) {
      sleeps_ = true;
      wake_.wait(lock, [this] { return stop_ || !idle_; });
      sleeps_ = false;
      begin_anew(processor_.picks());
    } else if (!wake_.wait_for(lock, kTick, [this] { return stop_; })) {
      look();
    }
  }
}

void Watch::begin_anew(std::uint32_t picks) {
  picks_ = picks;
  looks_ = 0;
  [[maybe_unused]] const bool ran = thread_has_run();
}

void Watch::look() {
  const std::uint32_t picks = processor_.picks();
  if (picks != picks_ || idle_) return begin_anew(picks);

  const bool ran = thread_has_run();
  const bool blocked = !ran && thread_is_blocked();
  if (ran || blocked) ++looks_;
  if (looks_ == kLooks) {
    asked_at_ = picks;
    ++asked_;
    pthread_kill(thread_, SIGURG);
  } else if (looks_ > kLooks && answered_ == asked_ && asked_ != reported_question_) {
    reported_question_ = asked_;
    report(blocked);
  }
}

/// Whether the thread has computed for most of the time since the last call.
bool Watch::thread_has_run() {
  timespec time{};
  clock_gettime(thread_clock_, &time);
  const auto now = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  return now - std::exchange(thread_time_, now) >= kTick / 2;
}

/// Whether the kernel lets it wait: state S or D, and not ready (R) or stopped (T, t).
bool Watch::thread_is_blocked() const {
  const int file =
      open(fmt::format("/proc/self/task/{}/stat", thread_id_).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  std::array<char, 256> bytes{};
  const ssize_t count = read(file, bytes.data(), bytes.size());
  close(file);
  const std::string_view text(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  const std::size_t name_end = text.rfind(") ");  // the name may hold anything
  if (name_end == std::string_view::npos || name_end + 2 >= text.size()) return false;
  const char state = text[name_end + 2];
  return state == 'S' || state == 'D';
}

void Watch::report(bool blocked) {
  const std::span calls = std::span(answer_.calls).first(answer_.call_count);
  const std::vector<Call> readers = readers_calls(calls);
  const std::string function = readers.empty() ? "" : readers.front().function;
  if (!reported_.emplace(answer_.goroutine, function).second || reports_ == kReportsMax) return;

  Goroutine goroutine;
  goroutine.id = answer_.goroutine;
  goroutine.name = answer_.name.data();
  goroutine.started_at = answer_.started_at;
  say(fmt::format("watch: a goroutine has held its processor for more than {} ms; {}\n{}\n",
                  kPatience.count(),
                  blocked ? "blocking(f) lets the others run meanwhile"
                          : "yield() now and then lets the others run",
                  describe_goroutine(goroutine, blocked ? "blocked in the kernel" : "running",
                                     "runs at", nullptr, calls)));
  if (++reports_ == kReportsMax) {
    say(fmt::format("watch: that was report {}, the last one\n", kReportsMax));
  }
}

}  // namespace conclave::detail
