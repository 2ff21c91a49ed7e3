/// @file  The answers of a predict or diagnose exercise: a text file of lines `question: answer`.
/// Laws: (1) every question of the exercise stands in the file exactly once, and nothing else does; (2) an answer is one
/// of its question's choices, or `?`; (3) `?` is todo, and only for a test that asks for it; (4) a file that breaks a law
/// fails the test, there: with what stands in the line and what may stand there.
/// Call from a test, outside goroutines.
#pragma once

#include <map>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace conclave {

/// A question and what may be answered.
struct Question {
  std::string id;                    ///< as in the file: letters, digits, `-` and `_`
  std::vector<std::string> choices;  ///< each without a comma
  bool several = false;              ///< the answer is a list of choices: `2, 5`
};

/// The answers in one file, read and checked against the exercise's questions.
///
///     const Answers answers("1.1", {{"hello", {"always", "sometimes", "never"}}});
///     must_hold(..., answers.one("hello") == "sometimes", ...);
class Answers {
 public:
  /// Reads the file that the environment variable CONCLAVE_ANSWERS names.  In the file `#` begins a comment, and upper
  /// and lower case are the same.
  /// @param exercise   its number, as todo() wants it: "1.1"
  Answers(std::string exercise, const std::vector<Question>& questions);

  /// The answer to a question with one answer, spelled as among its choices.
  [[nodiscard]] const std::string& one(
      std::string_view id, std::source_location place = std::source_location::current()) const;

  /// The answers to a question with several, in the order of its choices.
  [[nodiscard]] const std::vector<std::string>& several(
      std::string_view id, std::source_location place = std::source_location::current()) const;

 private:
  struct Answer {
    int line = 0;
    std::vector<std::string> words;  // empty: still `?`
  };

  std::string exercise_;
  std::string file_;
  std::map<std::string, Answer, std::less<>> answers_;
};

}  // namespace conclave
