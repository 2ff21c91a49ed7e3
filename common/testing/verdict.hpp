/// @file
/// What became of a test: the one word for it, and what its report says.
///
/// Laws
///  1. A test passed only if it came to its end, no assertion failed, and its process ended with 0.
///  2. Every other verdict says in words what happened.
///  3. How the process died outranks what failed before.
///
/// Call from anywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "testing/child.hpp"

namespace conclave::isolation {

/// The kinds of end.
enum class Outcome {
  passed,    ///< it came to its end, and nothing failed
  skipped,   ///< it said GTEST_SKIP
  failed,    ///< an assertion of the test failed, it threw, or it leaked memory
  todo,      ///< it came upon todo()
  deadlock,  ///< all its goroutines were asleep
  panic,     ///< a goroutine panicked
  crashed,   ///< a signal or a sanitizer ended it
  hung,      ///< it was still running at the limit
  exited,    ///< it ended the process itself, or ended with a status that is not 0
};

/// The name of an outcome as the file of verdicts has it.
std::string_view to_string(Outcome outcome);

/// An outcome and its story.
struct Verdict {
  Outcome outcome = Outcome::passed;  ///< in one word
  std::string must_hold;              ///< the claim that broke; empty: the test's name says it
  std::string
      happened;  ///< what happened, the first line says the most; of a test that passed, its remark
  std::string then;  ///< how the process died after that; often empty
  std::string
      place;  ///< `file:line` of what failed first, or where the dying program was in code that is not the book's;
              ///< empty when unknown
  std::vector<std::string> later_places;  ///< of other assertions that failed after it
  std::optional<std::string> seed;        ///< the seed in use, if the test asked for one
  std::size_t seed_count = 0;             ///< how many seeds were in use, one after the other
  std::string output;                     ///< what the test printed
  std::size_t telling = 0;                ///< where its line that tells most is; else its size

  /// What the file of verdicts says: how the process died if it died, else what failed; its lines with " / " between.
  [[nodiscard]] std::string in_one_line() const;
};

/// Judges an ending.
/// @param limit   the limit the child had
Verdict judge(const Ending& ending, std::chrono::milliseconds limit);

/// The text of a failed assertion of GoogleTest in fewer words, as in `sum (3) is not equal to 4`,
/// after what the test added to it.  A form that is not known stays as it is.
std::string in_few_words(std::string_view assertion);

}  // namespace conclave::isolation
