/// @file
/// Trace: everything that has happened in a run, as one number, and if wanted as text.
///
/// Laws
///  1. Two runs with the same events, in the same order, at the same times, have the same hash(); others a different one, but
///     for a probability of about 2^-64.
///  2. What is kept as text does not change the hash.
///
/// Call from the one thread of the run.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "common/checksum.hpp"
#include "goroutines/clock.hpp"

namespace conclave::simulation {

/// Everything that has happened.
class Trace {
 public:
  /// @param clock       the run's
  /// @param lines_max   how many of the last lines of text are kept
  /// @param tells_turns   whether each turn is a line
  Trace(const Clock& clock, std::size_t lines_max, bool tells_turns = false)
      : clock_(clock), lines_max_(lines_max), tells_turns_(tells_turns) {}

  /// It is the turn of the goroutine with this number.
  void turn(std::uint64_t goroutine) {
    count(0, goroutine);
    if (tells_turns_) say("", "turn of goroutine {}", goroutine);
  }

  /// Something has happened that two numbers tell.  Not a line.
  void count(std::uint64_t what, std::uint64_t whom) {
    ++events_;
    mix(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
    mix(what);
    mix(whom);
  }

  /// Whether words are kept.
  [[nodiscard]] bool keeps_words() const { return lines_max_ != 0; }

  /// The same in words, which do not count.
  template <class... Args>
  void say(std::string_view actor, fmt::format_string<Args...> format, Args&&... args) {
    if (lines_max_ != 0) keep(actor, fmt::format(format, std::forward<Args>(args)...));
  }

  /// Something has happened to `actor` that words tell.
  template <class... Args>
  void tell(std::string_view actor, fmt::format_string<Args...> format, Args&&... args) {
    const std::string what = fmt::format(format, std::forward<Args>(args)...);
    count(checksum(what), checksum(actor));
    if (lines_max_ != 0) keep(actor, what);
  }

  /// How much has happened.
  [[nodiscard]] std::uint64_t events() const { return events_; }

  /// What has happened, as a number.
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  /// The last lines, oldest first: "    3.000127 s  n2  is started, for the 2nd time".
  [[nodiscard]] const std::deque<std::string>& lines() const { return lines_; }

 private:
  void mix(std::uint64_t number) {
    hash_ = std::rotl(hash_ ^ number * 0x9e3779b97f4a7c15, 29) * 0xbf58476d1ce4e5b9;
  }
  void keep(std::string_view actor, std::string_view what);

  const Clock& clock_;
  std::size_t lines_max_;
  bool tells_turns_;
  std::uint64_t events_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325;
  std::deque<std::string> lines_;
};

}  // namespace conclave::simulation
