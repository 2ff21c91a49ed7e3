/// @file
/// Many wait for one event, as threads, as goroutines and as coroutines of C++20: what does each of them cost?
///
///   many threads|goroutines|coroutines COUNT
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using Time = std::chrono::steady_clock;

namespace {

/// What the kernel keeps in memory for this process, in bytes.
double resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) * 1024;
  }
  return 0;
}

/// Notes time and memory when all are started and wait, and when all have ended.
class Report {
 public:
  void all_wait() {
    waiting_ = Time::now();
    bytes_ = resident_bytes() - bytes_;
  }
  void print(std::string_view what, int count) const {
    const std::chrono::duration<double, std::micro> start = waiting_ - begin_;
    const std::chrono::duration<double, std::micro> end = Time::now() - waiting_;
    fmt::print("{:>7} {:<10}  {:>6.2f} us to start, {:>6.2f} us to end, {:>6.0f} bytes, each\n",
               count, what, start.count() / count, end.count() / count, bytes_ / count);
  }

 private:
  double bytes_ = resident_bytes();
  Time::time_point begin_ = Time::now(), waiting_;
};

void threads(int count) {
  std::mutex mutex;
  std::condition_variable all_there, go_on;
  int there = 0;
  bool open = false;
  std::vector<std::thread> all;
  Report report;
  for (int i = 0; i < count; ++i) {
    all.emplace_back([&] {
      std::unique_lock lock(mutex);
      if (++there == count) all_there.notify_one();
      go_on.wait(lock, [&] { return open; });
    });
  }
  {
    std::unique_lock lock(mutex);
    all_there.wait(lock, [&] { return there == count; });
    report.all_wait();
    open = true;
  }
  go_on.notify_all();
  for (std::thread& each : all) each.join();
  report.print("threads", count);
}

void goroutines(int count) {
  conclave::run([count] {
    auto open = conclave::make_chan<conclave::Signal>();
    Report report;
    conclave::WaitGroup there, all;
    there.add(count);
    for (int i = 0; i < count; ++i) {
      all.go([open, &there] {
        there.done();
        open.recv();
      });
    }
    there.wait();
    report.all_wait();
    open.close();
    all.wait();
    report.print("goroutines", count);
  });
}

/// A coroutine that starts at once and keeps its frame until it ends.
struct Detached {
  struct promise_type {  // NOLINT(readability-identifier-naming): the standard's name
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::abort(); }
  };
};

/// An event for which coroutines wait.
struct Event {
  std::vector<std::coroutine_handle<>> waiting;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) { waiting.push_back(who); }
  void await_resume() const noexcept {}
};

Detached wait_for(Event& event) { co_await event; }

void coroutines(int count) {
  Event event;
  Report report;
  for (int i = 0; i < count; ++i) wait_for(event);
  report.all_wait();
  for (const std::coroutine_handle<> each : event.waiting) each.resume();
  report.print("coroutines", count);
}

}  // namespace

int main(int arguments, char** argument) {
  const std::string_view what = arguments == 3 ? argument[1] : "";
  const int count = arguments == 3 ? std::atoi(argument[2]) : 0;
  if (count > 0 && what == "threads") {
    threads(count);
  } else if (count > 0 && what == "goroutines") {
    goroutines(count);
  } else if (count > 0 && what == "coroutines") {
    coroutines(count);
  } else {
    fmt::print(stderr, "usage: many threads|goroutines|coroutines COUNT\n");
    return 2;
  }
}
