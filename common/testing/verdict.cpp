#include "testing/verdict.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <utility>
#include <sys/wait.h>

#include "common/assert.hpp"
#include "common/todo.hpp"
#include "testing/report.hpp"

namespace conclave::isolation {

namespace {

constexpr int kFatalStatus = 2;  // of a deadlock and of a panic, as in Go
constexpr std::string_view kTodo = "TODO ";
constexpr std::string_view kDeadlock = "fatal error: all goroutines are asleep";
constexpr std::string_view kPanic = "panic: ";
constexpr std::string_view kLeaks = "ERROR: LeakSanitizer: ";

/// How lines begin that tell why a program died.
constexpr std::array<std::string_view, 5> kOpenings = {
    kTodo, kPanic, "fatal error: ", "assertion failed: ", "terminate called "};
/// And what a line of a sanitizer contains.
constexpr std::array<std::string_view, 4> kSanitizers = {
    "ERROR: AddressSanitizer: ", kLeaks, "WARNING: ThreadSanitizer: ", ": runtime error: "};

/// The first line of `text` that begins with `opening`: its place, or the size of `text`.
std::size_t find_opening(std::string_view text, std::string_view opening) {
  if (text.starts_with(opening)) return 0;
  const std::size_t found = text.find("\n" + std::string(opening));
  return found == text.npos ? text.size() : found + 1;
}

/// The first line of `text` that a sanitizer wrote: its place, or the size of `text`.
std::size_t find_sanitizer(std::string_view text) {
  std::size_t first = text.size();
  for (const std::string_view sign : kSanitizers) first = std::min(first, text.find(sign));
  return first == text.size() ? first : text.rfind('\n', first) + 1;  // npos + 1 is the beginning
}

/// The line of `text` that tells most about a death: its place, or the size of `text`.
std::size_t find_telling(std::string_view text) {
  std::size_t first = find_sanitizer(text);
  for (const std::string_view opening : kOpenings)
    first = std::min(first, find_opening(text, opening));
  return first;
}

std::string line_at(std::string_view text, std::size_t place) {
  return std::string(text.substr(place, text.find('\n', place) - place));
}

/// The first place in a report, as in `exercises/01-2-wait-for-all/for_all.cpp:15`, that is not in the book's own code;
/// empty when there is none.
std::string find_place(std::string_view report) {
  constexpr std::array<std::string_view, 4> kOurs = {"tests/", "chapters/", "common/", "/"};
  constexpr std::string_view kMark = "pp:";  // of .cpp and .hpp
  for (std::size_t at = report.find(kMark); at != report.npos; at = report.find(kMark, at + 1)) {
    const std::size_t first = report.find_last_of(" \n", at) + 1;  // npos + 1 is the beginning
    const std::size_t number = at + kMark.size();
    const std::size_t last =
        std::min(report.find_first_not_of("0123456789", number), report.size());
    const std::string_view place = report.substr(first, last - first);
    const bool is_ours =
        std::ranges::any_of(kOurs, [&](std::string_view root) { return place.starts_with(root); });
    if (last != number && !is_ours) return std::string(place);
  }
  return {};
}

/// Splits `text` at the first `separator`; the second part is empty when there is none.
std::pair<std::string_view, std::string_view> split(std::string_view text,
                                                    std::string_view separator) {
  const std::size_t found = text.find(separator);
  if (found == text.npos) return {text, {}};
  return {text.substr(0, found), text.substr(found + separator.size())};
}

bool take(std::string_view& text, std::string_view opening) {
  if (!text.starts_with(opening)) return false;
  text.remove_prefix(opening.size());
  return true;
}

/// Takes the first line off `text`.
std::string_view take_line(std::string_view& text) {
  const auto [line, rest] = split(text, "\n");
  text = rest;
  return line;
}

/// Takes an operand of EXPECT_EQ off `text`: `sum (3)`, or `4` when it is its own value.
std::string take_operand(std::string_view& text) {
  take(text, "  ");
  std::string operand(take_line(text));
  if (take(text, "    Which is: ")) operand += fmt::format(" ({})", take_line(text));
  return operand;
}

/// Takes what GoogleTest says about two values off `text`, in fewer words; empty when the form is
/// not known.
std::string take_values(std::string_view& text) {
  if (take(text, "Expected equality of these values:\n")) {
    const std::string left = take_operand(text);
    const std::string right = take_operand(text);
    return fmt::format("{} is not equal to {}", left, right);
  }
  if (!take(text, "Value of: ")) return {};
  const std::string_view value = take_line(text);
  if (take(text,
           "  Actual: ")) {  // EXPECT_TRUE and EXPECT_FALSE, which go on with what was expected
    const std::string_view actual = take_line(text);
    take_line(text);
    return fmt::format("{} is {}", value, actual);
  }
  if (!take(text, "Expected: ")) return {};
  const std::string_view expected = take_line(text);
  if (!take(text, "  Actual: ")) return {};
  return fmt::format("{} is {}\nexpected: {}", value, take_line(text), expected);  // EXPECT_THAT
}

/// How the process died, if it did not end as a test should; empty if it did.
struct Death {
  Outcome outcome = Outcome::passed;
  std::string text;
};

Death death_of(const Ending& ending, bool finished, std::chrono::milliseconds limit,
               std::string_view telling_line) {
  const std::string because = telling_line.empty() ? "" : fmt::format(": {}", telling_line);
  if (ending.timed_out) {
    return {Outcome::hung,
            fmt::format("it was still running after {:g} s, so it was killed{}",
                        static_cast<double>(limit.count()) / 1000,
                        finished ? " (the test had ended, the program had not)" : "")};
  }
  if (WIFSIGNALED(ending.wait_status)) {
    const int number = WTERMSIG(ending.wait_status);
    const char* name = sigabbrev_np(number);
    return {Outcome::crashed,
            fmt::format("it crashed with SIG{} ({}){}", name == nullptr ? "?" : name,
                        strsignal(number), because)};
  }
  const int status = WEXITSTATUS(ending.wait_status);
  if (finished && status == 0) return {};
  const std::string_view output = ending.output;
  if (const std::size_t todo = find_opening(output, kTodo);
      status == kTodoStatus && todo < output.size()) {
    return {Outcome::todo, line_at(output, todo + kTodo.size())};
  }
  if (status == kFatalStatus && find_opening(output, kDeadlock) < output.size()) {
    return {Outcome::deadlock,
            "deadlock: every goroutine was asleep, with nobody left to wake one"};
  }
  if (const std::size_t panic = find_opening(output, kPanic);
      status == kFatalStatus && panic < output.size()) {
    return {Outcome::panic, line_at(output, panic)};
  }
  if (const std::size_t report = find_sanitizer(output); status != 0 && report < output.size()) {
    const std::string line = line_at(output, report);
    const bool leaked = line.find(kLeaks) != line.npos;
    const auto [process, rest] = split(line, "==ERROR: ");
    return {leaked ? Outcome::failed : Outcome::crashed, rest.empty() ? line : std::string(rest)};
  }
  return {Outcome::exited,
          fmt::format("the program ended with status {} {}{}", status,
                      finished ? "after the test, while leaving" : "before the test did", because)};
}

/// Fills in what the text of a failed assertion says.
void tell_failure(Verdict& verdict, const Entry& failure) {
  verdict.place = failure.place;
  std::string_view text = failure.text;
  take(text, "Failed\n");
  const std::string claim_label = label_of("what must hold");
  if (take(text, claim_label)) {
    const auto [claim, happened] = split(text, "\n" + label_of("what happened"));
    verdict.must_hold = unaligned(claim);
    verdict.happened = unaligned(happened);
  } else {
    verdict.happened = in_few_words(failure.text);
  }
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  constexpr std::array<std::string_view, 9> kNames = {
      "passed", "skipped", "failed", "todo", "deadlock", "panic", "crashed", "hung", "exited"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

std::string Verdict::in_one_line() const {
  std::string_view rest = then.empty() ? happened : then;
  std::string line(take_line(rest));
  while (!rest.empty()) {
    std::string_view next = take_line(rest);
    next.remove_prefix(std::min(next.find_first_not_of(' '), next.size()));
    if (!next.empty()) line += fmt::format(" / {}", next);
  }
  return line;
}

Verdict judge(const Ending& ending, std::chrono::milliseconds limit) {
  Verdict verdict;
  bool finished = false;
  bool skipped = false;
  bool failed = false;
  std::string remark;
  for (const Entry& entry : ending.journal) {
    switch (entry.kind) {
      case Entry::Kind::claim:
        if (!failed) verdict.must_hold = entry.text;
        break;
      case Entry::Kind::failure:
        if (!failed) {
          tell_failure(verdict, entry);
        } else if (entry.place != verdict.place &&
                   !std::ranges::count(verdict.later_places, entry.place)) {
          verdict.later_places.push_back(entry.place);
        }
        failed = true;
        break;
      case Entry::Kind::skip:
        skipped = true;
        if (!failed) verdict.happened = in_few_words(entry.text);
        break;
      case Entry::Kind::remark:
        remark = entry.text;
        break;
      case Entry::Kind::seed:
        if (verdict.seed != entry.text) ++verdict.seed_count;
        verdict.seed = entry.text;
        break;
      case Entry::Kind::finished:
        finished = true;
        break;
    }
  }
  verdict.output = ending.output;
  verdict.telling = find_telling(ending.output);

  const std::string telling_line = line_at(ending.output, verdict.telling);
  const Death death = death_of(ending, finished, limit, telling_line);
  if (death.outcome != Outcome::passed) {
    verdict.outcome = death.outcome;
    (failed ? verdict.then : verdict.happened) = death.text;
    std::string_view after = std::string_view(ending.output).substr(verdict.telling);
    if (death.outcome == Outcome::todo) {
      take_line(after);
      if (take(after, "  at ")) verdict.place = take_line(after);
    } else if (!failed) {
      verdict.place = find_place(after);
    }
  } else {
    verdict.outcome = failed ? Outcome::failed : skipped ? Outcome::skipped : Outcome::passed;
    if (verdict.outcome == Outcome::passed) verdict.happened = remark;
  }
  return verdict;
}

std::string in_few_words(std::string_view assertion) {
  while (assertion.ends_with('\n')) assertion.remove_suffix(1);
  if (take(assertion, "Failed\n")) return std::string(assertion);  // FAIL and ADD_FAILURE
  std::string_view rest = assertion;
  const std::string values = take_values(rest);
  if (values.empty()) return std::string(assertion);
  return rest.empty() ? values : fmt::format("{}\n{}", rest, values);
}

}  // namespace conclave::isolation
