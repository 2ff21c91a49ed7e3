/// @file
/// Watch: a goroutine that does not give way is named, and goes on.
/// @internal
///
/// Goroutines share a processor by giving way; one that computes for long, or calls something that blocks the whole
/// thread, stops all the others.  A thread of its own looks at the processor every kTick and counts how often it has
/// found the same goroutine at work.
///
/// Laws
///  1. A goroutine that has held its processor for kPatience is reported: its number, its name and its calls.  Once for
///     each goroutine and function in which it was found, and no more than kReportsMax times in one run().
///  2. A look counts when the processor's thread has computed since the last one, and when it is blocked in the kernel.
///     It does not count while the thread is ready and the machine gives it no time, or while a debugger holds it.
///     So a program that is stopped, or on a busy machine, is not accused.
///  3. While the processor is idle, the watch sleeps, too, and uses no time.
///  4. It watches until main returns.
///
/// To see the calls it interrupts the thread with SIGURG, once per report.  A system call that the goroutine is in goes
/// on afterwards or, if it is of those that cannot (poll, nanosleep; signal(7)), fails with EINTR.  When the program has
/// a handler of its own for SIGURG, it says so and does not watch.
///
/// Source: Go, runtime/proc.go, sysmon and retake (10 ms); Linux, pthread_getcpuclockid(3), proc_pid_stat(5).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <source_location>
#include <string>
#include <thread>
#include <utility>
#include <pthread.h>

#include "goroutines/signal_handler.hpp"
#include "goroutines/stack_trace.hpp"

namespace conclave::detail {

class Processor;

/// Watches the processor of the thread that makes it, while it lives.
class Watch {
 public:
  static constexpr std::chrono::milliseconds kPatience{10};
  static constexpr std::chrono::milliseconds kTick{2};
  static constexpr std::size_t kReportsMax = 100;

  explicit Watch(const Processor& processor);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  /// The processor waits from now on; it has something to do again.  Called by its thread.
  void idle_begins() noexcept { idle_ = true; }
  void idle_ends() noexcept;

  /// Whether a program that one did not write is to be watched: CONCLAVE_WATCH=1.
  [[nodiscard]] static bool is_wanted_by_environment() noexcept;

 private:
  /// What the processor's thread says of itself, in the handler.
  struct Answer {
    std::uint64_t goroutine = 0;
    std::array<char, 64> name{};
    std::source_location started_at;
    std::array<CallAddress, kCallsMax> calls{};
    std::size_t call_count = 0;
  };

  static void on_signal(int signal, siginfo_t* info, void* context);
  void answer(const void* context) noexcept;

  void watch();
  void look();
  void begin_anew(std::uint32_t picks);
  [[nodiscard]] bool thread_has_run();
  [[nodiscard]] bool thread_is_blocked() const;
  void report(bool blocked);

  // Fixed after construction.
  const Processor& processor_;
  pthread_t thread_;
  pid_t thread_id_;
  clockid_t thread_clock_{};
  SignalHandler handler_;

  // Between the processor's thread and the watcher.
  std::atomic<bool> idle_{false};
  std::atomic<bool> sleeps_{false};  // the watcher, because the processor does
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<std::uint64_t> answered_{0};
  Answer answer_;  // the watcher's when answered_ == asked_
  std::atomic<std::uint32_t> asked_at_{0};

  // The watcher's own.
  std::uint32_t picks_ = 0;  // of the processor, when it began to count
  int looks_ = 0;            // that count
  std::uint64_t reported_question_ = 0;
  std::chrono::nanoseconds thread_time_{0};
  std::set<std::pair<std::uint64_t, std::string>> reported_;
  std::size_t reports_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  // guarded by mutex_
  std::thread watcher_;
};

}  // namespace conclave::detail
