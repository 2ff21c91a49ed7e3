"""The first draft of an exercise of each kind: whole, right, and about nothing.

A draft compiles, its answer passes, its stub fails as its kind declares, and its mutant dies, so that whoever adds an
exercise begins with one that works.  What a person has to write stands behind "WRITE: ", and the gate names every place.

In a text, $folder is 02-11-ticket-office, $id 02-11, $number 2.11, $name ticket_office, $camel TicketOffice, $title
Ticket office, $kind build, $library channels.
"""

import string

README = """\
# $number $title

*$kind · about 15 minutes (an estimate)*

WRITE: the question that this exercise answers, and a few lines that raise it; correct the minutes above and in the table

**Write** $task

```text
make learn EX=$id    # stays beside your editor, and tests at each save
make check EX=$id    # the same, once
```
$more
Stuck? Three hints, each saying more than the one before: [1](hints/1.md), [2](hints/2.md), [3](hints/3.md).
When your $answers pass, `make solution EX=$id` shows ours, with the reasons.
"""

COMMON = {
    "exercises/$folder/README.md": README,
    "exercises/$folder/hints/1.md": "WRITE: the concept: what a reader may not have understood yet\n",
    "exercises/$folder/hints/2.md": "WRITE: where to look: the line, the rule, the run that tells most\n",
    "exercises/$folder/hints/3.md": "WRITE: the outline of an answer, in words, that leaves its making to the reader\n",
    "solutions/$folder/README.md": """\
# $number $title: our answer

WRITE: why this way

## Roads not taken

WRITE: two other answers, one right and one wrong, and why
""",
}

# --- build, rebuild, fix: a function --------------------------------------------------------------------

FUNCTION = {
    "exercises/$folder/$name.hpp": """\
/// @file
/// Exercise $number: WRITE: the idea in one sentence
#pragma once

namespace conclave {

/// Returns `x` plus one.
/// WRITE: the contract: what it does, each outcome, whether it parks, who may call it
[[nodiscard]] int $name(int x);

}  // namespace conclave
""",
    "solutions/$folder/$name.cpp": """\
#include "$name.hpp"

namespace conclave {

int $name(int x) {
  return x + 1;
}

}  // namespace conclave
""",
    "solutions/$folder/also-right/other.cpp": """\
// WRITE: another right answer, which goes about it in another way
#include "$name.hpp"

namespace conclave {

int $name(int x) {
  return 1 + x;
}

}  // namespace conclave
""",
    "tests/exercises/${folder}_test.cpp": """\
// Exercise $number, in the order in which a reader gets it right.
#include <gtest/gtest.h>

#include "$name.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

// WRITE: a test for each step to the answer, and one that an unusual right answer passes
TEST($camel, AddsOne) {
  const Claim law = announce("one more than x comes back");

  const int sum = $name(2);

  must_hold(law, sum == 3, "2 became {}", sum);
}

}  // namespace
}  // namespace conclave
""",
    "tests/mutants/$folder/adds-nothing.mutant": """\
file: solutions/$folder/$name.cpp
test: $camel.AddsOne
misconception: WRITE: what somebody may believe who writes this
looks like: WRITE: what such an answer does
--- old
  return x + 1;
--- new
  return x;
--- end
""",
}

TODO = {
    "exercises/$folder/$name.cpp": """\
#include "$name.hpp"

#include "common/todo.hpp"

namespace conclave {

int $name(int x) {
  todo("$number: WRITE: what there is to write, in a few words");
}

}  // namespace conclave
""",
}

SYMPTOM = {
    "exercises/$folder/$name.cpp": """\
#include "$name.hpp"

namespace conclave {

// WRITE: a program that runs and misbehaves
int $name(int x) {
  return x;
}

}  // namespace conclave
""",
}

# --- break-it: tests of planted programs ----------------------------------------------------------------

