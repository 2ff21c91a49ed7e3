#include "rpc/metrics.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace conclave::rpc {

void Histogram::record(Duration duration) {
  ++count_;
  sum_ += duration;
  for (std::size_t i = 0; i < kClassCount; ++i) {
    if (duration > bound(i)) continue;
    ++classes_[i];
    return;
  }
}

std::uint64_t Histogram::at_most(std::size_t index) const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= index; ++i) count += classes_[i];
  return count;
}

void Metrics::record(std::string_view method, Code code, Duration duration) {
  auto found = calls_.find(method);
  if (found == calls_.end()) found = calls_.try_emplace(std::string(method)).first;
  found->second[code].record(duration);
}

std::string Metrics::text(std::string_view prefix) const {
  using Seconds = std::chrono::duration<double>;
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(
      out, "# HELP {0}_call_seconds How long calls took.\n# TYPE {0}_call_seconds histogram\n",
      prefix);
  for (const auto& [method, codes] : calls_) {
    for (const auto& [code, histogram] : codes) {
      const std::string labels = fmt::format("method=\"{}\",code=\"{}\"", method, code);
      for (std::size_t i = 0; i < Histogram::kClassCount; ++i) {
        fmt::format_to(out, "{}_call_seconds_bucket{{{},le=\"{}\"}} {}\n", prefix, labels,
                       Seconds(Histogram::bound(i)).count(), histogram.at_most(i));
      }
      fmt::format_to(out,
                     "{0}_call_seconds_bucket{{{1},le=\"+Inf\"}} {2}\n"
                     "{0}_call_seconds_sum{{{1}}} {3}\n"
                     "{0}_call_seconds_count{{{1}}} {2}\n",
                     prefix, labels, histogram.count(), Seconds(histogram.sum()).count());
    }
  }
  return text;
}

std::string text(const ServerCounters& counters, std::size_t calls) {
  const std::pair<const char*, std::uint64_t> kAll[] = {{"requests", counters.requests},
                                                        {"executed", counters.executed},
                                                        {"answered_again", counters.answered_again},
                                                        {"repeated", counters.repeated},
                                                        {"refused", counters.refused},
                                                        {"expired", counters.expired},
                                                        {"cancelled", counters.cancelled},
                                                        {"cancels_late", counters.cancels_late},
                                                        {"pings", counters.pings},
                                                        {"unreadable", counters.unreadable},
                                                        {"replies_lost", counters.replies_lost}};
  std::string text;
  for (const auto& [name, value] : kAll) {
    text += fmt::format("# TYPE conclave_server_{0}_total counter\nconclave_server_{0}_total {1}\n",
                        name, value);
  }
  return text +
         fmt::format("# TYPE conclave_server_calls gauge\nconclave_server_calls {}\n", calls);
}

}  // namespace conclave::rpc
