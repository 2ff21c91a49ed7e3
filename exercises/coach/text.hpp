/// @file
/// Text as a terminal shows it: cleaned of what would move the cursor, measured in columns, wrapped by words.
///
/// What comes from a reader's program may contain anything: escape sequences, half a character, a megabyte without a
/// line's end.  Nothing of it reaches the terminal but through clean().
///
/// Laws
///  1. clean() leaves printable characters and line ends, in valid UTF-8, and nothing else.
///  2. wrap() loses and adds no word, and no line of it is wider than asked.
///  3. A word is cut only when it is wider than a whole line: behind a `/` where it has one.
///
/// A character counts as one column; what is wider, or has no width, is not looked up.
/// Call from anywhere; nothing here blocks.  Source: ECMA-48, "Control functions", for what an escape sequence is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::coach {

/// `text` without control characters and escape sequences; tabs become spaces, and bytes that are no UTF-8 a `?`.
[[nodiscard]] std::string clean(std::string_view text);

/// The nearest ASCII of cleaned text, for a terminal that has no more: `*` for a star, `?` for what has nothing near.
[[nodiscard]] std::string to_ascii(std::string_view text);

/// How many columns cleaned text takes.
[[nodiscard]] std::size_t width(std::string_view text);

/// The first `columns` columns of it.
[[nodiscard]] std::string_view clip(std::string_view text, std::size_t columns);

/// One line as lines of at most `columns` columns.  What is wrapped begins below the first word of the line, or of the
/// text behind a label such as `  expected       : `.
/// @pre columns >= 1
[[nodiscard]] std::vector<std::string> wrap(std::string_view line, std::size_t columns);

/// The lines of a text, without their ends; an empty text has none.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

}  // namespace conclave::coach
