/// @file  What the tests of chapter 1 share: virtual time, the panic of a call, the end of a program, a log.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>
#include <sys/wait.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../by_schedule.hpp"
#include "goroutines/goroutines.hpp"
#include "testing/child.hpp"

namespace conclave {

#ifdef __SANITIZE_THREAD__
constexpr bool kUnderThreadSanitizer = true;
#else
constexpr bool kUnderThreadSanitizer = false;
#endif
/// Why a test is skipped there: every goroutine is a thread to it, and slow.
constexpr const char* kTooManyThreads = "ThreadSanitizer knows at most 8,128 threads at a time";
constexpr const char* kSignalsComeLate =
    "ThreadSanitizer keeps a signal back until the program calls the system";
constexpr const char* kThreadsOfItsOwn =
    "ThreadSanitizer has threads of its own, which would be counted";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kUnderSanitizer = true;
#else
constexpr bool kUnderSanitizer = false;
#endif

/// Runs `body` as the main goroutine on a clock that jumps; returns how long it took there.
inline Duration in_virtual_time(const std::function<void()>& body, RunOptions options = {}) {
  VirtualClock clock;
  options.clock = &clock;
  run(body, options);
  return clock.elapsed();
}

/// Lets every goroutine that is ready run until it parks or ends, those that they wake included.
inline void let_others_park() {
  for (int i = 0; i < 100; ++i) yield();
}

/// The panic that `f` throws; a failure of the test if it throws none.
inline Panic panic_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Panic& panic) {
    return panic;
  }
  ADD_FAILURE() << "no panic was thrown";
  return Panic("no panic was thrown");
}

/// "mutex_test.cpp:12" at the end of any text, so that where the repository lies does not matter.
inline std::string place_in(std::string_view file, int line) {
  return fmt::format("{}:{}", file.substr(file.rfind('/') + 1), line);
}

/// How many threads or descriptors this process has: the entries of "/proc/self/task" or "/proc/self/fd".
inline std::ptrdiff_t entries_in(const char* folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

/// Whether the thread with this number waits in the kernel.
inline bool is_asleep(int thread) {
  const std::string file = fmt::format("/proc/self/task/{}/stat", thread);
  const std::unique_ptr<FILE, int (*)(FILE*)> stat(std::fopen(file.c_str(), "r"), std::fclose);
  char state = '?';
  return stat != nullptr && std::fscanf(stat.get(), "%*d (%*[^)]) %c", &state) == 1 && state == 'S';
}

inline void wait_until_asleep(int thread) {
  while (!is_asleep(thread)) std::this_thread::yield();
}

/// A wait group that one done() opens.
struct Door : WaitGroup {
  Door() { add(1); }
};

/// How a program ended, and all that it printed.
struct Ending {
  std::string how;  ///< "exit 2", "signal 11", "hung"
  std::string words;
};

/// Runs `program` in a process of its own; a program that returns ends with status 0.
inline Ending ending_of(const std::function<void()>& program) {
  // Half of what the test has itself, so that it can say what hung.
  const char* limit = std::getenv("CONCLAVE_TEST_TIMEOUT_S");
  const std::chrono::seconds patience(limit != nullptr ? std::max(1, std::atoi(limit) / 2) : 30);
  const isolation::Ending ending = isolation::run_in_child(program, patience);
  for (const isolation::Entry& entry : ending.journal) {
    if (entry.kind == isolation::Entry::Kind::failure) ADD_FAILURE() << entry.place << entry.text;
  }
  const int status = ending.wait_status;
  if (ending.timed_out) return {"hung", ending.output};
  if (WIFSIGNALED(status)) return {fmt::format("signal {}", WTERMSIG(status)), ending.output};
  return {fmt::format("exit {}", WEXITSTATUS(status)), ending.output};
}

/// A line of text for each event, in order.
using Log = std::vector<std::string>;

/// Writes a line when it is destroyed.
struct Mark {
  Log& log;
  std::string text;
  ~Mark() { log.push_back(text); }
};

/// Calls `f` when it is destroyed.
struct AtTheEnd {
  std::function<void()> f;
  ~AtTheEnd() { f(); }
};

}  // namespace conclave
