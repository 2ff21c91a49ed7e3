#include "coach/engine.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <regex>
#include <utility>

#include <fmt/format.h>

#include "coach/text.hpp"

namespace conclave::coach {

namespace {

constexpr std::size_t kFields = 9;
constexpr std::size_t kShownColumns = 60;  // of what cannot be read

/// Whether a line is said to people: an answer has a tab in each of its lines.
bool is_note(std::string_view line) { return line.find('\t') == std::string_view::npos; }

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> number_in(std::string_view text, int max) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > max)
    return std::nullopt;
  return number;
}

std::optional<Standing> standing_in(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Standing>, 4> kStandings{
      {{"new", Standing::untouched},
       {"open", Standing::begun},
       {"passed", Standing::passed},
       {"stale", Standing::stale}}};
  for (const auto& [name, standing] : kStandings) {
    if (text == name) return standing;
  }
  return std::nullopt;
}

Status unreadable(std::string_view verb, std::size_t number, std::string_view line,
                  std::string_view want) {
  return Status::invalid_argument(
      fmt::format("tools/exercise {}, line {}: \"{}\"", verb, number, clip(line, kShownColumns)),
      fmt::format("want {}", want));
}

constexpr std::string_view kWantExercise =
    "9 fields between tabs: id, folder, kind, minutes, * or nothing, new|open|passed|stale, hints, "
    "files, title";

