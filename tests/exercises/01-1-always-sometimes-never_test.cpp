// Exercise 1.1: each answer is held against 201 runs of its program, the standard order and 200 seeds.  What is right is
// what those runs say; no answer stands here.
#include <chrono>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "goroutines/goroutines.hpp"
#include "programs.hpp"
#include "support/answers.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

constexpr std::uint64_t kSeeds = 200;

/// A line of a trace: what was printed, and when.
struct Line {
  std::string text;
  Duration time;
};

/// What a program printed in one schedule.
struct Trace {
  std::string schedule;  ///< as a reader names it: "in the random order of seed 7"
  std::vector<Line> lines;

  /// Where the line stands; lines.size() when it was not printed.
  [[nodiscard]] std::size_t find(std::string_view text) const {
    std::size_t i = 0;
    while (i < lines.size() && lines[i].text != text) ++i;
    return i;
  }
  [[nodiscard]] bool has(std::string_view text) const { return find(text) < lines.size(); }

  /// For eyes, a line of the program on each line.
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const Line& line : lines) {
      text += fmt::format("\n  t={} s  {}", line.time / std::chrono::seconds(1), line.text);
    }
    return text;
  }
};

Trace* running = nullptr;  // where print() prints

Trace trace_of(void (*program)(), std::string schedule, RunOptions options) {
  Trace trace{std::move(schedule), {}};
  VirtualClock clock;
  options.clock = &clock;
  running = &trace;
  run(program, options);
  running = nullptr;
  return trace;
}

std::vector<Trace> all_traces_of(void (*program)()) {
  std::vector<Trace> traces = {trace_of(program, "in the standard order", {})};
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    traces.push_back(trace_of(program, fmt::format("in the random order of seed {}", seed),
                              {.order = Order::random, .seed = seed}));
  }
  return traces;
}

/// The answers of the reader.
Answers answers() {
  const std::vector<std::string> choices = {"always", "sometimes", "never"};
  std::vector<Question> questions;
  for (const char* id : {"letter", "farewell", "three-all", "three-order", "manners",
                         "sleepers-first", "sleepers-time", "counters-whole", "counters-torn"}) {
    questions.push_back({id, choices});
  }
  return {"1.1", questions};
}

/// Holds one answer against every run.
/// @param what   the question, as a sentence that is true or false of a run
void judge(std::string_view id, std::string_view what, void (*program)(),
           const std::function<bool(const Trace&)>& holds,
           std::source_location place = std::source_location::current()) {
  const std::string answer = answers().one(id);
  const std::vector<Trace> traces = all_traces_of(program);
  const Trace* with = nullptr;
  const Trace* without = nullptr;
  for (const Trace& trace : traces) {
    const Trace*& first = holds(trace) ? with : without;
    if (first == nullptr) first = &trace;
  }

  const std::string text = fmt::format("your answer to '{}' is true of every run", id);
  const Claim claim(text, place);
  if (answer == "sometimes") {
    const bool both = with != nullptr && without != nullptr;
    const Trace* any = with != nullptr ? with : without;
    must_hold(claim, both,
              "you say sometimes: {}\nbut all {} runs are alike in this; here is one, {}:{}", what,
              kSeeds + 1, any == nullptr ? "" : any->schedule, any == nullptr ? "" : any->text());
  } else {
    const Trace* against = answer == "always" ? without : with;
    must_hold(claim, against == nullptr, "you say {}: {}\nbut this run, {}, has it otherwise:{}",
              answer, what, against == nullptr ? "" : against->schedule,
              against == nullptr ? "" : against->text());
  }
}

TEST(AnswersFile, CanBeRead) { static_cast<void>(answers()); }

TEST(Predict, Letter) {
  judge("letter", "'the letter is read' comes before 'the letter is posted'", letter,
        [](const Trace& trace) {
          return trace.find("the letter is read") < trace.find("the letter is posted");
        });
}

TEST(Predict, Farewell) {
  judge("farewell", "'so long' is printed", farewell,
        [](const Trace& trace) { return trace.has("so long"); });
}

TEST(Predict, ThreeAll) {
  judge("three-all", "all three lines are printed", three, [](const Trace& trace) {
    return trace.has("one") && trace.has("two") && trace.has("three");
  });
}

TEST(Predict, ThreeOrder) {
  judge("three-order", "'one' comes before 'two'", three,
        [](const Trace& trace) { return trace.find("one") < trace.find("two"); });
}

TEST(Predict, Manners) {
  judge("manners", "'no, after you' is printed", manners,
        [](const Trace& trace) { return trace.has("no, after you"); });
}

TEST(Predict, SleepersFirst) {
  judge("sleepers-first", "'I did not sleep' is the first line", sleepers,
        [](const Trace& trace) { return trace.find("I did not sleep") == 0; });
}

TEST(Predict, SleepersTime) {
  judge("sleepers-time", "'all done after 1 s' is printed", sleepers,
        [](const Trace& trace) { return trace.has("all done after 1 s"); });
}

TEST(Predict, CountersWhole) {
  judge("counters-whole", "'whole 2' is printed", counters,
        [](const Trace& trace) { return trace.has("whole 2"); });
}

TEST(Predict, CountersTorn) {
  judge("counters-torn", "'torn 2' is printed", counters,
        [](const Trace& trace) { return trace.has("torn 2"); });
}

}  // namespace

void print(std::string_view line) {
  running->lines.push_back({std::string(line), now().time_since_epoch()});
}

}  // namespace conclave
