/// @file
/// What the coach asks `tools/exercise`, and what it makes of the answers.
///
/// The coach knows nothing by itself: which exercises there are, how far the reader is, whether an answer passes and
/// what a hint says, it asks this program and shows the answer.  `make check` and its sisters ask the same program.
///
/// Laws
///  1. An answer that cannot be read is an error that names the line; never half an answer.  Lines without a tab are
///     notes to people, and no part of it.
///  2. Every command ends in --coach where it speaks to the reader: then it names no commands to type.
///
/// Nothing here blocks but task_of() and begin_of(), which read a short file.
/// Call from anywhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.hpp"

namespace conclave::coach {

/// How far the reader is with an exercise.
enum class Standing {
  untouched,  ///< as it was handed out
  begun,      ///< changed, and not passing yet
  passed,     ///< passes
  stale,      ///< passed once, and something that rested on has changed since
};

/// An exercise, as `tools/exercise status` tells.
struct Exercise {
  std::string id;      ///< as in `01-2`
  std::string folder;  ///< as in `01-2-wait-for-all`
  std::string kind;    ///< as in `build`
  std::string title;   ///< for people
  int minutes = 0;     ///< what it takes, by an estimate
  bool on_short_route = false;
  Standing standing = Standing::untouched;
  int hints_opened = 0;            ///< of three
  std::vector<std::string> files;  ///< what the reader edits, as paths from the root

  /// Its chapter, as in `01`.
  [[nodiscard]] std::string_view chapter() const {
    return std::string_view(id).substr(0, id.find('-'));
  }
  /// Its number as it is written in the text: `1.2`.
  [[nodiscard]] std::string number() const;
};

/// What the reader edits, of all of them.
[[nodiscard]] std::vector<std::string> files_of(const std::vector<Exercise>& exercises);

/// A question from a predict exercise of an earlier chapter.
struct Question {
  std::string exercise;              ///< the id of the exercise that asks it in full
  std::vector<std::string> text;     ///< its lines
  std::vector<std::string> choices;  ///< 2 to 4
  std::string answer;                ///< one of them
};

/// What can be asked.
enum class Verb {
  status,    ///< how far the reader is, with all exercises
  question,  ///< a question for a reader of this chapter
  check,     ///< whether the reader's answer passes
  hint,      ///< the next hint
  why,       ///< the whole story of a failure
  solution,  ///< our answer, once the reader's passes
  give_up,   ///< our answer, now
  reset,     ///< the exercise as it was
};

/// A question to tools/exercise.
struct Request {
  Verb verb = Verb::status;
  std::string
      about{};  ///< an exercise's id, a chapter for Verb::question, nothing for Verb::status

  /// Whether both ask the same.
  friend bool operator==(const Request&, const Request&) = default;
};

/// What tools/exercise is about while it judges an answer.
enum class Phase { unknown, compiling, testing };

/// The last one that it has told of: lines @compiling and @testing, which are no part of an answer.
[[nodiscard]] Phase phase_in(std::string_view output);
/// The output without them.
[[nodiscard]] std::string without_phases(std::string_view output);

/// The program that a check builds, as a path from the root.
[[nodiscard]] std::string program_of(const Exercise& exercise);

/// The words of the command, the program first.
[[nodiscard]] std::vector<std::string> command_of(const Request& request);

/// Reads the answer to Verb::status.
/// @return the exercises in the book's order; invalid_argument when a line is not as it should be, or there is none
[[nodiscard]] Result<std::vector<Exercise>> parse_status(std::string_view answer);

/// Reads the answer to Verb::question.
/// @return one question, or none when the answer is empty; invalid_argument when it is not as it should be
[[nodiscard]] Result<std::vector<Question>> parse_question(std::string_view answer);

/// The task of an exercise in a sentence: what its README asks for behind `**Write**` or the like, without markup.
[[nodiscard]] std::string task_in(std::string_view readme);

/// The line, from 1, at which the reader begins: the first `todo(` or `?` that is to be filled in; 0 when there is none.
[[nodiscard]] std::size_t beginning_in(std::string_view source);

/// The line, from 1, of this file that a report names: behind `at` first, then anywhere; 0 when it names none.
[[nodiscard]] std::size_t place_in(std::string_view report, std::string_view file);

/// The first 256 KiB of a file; nothing when it cannot be read.
[[nodiscard]] std::string content_of(const std::string& path);

}  // namespace conclave::coach