BREAK_IT = {
    "exercises/$folder/$name.hpp": """\
/// @file
/// Exercise $number: WRITE: what the reader's tests tell from what
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace conclave {

/// What is tested, right or wrong.  A right one returns its argument plus one.
/// WRITE: what a right one promises
using ${camel}Candidate = std::function<int(int)>;

/// A test.  `examine` is the main goroutine of a run of its own, on a virtual clock.  It rejects the candidate by expect(),
/// and also when it panics, ends in a deadlock report, crashes or does not end.
struct ${camel}Test {
  std::string name;
  std::function<void(const ${camel}Candidate& candidate)> examine;
};

/// Rejects the candidate unless `holds`: says `what` should have been so, and ends the test.  Does not park.
void expect(bool holds, std::string_view what);

/// Your tests.  Each runs alone, in the standard order and in 50 random ones.
std::vector<${camel}Test> ${name}_tests();

}  // namespace conclave
""",
    "exercises/$folder/$name.cpp": """\
#include "$name.hpp"

#include "common/todo.hpp"

namespace conclave {
namespace {

// An example of a test, and not a strong one.
void of_two(const ${camel}Candidate& candidate) { expect(candidate(2) == 3, "2 becomes 3"); }

void of_zero(const ${camel}Candidate& candidate) {
  todo("$number: WRITE: what this test should be about");
}

}  // namespace

std::vector<${camel}Test> ${name}_tests() {
  return {
      {"of two", of_two},
      {"of zero", of_zero},
  };
}

}  // namespace conclave
""",
    "solutions/$folder/$name.cpp": """\
#include "$name.hpp"

namespace conclave {
namespace {

void of_two(const ${camel}Candidate& candidate) { expect(candidate(2) == 3, "2 becomes 3"); }

void of_zero(const ${camel}Candidate& candidate) { expect(candidate(0) == 1, "0 becomes 1"); }

}  // namespace

std::vector<${camel}Test> ${name}_tests() {
  return {
      {"of two", of_two},
      {"of zero", of_zero},
  };
}

}  // namespace conclave
""",
    "solutions/$folder/also-right/other.cpp": """\
// WRITE: other tests that are right, too
#include "$name.hpp"

namespace conclave {

std::vector<${camel}Test> ${name}_tests() {
  return {{"of a hundred", [](const ${camel}Candidate& candidate) {
             expect(candidate(100) == 101, "100 becomes 101");
           }}};
}

}  // namespace conclave
""",
    "tests/exercises/$folder/planted.hpp": """\
/// @file
/// Exercise $number: what the reader's tests are run on.
#pragma once

#include <vector>

#include "$name.hpp"

namespace conclave {

${camel}Candidate right_candidate();
/// Also right, and built another way.
${camel}Candidate other_right_candidate();
/// A wrong one, and what it does wrong, as a hint names it.
struct Planted$camel {
  const char* flaw;
  ${camel}Candidate candidate;
};
std::vector<Planted$camel> planted_candidates();

}  // namespace conclave
""",
    "tests/exercises/$folder/planted.cpp": """\
#include "$folder/planted.hpp"

namespace conclave {

${camel}Candidate right_candidate() {
  return [](int x) { return x + 1; };
}

${camel}Candidate other_right_candidate() {
  return [](int x) { return 1 + x; };
}

// WRITE: six to nine wrong ones, each a mistake that somebody makes
std::vector<Planted$camel> planted_candidates() {
  return {
      {"adds nothing", [](int x) { return x; }},
      {"doubles", [](int x) { return x + x - 1; }},
      {"has one answer for all", [](int) { return 3; }},
  };
}

}  // namespace conclave
""",
    "tests/exercises/${folder}_test.cpp": """\
// Exercise $number: the reader's tests are the thing under test.
#include <vector>

#include <gtest/gtest.h>

#include "$folder/planted.hpp"
#include "$name.hpp"
#include "goroutines/goroutines.hpp"
#include "support/break_it.hpp"

namespace conclave {
namespace {

std::vector<Trial> trials_of(const ${camel}Candidate& candidate) {
  std::vector<Trial> trials;
  for (const ${camel}Test& test : ${name}_tests()) {
    trials.push_back({test.name, [test, candidate](const RunOptions& options) {
                        run([&] { test.examine(candidate); }, options);
                      }});
  }
  return trials;
}

TEST($camel, AcceptsTheRightOne) {
  must_accept("function", "the right one", trials_of(right_candidate()));
}

TEST($camel, AcceptsARightOneBuiltAnotherWay) {
  must_accept("function", "one that adds the other way round", trials_of(other_right_candidate()));
}

TEST($camel, RejectsTwoOfThreeWrongOnes) {
  std::vector<Planted> planted;
  for (const auto& [flaw, candidate] : planted_candidates()) planted.push_back({flaw, trials_of(candidate)});

  must_reject(2, planted);
}

}  // namespace
}  // namespace conclave
""",
    "tests/mutants/$folder/two-is-enough.mutant": """\
file: solutions/$folder/$name.cpp
test: $camel.RejectsTwoOfThreeWrongOnes
misconception: WRITE: what somebody may believe who tests like this
looks like: WRITE: what such tests leave out
--- old
      {"of zero", of_zero},
--- new
--- end
""",
}

