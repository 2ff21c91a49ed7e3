#include "testing/report.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

namespace conclave::isolation {

namespace {

constexpr std::size_t kBriefLineCount = 16;  // a deadlock of three goroutines, all of it
constexpr std::size_t kColumn = 19;          // where texts begin

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  return lines;
}

/// What the test printed: all of it, or in brief from the line that tells most, else the last ones.
std::string printed(const Verdict& verdict, const Telling& telling) {
  if (!telling.brief) return verdict.output;
  const std::vector<std::string_view> all = lines_of(verdict.output);
  std::size_t first = lines_of(std::string_view(verdict.output).substr(0, verdict.telling)).size();
  if (first == all.size() && all.size() > kBriefLineCount) first = all.size() - kBriefLineCount;
  if (verdict.telling == verdict.output.size() && all.size() <= kBriefLineCount) first = 0;

  std::string text;
  std::size_t shown = 0;
  for (std::size_t i = first; i < all.size() && shown < kBriefLineCount; ++i, ++shown) {
    text += fmt::format("{}\n", all[i]);
  }
  if (shown < all.size()) {
    text += fmt::format("({} more lines: {})\n", all.size() - shown, telling.command);
  }
  return text;
}

bool is_upper(char letter) { return letter >= 'A' && letter <= 'Z'; }
bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
char to_lower(char letter) { return static_cast<char>(letter - 'A' + 'a'); }

/// The size of the first word of a name in CamelCase: `Of` in `OfAMutex`, `TTL` in `TTLExpires`,
/// `100` in `100Times`.
std::size_t word_size(std::string_view name) {
  const auto upper = [&](std::size_t i) { return i < name.size() && is_upper(name[i]); };
  const auto digit = [&](std::size_t i) { return i < name.size() && is_digit(name[i]); };
  std::size_t size = 1;
  if (upper(0) && upper(1)) {
    while (upper(size)) ++size;
    const bool next_begins = size < name.size() && !digit(size);
    return next_begins ? size - 1 : size;
  }
  while (size < name.size() && !upper(size) && digit(size) == digit(0)) ++size;
  return size;
}

}  // namespace

std::string report(std::string_view test, const Verdict& verdict, const Telling& telling) {
  const bool todo = verdict.outcome == Outcome::todo;
  std::string text = fmt::format("{}  {}\n", todo ? "TODO" : "FAIL", test);
  text +=
      line_of("what must hold", verdict.must_hold.empty() ? sentence_of(test) : verdict.must_hold);
  text += line_of(todo ? "still to write" : "what happened", verdict.happened);
  if (!verdict.then.empty()) text += line_of("and then", verdict.then);
  if (!verdict.place.empty()) text += line_of("at", verdict.place);
  if (!verdict.later_places.empty()) {
    text += line_of("failed later", fmt::format("{}", fmt::join(verdict.later_places, "\n")));
  }
  if (verdict.seed) {
    text += line_of("seed", fmt::format("{}  (replay: CONCLAVE_SEED={} {})", *verdict.seed,
                                        *verdict.seed, telling.command));
  }
  if (!todo && !verdict.output.empty()) text += line_of("it printed", printed(verdict, telling));
  return text;
}

std::string sentence_of(std::string_view test) {
  const std::size_t dot = test.find('.');
  if (dot == test.npos) return std::string(test);
  const std::size_t slash =
      std::min(test.find('/', dot), test.size());  // before the number of a parameter
  std::string sentence(test.substr(0, dot));
  std::string_view separator = ": ";
  for (std::string_view rest = test.substr(dot + 1, slash - dot - 1); !rest.empty();
       separator = " ") {
    const std::string_view word = rest.substr(0, word_size(rest));
    rest.remove_prefix(word.size());
    sentence += separator;
    const bool acronym = word.size() > 1 && std::ranges::all_of(word, is_upper);
    for (const char letter : word)
      sentence += acronym || !is_upper(letter) ? letter : to_lower(letter);
  }
  if (slash < test.size()) sentence += fmt::format(" ({})", test.substr(slash + 1));
  return sentence;
}

std::string label_of(std::string_view label) { return fmt::format("  {:<15}: ", label); }

std::string line_of(std::string_view label, std::string_view text) {
  std::string result = label_of(label);
  bool first = true;
  for (const std::string_view line : lines_of(text)) {
    if (!first && !line.empty()) result += std::string(kColumn, ' ');
    result += line;
    result += '\n';
    first = false;
  }
  if (first) result += '\n';
  return result;
}

std::string unaligned(std::string_view text) {
  const std::string alignment = "\n" + std::string(kColumn, ' ');
  std::string result;
  while (true) {
    const std::size_t found = text.find(alignment);
    result += text.substr(0, found);
    if (found == text.npos) break;
    result += '\n';
    text.remove_prefix(found + alignment.size());
  }
  while (result.ends_with('\n')) result.pop_back();
  return result;
}

}  // namespace conclave::isolation
