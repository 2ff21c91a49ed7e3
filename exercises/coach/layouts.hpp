/// @file
/// Layouts: what is on the screen in each view: a top, a body that scrolls, notes, and keys.
///
/// A layout says what there is; screen.hpp says how it shares the rows of the terminal.
///
/// Call from anywhere; nothing here blocks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coach/rows.hpp"

namespace conclave::coach {

/// The parts of the screen.
struct Layout {
  std::vector<Rows> tops{};  ///< from all there is to say to the least: the first that leaves room
  Rows body{};
  Rows notes{};                         ///< between the body and the keys
  std::vector<KeyWord> keys{};          ///< the last two stay longest
  std::optional<std::size_t> chosen{};  ///< the row of the body that is to be seen
};

/// The current exercise, with what was said of it last.
[[nodiscard]] Layout exercise_layout(const State& state);
/// The first start.
[[nodiscard]] Layout welcome_layout(const State& state);
/// The question from an earlier chapter.
[[nodiscard]] Layout question_layout(const State& state);
/// All exercises.
[[nodiscard]] Layout list_layout(const State& state);
/// All keys.
[[nodiscard]] Layout help_layout(const State& state);
/// A message, where there is no exercise.
[[nodiscard]] Layout message_layout(const State& state);

/// @name Parts of more than one
/// @{

/// How many exercises pass, of all or of a chapter: `1 of 3 exercises   ★ 1 of 2`.
/// @param things  stands behind the number of them
[[nodiscard]] std::string progress(const State& state, std::string_view chapter,
                                   std::string_view things);
/// `Chapter 1` for `01`.
[[nodiscard]] std::string name_of_chapter(std::string_view chapter);
/// What the request that is on its way does, and for how long.
/// @pre there is one
[[nodiscard]] std::string doing(const State& state);
/// Adds what was said last.
void add_report(Rows& rows, const State& state);
/// @}

}  // namespace conclave::coach
