/// @file
/// Rows: what a row of the screen is made of, and how it becomes bytes.
///
/// A row is spans, each a text in a style, and perhaps a link.  What is shown in it is decided in layouts.hpp.
///
/// Call from anywhere; nothing here blocks.  Source: ECMA-48, "Select graphic rendition"; OSC 8, "Hyperlinks in
/// terminal emulators".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::coach {

struct State;

/// How a text looks, where there is colour.
enum class Style { plain, bold, dim, good, bad, accent };

/// A part of a row.
struct Span {
  std::string text;
  Style style = Style::plain;
  std::string link{};  ///< a path from the root
};

/// A row of the screen; text_of() cuts it where the screen ends.
using Row = std::vector<Span>;
/// Rows, from the top.
using Rows = std::vector<Row>;

/// A key, and what it does.
using KeyWord = std::pair<std::string, std::string_view>;

/// How wide the terminal is; at least 1.
[[nodiscard]] std::size_t columns_of(const State& state);
/// How high it is; at least 1.
[[nodiscard]] std::size_t terminal_rows(const State& state);
/// How many rows may be taken by what is not said last: of chapters, of keys.
[[nodiscard]] std::size_t side_rows_max(const State& state);
/// Whether there is room for labels beside their text.
[[nodiscard]] bool is_wide(const State& state);

/// Adds a text, wrapped.
void add(Rows& rows, const State& state, std::string_view text, Style style = Style::plain);
/// Adds a path that terminals open, and people can read; below its label where they do not fit side by side.
/// @param line  from 1; 0 for none
void add_path(Rows& rows, const State& state, std::string_view label, const std::string& path,
              std::size_t line);

/// A line across the screen, with a word in it.
[[nodiscard]] Row rule(const State& state, std::string_view word = {});
/// Two texts at the two ends of a row; the right one goes when there is no room.
[[nodiscard]] Row ends(const State& state, Span left, Span right);
/// Keys, each with its word: a row of them for each eight of the terminal, and one at least.  The last two stay longest.
[[nodiscard]] Rows key_rows(const State& state, std::vector<KeyWord> keys);

/// The row as what is written to the terminal.
[[nodiscard]] std::string text_of(const Row& row, const State& state);

}  // namespace conclave::coach
