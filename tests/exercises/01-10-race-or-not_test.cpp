// Exercise 1.10: each answer is held against what orders the two accesses.  In a build with the race detector, what we
// take for right is first held against ThreadSanitizer.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <source_location>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/assert.hpp"
#include "goroutines/goroutines.hpp"
#include "goroutines/race_detector.hpp"
#include "programs.hpp"
#include "support/answers.hpp"
#include "support/orders.hpp"
#include "testing/child.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

/// The answers of the reader.
Answers answers() {
  const std::vector<std::string> choices = {"go",       "wait-group", "mutex", "once",  "cond",
                                            "volatile", "time",       "turns", "apart", "race"};
  std::vector<Question> questions;
  for (const char* id : {"letter", "patience", "sum", "hasty", "counter", "shelf", "deposit",
                         "two_locks", "flag", "setting", "peek", "kettle"}) {
    questions.push_back({id, choices});
  }
  return {"1.10", questions};
}

// --- ThreadSanitizer -------------------------------------------------------------------------------------

/// Where the marked accesses of a program stand, as a report names them: "programs.cpp:20 ".
std::vector<std::string> marked_lines(std::string_view id) {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path() /
                     "../../exercises/01-10-race-or-not/programs.cpp");
  std::vector<std::string> places;
  bool inside = false;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line == fmt::format("//! [{}]", id)) inside = !inside;
    const bool is_marked =
        line.find("  // A") != std::string::npos || line.find("  // B") != std::string::npos;
    if (inside && is_marked) places.push_back(fmt::format("programs.cpp:{} ", number));
  }
  return places;
}

/// The two accesses of a report, without those of its lines that are not about the program.
std::string in_few_lines(const std::string& report) {
  std::istringstream in(report);
  std::string lines;
  for (std::string line; std::getline(in, line) && line.find(" Location ") == std::string::npos;) {
    const bool is_call = line.find('#') != std::string::npos;
    if (line.empty() || (is_call && line.find("programs.cpp") == std::string::npos)) continue;
    lines += line + "\n";
  }
  return lines;
}

/// What ThreadSanitizer says of one run: the report that names A and B; empty when there is none.
std::string report_on(std::string_view id, void (*program)()) {
  const isolation::Ending ending = isolation::run_in_child(
      [program] {
        ::unsetenv("CONCLAVE_SWITCHES_ORDER");
        in_virtual_time(program);
      },
      std::chrono::seconds(60));
  constexpr std::string_view kReport = "WARNING: ThreadSanitizer: data race";
  const std::vector<std::string> places = marked_lines(id);
  ensure(places.size() == 2, "two accesses of each program are marked");
  std::size_t begin = ending.output.find(kReport);
  while (begin != std::string::npos) {
    const std::size_t end = ending.output.find(kReport, begin + 1);
    std::string report = ending.output.substr(begin, end - begin);
    const bool names_both = std::ranges::all_of(
        places, [&](const std::string& place) { return report.find(place) != std::string::npos; });
    if (names_both) return in_few_lines(report);
    begin = end;
  }
  return {};
}

// --- the verdict -----------------------------------------------------------------------------------------

/// Judges one answer.
/// @param right     what orders A and B; "race" when nothing does
/// @param because   what is wrong with an answer: of some for themselves, and under "" of the rest
void judge(std::string_view id, void (*program)(), const std::string& right,
           std::map<std::string, std::string> because,
           std::source_location place = std::source_location::current()) {
  const std::string answer = answers().one(id);
  std::string evidence;
  if constexpr (detail::kDetectsRaces) {
    const std::string report = report_on(id, program);
    const Claim claim("what we take for right is what ThreadSanitizer says", place);
    if (!must_hold(claim, report.empty() == (right != "race"), "{}: we say {}, and it says\n{}", id,
                   right, report.empty() ? "nothing" : report)) {
      return;
    }
    if (!report.empty()) evidence = "\n" + report;
  }

  because.try_emplace("volatile", "volatile is a word to the compiler: no goroutine waits for it");
  because.try_emplace("time", "no clock is part of this: one that waits long waits for nobody");
  because.try_emplace("turns",
                      "goroutines on two processors do not take turns, they run at the same time");
  because.try_emplace("apart", "A and B touch the same variable");
  because.try_emplace("race",
                      "in every run, on however many processors, one of the two has ended before "
                      "the other begins: look for what the later one has waited for");
  const auto reason = because.find(answer);
  const Claim claim(right == "race" ? "two accesses that nothing orders race, whatever they print"
                                    : "what orders two accesses is what the later one waited for",
                    place);
  must_hold(claim, answer == right, "{}: you say {}\nbut {}{}", id, answer,
            reason != because.end() ? reason->second : because.at(""), evidence);
}

