/// @file
/// Metrics: how many calls of a method ended how, and how long they took, as text for Prometheus.
///
/// Laws
///  1. The number of series is bounded: methods are those that were named before, and codes are 17.
///  2. To count costs no allocation after the first call of a method with a code.
///
/// Source: Prometheus, "Exposition formats" and "Histograms and summaries".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/status.hpp"
#include "goroutines/clock.hpp"
#include "rpc/server_counters.hpp"

namespace conclave::rpc {

/// How long something took, in classes of which each is twice as wide as the one before.
class Histogram {
 public:
  static constexpr std::size_t kClassCount =
      24;  ///< up to 16 µs · 2^23, which is 134 s; and longer
  /// The upper bound of a class.
  /// @pre `index` is below kClassCount
  [[nodiscard]] static constexpr Duration bound(std::size_t index) {
    return std::chrono::microseconds(16) * (std::int64_t{1} << index);
  }

  /// Counts one.
  void record(Duration duration);
  /// How many took at most bound(index).
  [[nodiscard]] std::uint64_t at_most(std::size_t index) const;
  /// How many there were.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// How long all of them took.
  [[nodiscard]] Duration sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kClassCount> classes_{};
  std::uint64_t count_ = 0;
  Duration sum_{};
};

/// What became of calls, by method and code.
class Metrics {
 public:
  /// Counts a call that has ended.
  void record(std::string_view method, Code code, Duration duration);

  /// A counter of calls and a histogram of seconds, in the text format of Prometheus; names begin with `prefix`.
  [[nodiscard]] std::string text(std::string_view prefix) const;

 private:
  std::map<std::string, std::map<Code, Histogram>, std::less<>> calls_;
};

/// A server's counters in the text format of Prometheus, and how many calls run or wait.
[[nodiscard]] std::string text(const ServerCounters& counters, std::size_t calls);

}  // namespace conclave::rpc