std::optional<Exercise> exercise_in(std::string_view line) {
  static const std::regex kId("[0-9]{2}-[0-9]{1,3}");
  std::vector<std::string> fields = split(line, '\t');
  if (fields.size() != kFields || !std::regex_match(fields[0], kId)) return std::nullopt;
  const std::optional<int> minutes = number_in(fields[3], 10'000);
  const std::optional<Standing> standing = standing_in(fields[5]);
  const std::optional<int> hints = number_in(fields[6], 3);
  if (!minutes || !standing || !hints || fields[7].empty()) return std::nullopt;
  return Exercise{.id = fields[0],
                  .folder = fields[1],
                  .kind = fields[2],
                  .title = fields[8],
                  .minutes = *minutes,
                  .on_short_route = fields[4] == "*",
                  .standing = *standing,
                  .hints_opened = *hints,
                  .files = split(fields[7], ',')};
}

/// What a line tells of, when it does.
std::optional<Phase> phase_of(std::string_view line) {
  if (line == "@compiling") return Phase::compiling;
  if (line == "@testing") return Phase::testing;
  return std::nullopt;
}

/// A paragraph on one line.
std::string joined(std::string_view paragraph) {
  std::string line(paragraph);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

}  // namespace

std::string Exercise::number() const {
  const std::size_t dash = std::min(id.find('-'), id.size());
  const std::size_t first = std::min(id.find_first_not_of('0'), dash);
  return fmt::format("{}.{}", std::string_view(id).substr(first, dash - first),
                     std::string_view(id).substr(std::min(dash + 1, id.size())));
}

std::vector<std::string> files_of(const std::vector<Exercise>& exercises) {
  std::vector<std::string> files;
  for (const Exercise& exercise : exercises)
    files.insert(files.end(), exercise.files.begin(), exercise.files.end());
  return files;
}

std::vector<std::string> command_of(const Request& request) {
  static constexpr std::string_view kProgram = "tools/exercise";
  std::string verb;
  switch (request.verb) {
    case Verb::status:
      return {std::string(kProgram), "status"};
    case Verb::question:
      return {std::string(kProgram), "question", request.about};
    case Verb::check:
      verb = "check";
      break;
    case Verb::hint:
      verb = "hint";
      break;
    case Verb::why:
      verb = "why";
      break;
    case Verb::solution:
    case Verb::give_up:  // the same, with GIVE_UP=1 in its environment
      verb = "solution";
      break;
    case Verb::reset:
      verb = "reset";
      break;
  }
  return {std::string(kProgram), verb, request.about, "--coach"};
}

Result<std::vector<Exercise>> parse_status(std::string_view answer) {
  std::vector<Exercise> exercises;
  std::size_t number = 0;
  for (const std::string& line : lines_of(answer)) {
    ++number;
    if (is_note(line)) continue;
    std::optional<Exercise> exercise = exercise_in(line);
    if (!exercise) return unreadable("status", number, clean(line), kWantExercise);
    exercises.push_back(std::move(*exercise));
  }
  if (exercises.empty()) {
    return Status::not_found(fmt::format("tools/exercise status names no exercise: \"{}\"",
                                         clip(joined(clean(answer)), kShownColumns)));
  }
  return exercises;
}

Result<std::vector<Question>> parse_question(std::string_view answer) {
  constexpr std::size_t kLinesMax = 24;
  constexpr std::size_t kChoicesMax = 4;
  if (answer.find('\t') == std::string_view::npos) return std::vector<Question>{};
  Question question;
  std::size_t number = 0;
  for (const std::string& line : lines_of(answer)) {
    ++number;
    if (is_note(line)) continue;
    const std::size_t tab = std::min(line.find('\t'), line.size());
    const std::string_view key = std::string_view(line).substr(0, tab);
    const std::string value = clean(std::string_view(line).substr(std::min(tab + 1, line.size())));
    if (key == "exercise") {
      question.exercise = value;
    } else if (key == "text") {
      question.text.push_back(value);
    } else if (key == "choice") {
      question.choices.push_back(value);
    } else if (key == "answer") {
      question.answer = value;
    } else {
      return unreadable("question", number, clean(line),
                        "exercise, text, choice or answer, a tab, and what it is");
    }
  }
  if (question.text.empty() || question.text.size() > kLinesMax || question.choices.size() < 2 ||
      question.choices.size() > kChoicesMax ||
      std::ranges::find(question.choices, question.answer) == question.choices.end()) {
    return unreadable("question", number, clean(joined(answer)),
                      "a text, 2 to 4 choices, and one of them as the answer");
  }
  return std::vector<Question>{std::move(question)};
}

std::string task_in(std::string_view readme) {
  const std::size_t begin = readme.find("\n**");
  if (begin == std::string_view::npos) return {};
  const std::string_view from_there = readme.substr(begin + 1);
  std::string paragraph = joined(from_there.substr(0, from_there.find("\n\n")));
  static const std::regex kLink(R"(\[([^\]]*)\]\([^)]*\))");
  paragraph = std::regex_replace(paragraph, kLink, "$1");
  std::erase_if(paragraph, [](char c) { return c == '*' || c == '`'; });
  static const std::regex kSentence(R"(^(.*?[.:])( .*|)$)");
  std::smatch sentence;
  std::string task =
      std::regex_match(paragraph, sentence, kSentence) ? sentence[1].str() : paragraph;
  if (task.ends_with(':')) task.back() = '.';
  return clean(task);
}

std::size_t beginning_in(std::string_view source) {
  static const std::regex kToDo(R"(\btodo\(|^[^#]*: *\?\s*$)");
  std::size_t number = 0;
  for (const std::string& line : lines_of(source)) {
    ++number;
    if (line.size() < 1000 && std::regex_search(line, kToDo)) return number;  // std::regex recurses
  }
  return 0;
}

Phase phase_in(std::string_view output) {
  Phase phase = Phase::unknown;
  for (const std::string& line : lines_of(output.substr(0, output.rfind('\n') + 1)))
    phase = phase_of(line).value_or(phase);
  return phase;
}

std::string without_phases(std::string_view output) {
  std::string text;
  for (const std::string& line : lines_of(output)) {
    if (!phase_of(line)) text += line + '\n';
  }
  return text;
}

std::string program_of(const Exercise& exercise) {
  const char* preset = std::getenv("PRESET");
  const bool is_chosen = preset != nullptr && *preset != '\0';
  return fmt::format("build/{}/exercises/exercise.{}", is_chosen ? preset : "dev", exercise.id);
}

std::size_t place_in(std::string_view report, std::string_view file) {
  constexpr int kLineMax = 1'000'000;
  std::size_t first = 0;
  for (const std::string& line : lines_of(report)) {
    const std::string named = fmt::format("{}:", file);
    const std::size_t at = line.find(named);
    if (at == std::string::npos) continue;
    const std::string_view behind = std::string_view(line).substr(at + named.size());
    const std::size_t digits = std::min(behind.find_first_not_of("0123456789"), behind.size());
    const auto number =
        static_cast<std::size_t>(number_in(behind.substr(0, digits), kLineMax).value_or(0));
    if (number != 0 && line.starts_with("  at ")) return number;
    if (first == 0) first = number;
  }
  return first;
}

std::string content_of(const std::string& path) {
  constexpr std::size_t kBytesMax = 256 * 1024;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  if (file == nullptr) return {};
  std::string content(kBytesMax, '\0');
  content.resize(std::fread(content.data(), 1, content.size(), file.get()));
  return content;
}

}  // namespace conclave::coach
