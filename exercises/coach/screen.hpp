/// @file
/// The screen: what the coach knows, as rows of text.
///
/// Laws
///  1. The same state is the same bytes.
///  2. There are never more rows than the terminal has, and none is wider than it is.
///  3. Without colour there is no escape sequence in a row; without UTF-8 nothing but ASCII.
///  4. What matters first stays when room is short: the keys that explain the others and that leave, then the verdict,
///     then the task, then the other chapters.
///
/// What each view has in it: layouts.hpp.
/// Call from anywhere; nothing here blocks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace conclave::coach {

struct State;

/// The rows of the screen, from the top, without their ends.
[[nodiscard]] std::vector<std::string> rows_of(const State& state);

/// What to write to the terminal so that it shows these rows and nothing else.
[[nodiscard]] std::string frame_of(const State& state);

/// How many rows the middle of the screen has, where the report is.
[[nodiscard]] std::size_t body_rows(const State& state);

/// How far the middle can be scrolled: 0 when all of it is on the screen.
[[nodiscard]] std::size_t scroll_max(const State& state);

}  // namespace conclave::coach
