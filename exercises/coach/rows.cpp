#include "coach/rows.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "coach/state.hpp"
#include "coach/text.hpp"

namespace conclave::coach {

namespace {

constexpr std::size_t kColumnsOfWide = 60;

/// The codes around a text in a style.
std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::good:
      return "\x1b[1;32m";
    case Style::bad:
      return "\x1b[1;31m";
    case Style::accent:
      return "\x1b[36m";
  }
  return "";
}

/// Keys and words, as many in a row as fit.
Rows packed(const State& state, const std::vector<KeyWord>& keys) {
  Rows rows{{}};
  std::size_t used = 0;
  for (const auto& [key, word] : keys) {
    const std::size_t wanted = width(key) + 1 + width(word);
    if (used != 0 && used + 2 + wanted > columns_of(state)) {
      rows.emplace_back();
      used = 0;
    }
    if (used != 0) rows.back().push_back({"  "});
    used += wanted + (used == 0 ? 0 : 2);
    rows.back().push_back({key, Style::bold});
    rows.back().push_back({fmt::format(" {}", word)});
  }
  return rows;
}

}  // namespace

std::size_t columns_of(const State& state) {
  return static_cast<std::size_t>(std::max(state.look.size.columns, 1));
}
std::size_t terminal_rows(const State& state) {
  return static_cast<std::size_t>(std::max(state.look.size.rows, 1));
}
std::size_t side_rows_max(const State& state) {
  constexpr std::size_t kRowsForEach = 8;
  return std::max<std::size_t>(terminal_rows(state) / kRowsForEach, 1);
}
bool is_wide(const State& state) { return columns_of(state) >= kColumnsOfWide; }

void add(Rows& rows, const State& state, std::string_view text, Style style) {
  for (std::string& line : wrap(text, columns_of(state)))
    rows.push_back({{std::move(line), style}});
}

void add_path(Rows& rows, const State& state, std::string_view label, const std::string& path,
              std::size_t line) {
  const std::string text = line == 0 ? path : fmt::format("{}:{}", path, line);
  if (width(label) + 1 + width(text) <= columns_of(state)) {
    rows.push_back({{fmt::format("{} ", label), Style::dim}, {text, Style::accent, path}});
    return;
  }
  rows.push_back({{std::string(label), Style::dim}});
  for (std::string& piece : wrap(text, columns_of(state)))
    rows.push_back({{std::move(piece), Style::accent, path}});
}

Row rule(const State& state, std::string_view word) {
  const std::size_t columns = columns_of(state);
  std::string line;
  for (std::size_t i = width(word) == 0 ? 0 : width(word) + 1; i < columns; ++i) line += "─";
  return {{std::move(line), Style::dim},
          {word.empty() ? "" : fmt::format(" {}", word), Style::dim}};
}

Row ends(const State& state, Span left, Span right) {
  const std::size_t used = width(left.text) + width(right.text);
  if (used + 2 > columns_of(state)) return {std::move(left)};
  std::string gap(columns_of(state) - used, ' ');
  return {std::move(left), {std::move(gap)}, std::move(right)};
}

Rows key_rows(const State& state, std::vector<KeyWord> keys) {
  Rows rows = packed(state, keys);
  while (rows.size() > side_rows_max(state) && keys.size() > 1) {
    keys.erase(keys.end() - std::min<std::ptrdiff_t>(std::ssize(keys), 3));
    rows = packed(state, keys);
  }
  return rows;
}

std::string text_of(const Row& row, const State& state) {
  const Look& look = state.look;
  std::string text;
  std::size_t left = columns_of(state);
  for (const Span& span : row) {
    const std::string characters = look.utf8 ? span.text : to_ascii(span.text);
    const std::string_view shown = clip(characters, left);
    left -= width(shown);
    if (shown.empty()) continue;
    const bool is_link = look.links && !span.link.empty();
    if (is_link) text += fmt::format("\x1b]8;;{}{}\x1b\\", look.root_link, span.link);
    if (look.colour) text += code_of(span.style);
    text += shown;
    if (look.colour && span.style != Style::plain) text += "\x1b[0m";
    if (is_link) text += "\x1b]8;;\x1b\\";
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace conclave::coach
