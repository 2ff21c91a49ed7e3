#include "coach/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace conclave::coach {

namespace {

constexpr std::size_t kTabColumns = 8;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// How many bytes the character at the beginning of `text` has; 0 when it is none.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = first < 0x80   ? 1
                            : first < 0xC2 ? 0
                            : first < 0xE0 ? 2
                            : first < 0xF0 ? 3
                            : first < 0xF5 ? 4
                                           : 0;
  if (bytes > text.size()) return 0;
  const auto rest = text.substr(0, bytes).substr(std::min<std::size_t>(bytes, 1));
  if (!std::ranges::all_of(rest, is_continuation)) return 0;
  if (bytes == 3) {  // longer than needed, or half of a pair
    const auto second = static_cast<unsigned char>(text[1]);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
  }
  if (bytes == 4) {
    const auto second = static_cast<unsigned char>(text[1]);
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  }
  return bytes;
}

/// How many bytes the escape sequence at the beginning of `text` has.
std::size_t escape_bytes(std::string_view text) {
  if (text.size() < 2) return text.size();
  std::size_t at = 2;
  if (text[1] == '[') {  // CSI: parameters, then a final byte
    while (at < text.size() && text[at] >= 0x20 && text[at] < 0x40) ++at;
    return std::min(at + 1, text.size());
  }
  if (text[1] == ']' || text[1] == 'P' || text[1] == '_' ||
      text[1] == '^') {  // a string, up to BEL or ESC and a backslash
    for (; at < text.size() && text[at] != '\n'; ++at) {
      if (text[at] == '\a') return at + 1;
      if (text[at] == '\x1b') return std::min(at + 2, text.size());
    }
    return at;
  }
  return text[1] == '\n' ? 1 : 2;
}

/// Where the text of a line begins that starts with `  label   : `; 0 when it does not.
std::size_t after_label(std::string_view line) {
  constexpr std::size_t kLabelEndMax = 20;
  if (!line.starts_with("  ") || line.starts_with("   ")) return 0;
  const std::size_t colon = line.find(": ");
  return colon != std::string_view::npos && colon <= kLabelEndMax ? colon + 2 : 0;
}

/// How much of a word that is wider than `columns` goes into a line.
std::string_view first_piece(std::string_view word, std::size_t columns) {
  const std::string_view most = clip(word, columns);
  const std::size_t slash = most.rfind('/');
  return slash == std::string_view::npos ? most : most.substr(0, slash + 1);
}

}  // namespace

std::string clean(std::string_view text) {
  std::string cleaned;
  std::size_t column = 0;
  while (!text.empty()) {
    const char first = text[0];
    std::size_t taken = 1;
    if (first == '\n') {
      cleaned += first;
      column = 0;
    } else if (first == '\t') {
      const std::size_t spaces = kTabColumns - column % kTabColumns;
      cleaned.append(spaces, ' ');
      column += spaces;
    } else if (first == '\x1b') {
      taken = escape_bytes(text);
    } else if (static_cast<unsigned char>(first) >= 0x20 && first != '\x7f') {
      const std::size_t bytes = character_bytes(text);
      const bool is_control =
          bytes == 2 && first == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0;
      if (!is_control) {
        cleaned += bytes == 0 ? "?" : text.substr(0, bytes);
        ++column;
      }
      taken = std::max<std::size_t>(bytes, 1);
    }
    text.remove_prefix(taken);
  }
  return cleaned;
}

std::string to_ascii(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kNear{
      {{"★", "*"},
       {"─", "-"},
       {"■", "#"},
       {"□", "."},
       {"✓", "+"},
       {"…", "..."},
       {"–", "-"},
       {"—", "-"},
       {"‘", "'"},
       {"’", "'"},
       {"“", "\""},
       {"”", "\""},
       {"≥", ">="},
       {"≤", "<="}}};
  std::string ascii;
  while (!text.empty()) {
    const std::size_t bytes = std::max<std::size_t>(character_bytes(text), 1);
    const std::string_view character = text.substr(0, bytes);
    const auto* const near =
        std::ranges::find(kNear, character, &decltype(kNear)::value_type::first);
    ascii += near != kNear.end() ? near->second : bytes == 1 ? character : "?";
    text.remove_prefix(bytes);
  }
  return ascii;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return !is_continuation(byte); }));
}

std::string_view clip(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (std::size_t column = 0; at < text.size(); ++at) {
    if (!is_continuation(text[at]) && column++ == columns) break;
  }
  return text.substr(0, at);
}

std::vector<std::string> wrap(std::string_view line, std::size_t columns) {
  constexpr std::size_t kColumnsForHanging = 60;
  while (line.ends_with(' ')) line.remove_suffix(1);
  if (width(line) <= columns) return {std::string(line)};

  const std::size_t indentation = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t label = after_label(line);
  std::size_t hang =
      label != 0 ? (columns >= kColumnsForHanging ? label : indentation + 2) : indentation;
  if (hang > columns / 2) hang = 0;
  const std::string below(hang, ' ');

  std::vector<std::string> wrapped;
  std::string current(std::min(indentation, columns / 2), ' ');
  std::size_t start = current.size();  // where the words of this line begin
  line.remove_prefix(indentation);
  const auto next_line = [&] {
    wrapped.push_back(std::exchange(current, below));
    start = below.size();
  };
  while (!line.empty()) {
    const std::size_t gap = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t word_end = std::min(line.find(' ', gap), line.size());
    std::string_view word = line.substr(gap, word_end - gap);
    line.remove_prefix(word_end);
    if (current.size() > start) {
      if (width(current) + gap + width(word) <= columns) {
        current.append(gap, ' ').append(word);
        continue;
      }
      next_line();
    }
    while (current.size() + width(word) > columns) {  // current holds spaces only
      const std::string_view piece = first_piece(word, columns - current.size());
      current += piece;
      word.remove_prefix(piece.size());
      next_line();
    }
    current += word;
  }
  if (current.size() > start) wrapped.push_back(current);
  return wrapped;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace conclave::coach
