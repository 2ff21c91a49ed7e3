/// @file
/// What a test says when it fails, for tests that a reader's own program will fail.
///
/// Laws
///  1. A claim that holds says nothing.
///  2. One that does not is a failure of the test, which goes on; the report tells the first.
///  3. When the program dies before a claim that was announced is judged, the report names that claim.
///
/// Call from a test, from any goroutine or thread.
#pragma once

#include <concepts>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace conclave {

/// What must hold, in the words of the text, with the place where the test says so.
struct Claim {
  /// Takes the place of the call that states the claim.
  template <std::convertible_to<std::string_view> Text>
  // NOLINTNEXTLINE(google-explicit-constructor): a claim is written as a plain string
  Claim(const Text& claim_text, std::source_location claim_place = std::source_location::current())
      : text(claim_text), place(claim_place) {}

  std::string_view text;       ///< a sentence, with its source where it has one: "… (Raft §5.4.1)"
  std::source_location place;  ///< where the test states it
};

/// Fails the test, saying what must hold and what happened; see must_hold().
void report_broken(const Claim& claim, std::string_view happened);

/// Says what the test is about to show, for the report of a program that dies of it: by a deadlock, a panic, a crash, or
/// because it never ends.  Holds until must_hold() finds that the claim holds, or another is announced.  Does not block.
///
///     const Claim law = announce("for_all returns after the last goroutine is done");
///     for_all(items, work);
///     must_hold(law, finished == 10, "{} of 10 had finished when it returned", finished);
///
/// @param claim   made of a text that lives as long as the test
/// @return the same claim
Claim announce(const Claim& claim);

/// Takes back what announce() said, if it was this claim.
void settle(const Claim& claim);

/// Says what is worth knowing of a test that passes.  The last one is shown.
void remark(std::string_view text);

/// Fails the test unless `holds`.  Does not block.
///
///     must_hold("for_all returns after the last goroutine is done", finished == 10,
///               "{} of 10 had finished when it returned", finished);
///
/// @param happened   what the program did instead: a format string, perhaps of several lines
/// @return `holds`, so that a test can stop where going on makes no sense
template <class... Args>
bool must_hold(const Claim& claim, bool holds, fmt::format_string<Args...> happened,
               Args&&... args) {
  if (holds) {
    settle(claim);
  } else {
    report_broken(claim, fmt::format(happened, std::forward<Args>(args)...));
  }
  return holds;
}

}  // namespace conclave