# --- predict, diagnose: answers in a text file ----------------------------------------------------------

PREDICT = {
    "exercises/$folder/answers.txt": """\
# Exercise $number.  Write always, sometimes or never in place of each ?

# farewell: "so long" is printed
farewell: ?
""",
    "exercises/$folder/programs.hpp": """\
/// @file
/// Exercise $number: programs, each the main goroutine of a run of its own on a virtual clock.
#pragma once

#include <string_view>

namespace conclave {

/// Prints a line.  Does not park.
void print(std::string_view line);

void farewell();

}  // namespace conclave
""",
    "exercises/$folder/programs.cpp": """\
#include "programs.hpp"

#include "goroutines/goroutines.hpp"

namespace conclave {

// WRITE: programs of ten lines, each with one question
//! [farewell]
void farewell() {
  go([] { print("so long"); });
  print("main returns");
}
//! [farewell]

}  // namespace conclave
""",
    "solutions/$folder/answers.txt": "farewell: never\n",
    "solutions/$folder/also-right/loud.txt": "# Upper and lower case are the same.\nFAREWELL: NEVER\n",
    "tests/exercises/${folder}_test.cpp": """\
// Exercise $number: each answer is held against 201 runs of its program.  What is right is what those runs say.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "goroutines/goroutines.hpp"
#include "programs.hpp"
#include "support/answers.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

constexpr std::uint64_t kSeeds = 200;

std::string printed;  // by the program that runs

/// What the program prints in one schedule.
std::string output_of(void (*program)(), RunOptions options) {
  VirtualClock clock;
  options.clock = &clock;
  printed.clear();
  run(program, options);
  return printed;
}

/// The answers of the reader.
Answers answers() { return {"$number", {{"farewell", {"always", "sometimes", "never"}}}}; }

/// Holds one answer against every run.
/// @param what   the question, as a sentence that is true or false of a run
void judge(std::string_view id, std::string_view what, void (*program)(),
           const std::function<bool(std::string_view output)>& holds) {
  const std::string answer = answers().one(id);
  std::string with;  // a run of which the sentence is true; empty: there is none
  std::string without;
  for (std::uint64_t seed = 0; seed <= kSeeds; ++seed) {
    const RunOptions order =
        seed == 0 ? RunOptions{} : RunOptions{.order = Order::random, .seed = seed};
    const std::string output = output_of(program, order);
    (holds(output) ? with : without) = output;
  }

  const std::string claim = fmt::format("your answer to '{}' is true of every run", id);
  if (answer == "sometimes") {
    must_hold(claim, !with.empty() && !without.empty(),
              "you say sometimes: {}\\nbut all runs are alike in this; here is one:\\n{}", what,
              with.empty() ? without : with);
  } else {
    const std::string& against = answer == "always" ? without : with;
    must_hold(claim, against.empty(), "you say {}: {}\\nbut this run has it otherwise:\\n{}", answer,
              what, against);
  }
}

TEST(AnswersFile, CanBeRead) { static_cast<void>(answers()); }

TEST($camel, Farewell) {
  judge("farewell", "'so long' is printed", farewell, [](std::string_view output) {
    return output.find("so long") != std::string_view::npos;
  });
}

}  // namespace

void print(std::string_view line) { printed += fmt::format("  {}\\n", line); }

}  // namespace conclave
""",
    "tests/mutants/$folder/main-joins-at-exit.mutant": """\
file: solutions/$folder/answers.txt
test: $camel.Farewell
misconception: WRITE: what somebody may believe who answers so
looks like: WRITE: what such an answer takes for granted
--- old
farewell: never
--- new
farewell: always
--- end
""",
}

PREDICT_MORE = """
## farewell

<!-- code: programs.cpp#farewell -->
```cpp
void farewell() {
  go([] { print("so long"); });
  print("main returns");
}
```

`farewell`: "so long" is printed.
"""

DUMP = """\
fatal error: all goroutines are asleep - deadlock!

goroutine 1 (main) [WaitGroup::wait: 1 not done]
    waits at   exercises/$folder/$name.cpp:14
    started at exercises/$folder/$name.cpp:19
"""

