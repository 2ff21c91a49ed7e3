/// @file
/// What the benchmarks of all chapters share: how a time and memory are taken, how a figure is printed, main().
///
/// measure.go beside this file is the same for Go.  `make bench C=01` runs the programs of a chapter in turn, each
/// benchmark in a process of its own, and compares their figures.
///
///     figures yield        runs one benchmark and prints its figures: name, value, unit, separated by tabs
///     figures --list       prints the names of its benchmarks
///
/// Times are processor time of the whole process, so that neither waiting nor a neighbour on the machine counts.
#pragma once

#include <concepts>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>

#include <fmt/core.h>

namespace conclave::bench {

/// Prints one figure.
inline void print(std::string_view figure, double value, std::string_view unit) {
  fmt::print("{}\t{:.2f}\t{}\n", figure, value, unit);
}

/// Nanoseconds of processor time that `work` takes, divided by `count`.
double ns_each(std::int64_t count, std::invocable auto work) {
  const std::clock_t begin = std::clock();
  work();
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return seconds * 1e9 / static_cast<double>(count);
}

/// The compiler must not know what is in memory: a loop around this one is run as often as it says.
inline void forget_memory() { asm volatile("" ::: "memory"); }

/// Bytes of this process that are in memory now.
inline std::int64_t resident_bytes() {
  std::int64_t pages = 0;
  std::int64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

/// The most bytes of this process that were in memory at any time.  (getrusage() would count the process that
/// started this one.)
inline std::int64_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    std::int64_t kibibytes = 0;
    if (key == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

/// One benchmark: prints one or more figures whose first word is its name.
struct Benchmark {
  std::string_view name;  ///< How the command line asks for it.
  void (*run)();          ///< Does the work and prints.
};

/// main(): hands the benchmark that the command line names to `run`.
/// @return the exit status
int main_of(std::span<const Benchmark> benchmarks, int count, char** arguments,
            std::invocable<void (*)()> auto run) {
  const std::string_view wanted = count == 2 ? arguments[1] : "";
  for (const Benchmark& benchmark : benchmarks) {
    if (wanted == "--list") fmt::print("{}\n", benchmark.name);
    if (wanted == benchmark.name) {
      run(benchmark.run);
      return 0;
    }
  }
  if (wanted == "--list") return 0;
  fmt::print(stderr, "usage: {} --list, or one of the benchmarks that it lists\n", arguments[0]);
  return 2;
}

}  // namespace conclave::bench
