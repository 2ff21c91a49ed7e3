#include "support/answers.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/todo.hpp"
#include "testing/report.hpp"

namespace conclave {

namespace {

/// Where something stands in a file of answers.
struct Place {
  std::string file;
  int line = 1;
};

/// Fails the test there, and leaves it.
template <class... Args>
[[noreturn]] void refuse(const Place& at, fmt::format_string<Args...> what, Args&&... args) {
  ADD_FAILURE_AT(at.file.c_str(), at.line)
      << isolation::line_of("what must hold", "the file of answers can be read")
      << isolation::line_of("what happened", fmt::format(what, std::forward<Args>(args)...));
  throw testing::AssertionException(testing::TestPartResult(
      testing::TestPartResult::kFatalFailure, nullptr, 0, "the answers cannot be read"));
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

bool is_same(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t comma = text.find(',');
    words.push_back(trimmed(text.substr(0, comma)));
    if (comma == text.npos) return words;
    text.remove_prefix(comma + 1);
  }
}

/// The answer's words as the choices spell them and in their order; refuses what is no choice.
std::vector<std::string> choose(const Question& question, const std::string& answer,
                                const Place& place) {
  const auto words = question.several ? split_at_commas(answer) : std::vector<std::string>{answer};
  std::vector<std::size_t> chosen;
  for (const std::string& word : words) {
    const auto choice = std::ranges::find_if(question.choices,
                                             [&](const auto& text) { return is_same(text, word); });
    if (choice == question.choices.end()) {
      refuse(place, "'{}' is no answer to '{}'\nwant {}: {}", word, question.id,
             question.several ? "some of, with commas" : "one of",
             fmt::join(question.choices, ", "));
    }
    chosen.push_back(static_cast<std::size_t>(choice - question.choices.begin()));
  }
  std::ranges::sort(chosen);
  if (const auto twice = std::ranges::adjacent_find(chosen); twice != chosen.end()) {
    refuse(place, "'{}' stands there twice", question.choices[*twice]);
  }
  std::vector<std::string> result;
  for (const std::size_t i : chosen) result.push_back(question.choices[i]);
  return result;
}

}  // namespace

Answers::Answers(std::string exercise, const std::vector<Question>& questions)
    : exercise_(std::move(exercise)) {
  const char* path = std::getenv("CONCLAVE_ANSWERS");
  if (path == nullptr)
    refuse({}, "CONCLAVE_ANSWERS names no file; 'make check EX={}' sets it", exercise_);
  file_ = std::filesystem::proximate(path).string();
  std::ifstream in(path);
  if (!in) refuse({file_}, "there is no such file");

  std::vector<std::string> ids;
  for (const Question& question : questions) ids.push_back(question.id);

  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    const std::string line = trimmed(std::string_view(text).substr(0, text.find('#')));
    if (line.empty()) continue;
    const Place place{file_, number};
    const std::size_t colon = line.find(':');
    if (colon == line.npos) refuse(place, "'{}' has no colon\nwant question: answer", line);
    const std::string id = trimmed(std::string_view(line).substr(0, colon));
    const std::string answer = trimmed(std::string_view(line).substr(colon + 1));

    const auto question =
        std::ranges::find_if(questions, [&](const Question& q) { return is_same(q.id, id); });
    if (question == questions.end()) {
      refuse(place, "there is no question '{}'\nwant one of: {}", id, fmt::join(ids, ", "));
    }
    if (const auto earlier = answers_.find(question->id); earlier != answers_.end()) {
      refuse(place, "'{}' is answered here and in line {}\nwant one answer", question->id,
             earlier->second.line);
    }
    if (answer.empty()) {
      refuse(place, "'{}' has no answer\nwant one of: {}; or ?", question->id,
             fmt::join(question->choices, ", "));
    }
    const bool open = answer == "?";
    answers_[question->id] = {number,
                              open ? std::vector<std::string>{} : choose(*question, answer, place)};
  }

  for (const Question& question : questions) {
    if (!answers_.contains(question.id)) {
      refuse({file_}, "the question '{}' is missing\nwant a line {}: and one of: {}", question.id,
             question.id, fmt::join(question.choices, ", "));
    }
  }
}

const std::string& Answers::one(std::string_view id, std::source_location place) const {
  return several(id, place).front();
}

const std::vector<std::string>& Answers::several(std::string_view id,
                                                 std::source_location place) const {
  const auto found = answers_.find(id);
  if (found == answers_.end())
    refuse({file_}, "the test asks for '{}', which is no question of this exercise", id);
  if (found->second.words.empty()) {
    todo(fmt::format("{}: '{}' in {}:{} still says ?", exercise_, id, file_, found->second.line),
         place);
  }
  return found->second.words;
}

}  // namespace conclave