DIAGNOSE = {
    "exercises/$folder/answers.txt": """\
# Exercise $number.  Put your answer in place of each ?

# who: who must change: main or worker?
who: ?
""",
    "exercises/$folder/$name.hpp": """\
/// @file
/// Exercise $number: a program that locks up.  It ends the process with a report.
#pragma once

namespace conclave {

void $name();

}  // namespace conclave
""",
    "exercises/$folder/$name.cpp": """\
// Exercise $number: WRITE: what goes on here
#include "$name.hpp"

#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

void day() {
  WaitGroup shift;
  shift.add(1);
  go(Name("worker"), [] { yield(); });
  shift.wait();
}

}  // namespace

void $name() { run(day); }

}  // namespace conclave
""",
    "exercises/$folder/$name.dump": DUMP,
    "solutions/$folder/answers.txt": "who: worker\n",
    "solutions/$folder/also-right/loud.txt": "# Upper and lower case are the same.\nWHO: WORKER\n",
    "tests/exercises/${folder}_test.cpp": """\
// Exercise $number: the dump is what the program prints now, and each answer is held against it.
#include <string>

#include <gtest/gtest.h>

#include "$name.hpp"
#include "support/answers.hpp"
#include "support/dumps.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

Answers answers() { return {"$number", {{"who", {"main", "worker"}}}}; }

TEST(AnswersFile, CanBeRead) { static_cast<void>(answers()); }

TEST($camel, PrintsThisDump) { must_be_fresh($name, "$folder", "$name.dump"); }

TEST($camel, WhoMustChange) {
  const std::string who = answers().one("who");

  must_hold("who must change is who can end the wait, and does not", who == "worker",
            "who: you say {}\\nbut main waits for a done() that is somebody else's to call", who);
}

}  // namespace
}  // namespace conclave
""",
    "tests/mutants/$folder/blames-main.mutant": """\
file: solutions/$folder/answers.txt
test: $camel.WhoMustChange
misconception: WRITE: what somebody may believe who answers so
looks like: WRITE: what such an answer takes for granted
--- old
who: worker
--- new
who: main
--- end
""",
}

DIAGNOSE_MORE = """
The program is [`$name.cpp`]($name.cpp), and this is what it prints in the end:

<!-- code: $name.dump -->
```text
""" + DUMP + "```\n"

# --- the kinds ------------------------------------------------------------------------------------------

WRITE_FUNCTION = "the body of `$name` in [`$name.cpp`]($name.cpp). Its contract is in [`$name.hpp`]($name.hpp)."
WRITE_FIX = "[`$name.cpp`]($name.cpp) anew, so that it keeps the contract in [`$name.hpp`]($name.hpp)."
WRITE_TESTS = "tests in [`$name.cpp`]($name.cpp) that accept what is right and reject two of three wrong ones."
WRITE_ANSWERS = "your answer in place of each `?` in [`answers.txt`](answers.txt)."

# kind: (files, task, what passes, more of the README, SOURCES, GIVEN, STUB_FAILS)
KINDS = {
    "predict": (PREDICT, WRITE_ANSWERS, "answers", PREDICT_MORE, "answers.txt", "programs.cpp", "$camel.Farewell todo"),
    "diagnose": (DIAGNOSE, WRITE_ANSWERS, "answers", DIAGNOSE_MORE, "answers.txt", "$name.cpp", "$camel.WhoMustChange todo"),
    "fix": (FUNCTION | SYMPTOM, WRITE_FIX, "tests", "", "$name.cpp", "", "$camel.AddsOne failed"),
    "build": (FUNCTION | TODO, WRITE_FUNCTION, "tests", "", "$name.cpp", "", "$camel.AddsOne todo"),
    "break-it": (BREAK_IT, WRITE_TESTS, "tests", "", "$name.cpp", "", "$camel.AcceptsTheRightOne todo"),
    "rebuild": (FUNCTION | TODO, WRITE_FUNCTION, "tests", "", "$name.cpp", "", "$camel.AddsOne todo"),
}


def fill(text, words):
    return string.Template(text).substitute(words)


def draft(kind, words):
    """The files of an exercise {path: text}, and its sentence for exercises/CMakeLists.txt.

    words: folder, id, number, name, camel, title and library.
    """
    files, task, answers, more, sources, given, stub_fails = KINDS[kind]
    words = words | {"kind": kind, "answers": answers, "task": fill(task, words), "more": fill(more, words)}
    sentence = (f"book_exercise($folder KIND $kind CHAPTER $library SOURCES {sources}" + (f" GIVEN {given}" if given else "")
                + f"\n  STUB_FAILS {stub_fails})\n")
    return {fill(path, words): fill(text, words) for path, text in (COMMON | files).items()}, fill(sentence, words)