TEST(AnswersFile, CanBeRead) { static_cast<void>(answers()); }

TEST(Race, Letter) {
  judge("letter", letter, "go",
        {{"wait-group", "main waits in its last line, and B has long happened"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Patience) {
  judge("patience", patience, "race",
        {{"go", "A comes after the go: it is the new goroutine's line, and B is main's"},
         {"time",
          "the second is main's: when the other goroutine gets no processor for that long, A "
          "happens while B does"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Sum) {
  judge("sum", sum, "wait-group",
        {{"go", "A comes after the go: it is the new goroutine's line, and B is main's"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Hasty) {
  judge("hasty", hasty, "race",
        {{"wait-group",
          "done() comes before A: wait() may return, and B happen, while A is still to come"},
         {"go", "A comes after the go: it is the new goroutine's line, and B is main's"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Counter) {
  judge("counter", counter, "race",
        {{"wait-group", "main waits for both, and neither of the two waits for the other"},
         {"go", "A is the one goroutine's line and B the other's, and both were started before"},
         {"turns",
          "on two processors each reads the old count, adds one, and writes: 1, now and then"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Shelf) {
  judge(
      "shelf", shelf, "apart",
      {{"race", "each writes a place of its own: when both write at once, both numbers are there"},
       {"wait-group", "main waits for both, and neither of the two waits for the other"},
       {"", "neither of the two goroutines waits for the other"}});
}

TEST(Race, Deposit) {
  judge(
      "deposit", deposit, "mutex",
      {{"race",
        "A and B cannot meet: whichever comes later has waited for something that the other did.\n"
        "That the program may print 101 on two processors is true, and a mistake of another kind"},
       {"wait-group", "main waits for both, and neither of the two waits for the other"},
       {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, TwoLocks) {
  judge("two_locks", two_locks, "race",
        {{"mutex",
          "nobody ever waits for either of them: each has one goroutine that locks it, and both "
          "are held at the same time"},
         {"wait-group", "main waits for both, and neither of the two waits for the other"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Flag) {
  judge("flag", flag, "race",
        {{"volatile",
          "volatile has the compiler read the flag each time. It does not have another processor "
          "see the value when it sees the flag, and a flag that is read while it is written races, "
          "too"},
         {"turns",
          "on two processors a yield() gives way to somebody, and perhaps the other one has been "
          "running all the time"},
         {"go", "A comes after the go: it is the new goroutine's line, and B is main's"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Setting) {
  judge("setting", setting, "once",
        {{"wait-group", "main waits for both, and neither of the two waits for the other"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Peek) {
  judge("peek", peek, "race",
        {{"once",
          "who finds has_setting true does not call once, and so waits for nothing: on two "
          "processors it may see true, and the setting still 0"},
         {"wait-group", "main waits for both, and neither of the two waits for the other"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

TEST(Race, Kettle) {
  judge("kettle", kettle, "mutex",
        {{"cond",
          "when the water boils before main asks, main does not wait, and the notification is "
          "lost; yet in that run, too, A has ended when B begins"},
         {"go", "A comes after the go: it is the new goroutine's line, and B is main's"},
         {"", "neither of the two goroutines calls that between A and B"}});
}

// --- the programs ----------------------------------------------------------------------------------------

std::vector<std::string>* printed = nullptr;  // by the programs, when somebody wants to know

TEST(Race, EveryNumberIsRightOnOneProcessor) {
  ::setenv("CONCLAVE_SWITCHES_ORDER", "1", 1);  // one after the other is all that we ask for here
  const auto afternoon = [] {
    for (const auto program : {letter, patience, sum, hasty, counter, shelf, deposit, two_locks,
                               flag, setting, peek, kettle}) {
      program();
    }
  };

  in_every_order([&](const RunOptions& options) {
    std::vector<std::string> lines;
    printed = &lines;
    in_virtual_time(afternoon, options);
    const std::vector<std::string> expected = {
        "pages 3",   "answer 42",   "sum 4",       "sum 4",      "count 2",
        "books 15",  "balance 102", "balance 103", "value 42",   "setting 7",
        "setting 7", "setting 7",   "setting 7",   "degrees 100"};
    must_hold("each program prints the number that one expects", lines == expected,
              "they printed {}", fmt::join(lines, ", "));
  });
}

}  // namespace

void print(std::string_view name, int number) {
  const std::string line = fmt::format("{} {}", name, number);
  if (printed != nullptr) printed->push_back(line);
}

}  // namespace conclave
