#include "goroutines/stack_overflow.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include <fmt/format.h>

#include "common/place.hpp"
#include "goroutines/describe.hpp"
#include "goroutines/processor.hpp"
#include "goroutines/report.hpp"
#include "goroutines/stack_trace.hpp"

namespace conclave::detail {
namespace {

// --- last words without the heap -----------------------------------------------------------------------

/// A text of bounded length, in memory of its own.
class FixedText {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    const std::size_t room = bytes_.size() - size_;
    const auto added =
        fmt::format_to_n(bytes_.data() + size_, room, format, std::forward<Args>(args)...);
    size_ += std::min(room, added.size);
  }

  [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<char, 2048> bytes_{};
  std::size_t size_ = 0;
};

constinit FixedText headline;
constinit FixedText who;
constinit volatile std::sig_atomic_t headline_is_written = 0;

void write_to_stderr(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// The report cannot go on: says what it has.
void end_without_calls(int /*signal*/) {
  if (headline_is_written == 0) write_to_stderr(headline.text());
  write_to_stderr(who.text());
  std::_Exit(kReportStatus);
}

/// From here on, a report that hangs or crashes ends within two seconds.
void expect_the_worst() noexcept {
  struct sigaction action{};
  action.sa_handler = end_without_calls;
  action.sa_flags = SA_ONSTACK;
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGALRM, SIGSEGV, SIGBUS, SIGABRT}) {
    sigaction(signal, &action, nullptr);
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  alarm(2);
}

/// Its entry in a report, without the calls.
void add_goroutine(FixedText& text, const Goroutine& goroutine) {
  text.add("\ngoroutine {}", goroutine.id);
  if (!goroutine.name.empty()) text.add(" ({})", goroutine.name);
  text.add(" [running]\n    started at {}:{}\n", from_the_root(goroutine.started_at.file_name()),
           goroutine.started_at.line());
}

// --- the report ----------------------------------------------------------------------------------------

// As many as a thread's stack of 8 MiB holds, when each has two variables.
constexpr std::size_t kCallsCounted = std::size_t{1} << 18;

/// The calls of a stack that is full, which `walk` writes down.
template <class Walk>
std::span<const CallAddress> all_calls(const Walk& walk) noexcept {
  void* room = mmap(nullptr, kCallsCounted * sizeof(CallAddress), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return {};
  const std::span calls(static_cast<CallAddress*>(room), kCallsCounted);
  return calls.first(walk(calls));
}

template <class Walk>
[[noreturn]] void report(const Processor& processor, const Worker& worker, std::string_view what,
                         const Walk& walk) {
  const Goroutine& goroutine = *worker.goroutine;
  const std::size_t kib = processor.stack_bytes_of(worker) / 1024;
  headline.add("fatal error: stack overflow{}\n", what);
  if (goroutine.id == 1) {
    headline.add("    main stands on the stack of its thread, {} KiB; `ulimit -s` sets another\n",
                 kib);
  } else {
    headline.add("    its stack is {} KiB; run(main, {{.stack_bytes = {} * 1024}}) doubles it\n",
                 kib, kib * 2);
  }
  add_goroutine(who, goroutine);

  expect_the_worst();
  std::cout.flush();
  std::fflush(stdout);
  write_to_stderr(headline.text());
  headline_is_written = 1;
  write_to_stderr("\n" +
                  describe_goroutine(goroutine, "running", "runs at", nullptr, all_calls(walk)));
  std::_Exit(kReportStatus);
}

}  // namespace

void on_fault(int signal, siginfo_t* info, void* context) {
  const bool is_fault = info->si_code > 0;  // otherwise somebody has sent it
  if (is_fault && current_processor != nullptr) {
    const Interrupted at = interrupted_at(context);
    const Worker* worker = current_processor->overflowed(info->si_addr, at.stack);
    if (worker != nullptr) {
      report(*current_processor, *worker, "", [&](std::span<CallAddress> calls) {
        return unwind_stack(at.instruction, current_processor->edge_of(*worker->goroutine), calls);
      });
    }
  }
  std::signal(signal, SIG_DFL);
  if (!is_fault) std::raise(signal);  // a fault comes again by itself, at the place where it was
}

#if defined(__SANITIZE_ADDRESS__)
void name_goroutines_to_sanitizer() noexcept {
  __asan_set_error_report_callback([](const char* /*report*/) {
    if (current_goroutine == nullptr) return;
    FixedText text;
    add_goroutine(text, *current_goroutine);
    write_to_stderr(text.text());
  });
}
#else
void name_goroutines_to_sanitizer() noexcept {}
#endif

void report_destroyed_canary(const Processor& processor, const Worker& worker, const void* frame) {
  report(processor, worker, ": a goroutine has written beyond its stack, over that of another",
         [&](std::span<CallAddress> calls) {
           return walk_stack(frame, processor.edge_of(*worker.goroutine), calls);
         });
}

}  // namespace conclave::detail
