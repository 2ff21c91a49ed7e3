/// @file
/// What the programs beside this file share: a server in a process of its own, and how calls to it are timed.
///
/// Each program is client and server: `figures unary` starts `figures serve`, which says "listens at" and its address,
/// and is killed at the end.  Times here are those of a clock on the wall: most of a call is waiting.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <fmt/core.h>

#include "bench/measure.hpp"
#include "testing/process.hpp"

namespace conclave::bench {

/// How much is done; figures.go has the same numbers.
inline constexpr std::size_t kSmall = 64;           ///< bytes of a payload
inline constexpr std::size_t kLarge = 1024 * 1024;  ///< bytes of a payload
inline constexpr int kWarmUp = 1'000;               ///< calls that are not counted
inline constexpr int kUnary = 10'000;               ///< one at a time
inline constexpr int kInFlight = 64;                ///< at a time, of small ones
inline constexpr int kManyCalls = 60'000;           ///< of those
inline constexpr int kLargeInFlight = 4;            ///< at a time, of large ones
inline constexpr int kLargeCalls = 400;             ///< of those

/// A benchmark that computes something wrong has measured nothing.
inline void expect(bool right) {
  if (!right) std::abort();
}

/// What a server says when it can be called.
inline void say_listening(std::string_view address) {
  fmt::print("listens at {}\n", address);
  std::fflush(stdout);
}

/// This program once more, in another role.
inline Process this_program(std::vector<std::string> arguments) {
  return Process::start("/proc/self/exe", std::move(arguments)).value();
}

/// This program once more, as a server.  Is killed at the end.
class ServerProcess {
 public:
  /// Blocks until it listens.
  explicit ServerProcess(std::vector<std::string> role = {"serve"})
      : process_(this_program(std::move(role))) {
    constexpr std::string_view kSays = "listens at ";
    address_ = process_.wait_for_line(kSays, std::chrono::seconds(10)).value().substr(kSays.size());
  }

  /// Where it can be called.
  [[nodiscard]] const std::string& address() const { return address_; }
  /// Memory that is its own.
  [[nodiscard]] std::size_t resident_bytes() { return process_.resident_bytes().value(); }

  /// How much of a processor it has used so far, in ticks of 10 ms as a rule.
  [[nodiscard]] std::int64_t ticks() const {
    std::ifstream stat(fmt::format("/proc/{}/stat", process_.pid()));
    stat.ignore(std::numeric_limits<std::streamsize>::max(), ')');  // its name may have blanks
    std::string skipped;
    for (int field = 3; field < 14; ++field) stat >> skipped;
    std::int64_t user = 0;
    std::int64_t system = 0;
    stat >> user >> system;
    return user + system;
  }

 private:
  Process process_;
  std::string address_;
};

/// How often this process, and those that it has started and that have ended, gave a processor away to wait.
inline std::int64_t switches() {
  std::int64_t sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    sum += usage.ru_nvcsw;
  }
  return sum;
}

/// The middle one.
inline double median(std::vector<double>& values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Microseconds that `work` takes.
double us_of(std::invocable auto work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
      .count();
}

/// The median of the microseconds that each of many calls takes, one at a time.
double us_each(std::invocable auto call, int count = kUnary) {
  for (int i = 0; i < kWarmUp; ++i) call();
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) times.push_back(us_of(call));
  return median(times);
}

/// `unary`: calls, one at a time.  `with_server` is called with an address and a function, which it calls with a call.
void print_unary(auto with_server) {
  double us = 0;
  const std::int64_t before = switches();
  {
    const ServerProcess server;
    with_server(server.address(), [&](auto call) { us = us_each(call); });
  }
  print("unary", us, "µs");
  print("unary switches", static_cast<double>(switches() - before) / (kUnary + kWarmUp), "");
}

/// `in-flight`: so many calls a second, in thousands, of which `call(count, in_flight)` makes `count`.
void print_in_flight(std::invocable<int, int> auto call) {
  call(kWarmUp, kInFlight);
  print("in-flight", kManyCalls / us_of([&] { call(kManyCalls, kInFlight); }) * 1e3, "k/s");
}

/// `large`: MB a second, in each direction, of calls that `call(count, in_flight)` makes.
void print_large(std::invocable<int, int> auto call) {
  call(kLargeInFlight, kLargeInFlight);
  const double us = us_of([&] { call(kLargeCalls, kLargeInFlight); });
  print("large", kLargeCalls * static_cast<double>(kLarge) / us, "MB/s");
}

/// As many descriptors as this process may have: a connection is one, and two more for ZeroMQ.
inline void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Keeps freed memory: else each large payload is fetched from the kernel anew, page by page, and given back.
inline void keep_memory() {
  constexpr int kAll = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kAll);
  mallopt(M_TRIM_THRESHOLD, kAll);
}

/// What the command line can ask for beside benchmarks, such as `serve`.
struct Role {
  std::string_view name;            ///< how the command line asks for it
  void (*run)(const std::string&);  ///< with the argument behind it
};

/// main() of a program that has roles beside its benchmarks.
inline int main_of(std::span<const Role> roles, std::span<const Benchmark> benchmarks, int count,
                   char** arguments) {
  keep_memory();
  for (const Role& role : roles) {
    if (count < 2 || arguments[1] != role.name) continue;
    role.run(count > 2 ? arguments[2] : "");
    return 0;
  }
  return main_of(benchmarks, count, arguments, [](void (*benchmark)()) { benchmark(); });
}

}  // namespace conclave::bench
