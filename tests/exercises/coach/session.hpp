// A coach without a world, and what tools/exercise tells it: for the tests of what it shows and of what it decides.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "coach/state.hpp"

namespace conclave::coach {

inline constexpr const char* kStatus =
    "01-1\t01-1-always-sometimes-never\tpredict\t5\t*\t{1}\t0\t"
    "exercises/01-1-always-sometimes-never/answers.txt\tAlways, sometimes, never\n"
    "01-2\t01-2-wait-for-all\tbuild\t10\t*\t{2}\t0\texercises/01-2-wait-for-all/for_all.cpp\tWait "
    "for all of them\n"
    "02-1\t02-1-park-pass-or-panic\tpredict\t5\t\t{3}\t0\texercises/02-1-park-pass-or-panic/"
    "answers.txt\t"
    "Park, pass or panic?\n";

inline constexpr const char* kQuestion =
    "exercise\t01-1\ntext\tvoid farewell() {\ntext\t  go([] { print(\"so long\"); });\ntext\t}\n"
    "text\t\ntext\t\"so long\" is "
    "printed:\nchoice\talways\nchoice\tsometimes\nchoice\tnever\nanswer\tsometimes\n";

inline constexpr const char* kFailing =
    "FAIL  ForAll.ReturnsAfterTheLastItem\n"
    "  what must hold : for_all returns when the last item is done, and not before (contract, law "
    "2)\n"
    "  what happened  : it returned when 1 of 3 items was done\n"
    "  at             : tests/exercises/01-2-wait-for-all_test.cpp:41\n"
    "  2 tests before it passed, 3 later tests wait for this one\n";

inline constexpr const char* kNotCompiling =
    "FAIL  01-2 does not compile\n"
    "  at             : exercises/01-2-wait-for-all/for_all.cpp:12\n"
    "  the compiler   : 'wait_group' was not declared in this scope\n"
    "   12 |   wait_group.wait();\n";

/// A coach without a world: hands over events, and answers what is asked.
class Session {
 public:
  explicit Session(const std::string& first = "new", const std::string& second = "new",
                   const std::string& third = "new") {
    status_ = kStatus;
    for (const auto& [mark, standing] :
         {std::pair{"{1}", first}, {"{2}", second}, {"{3}", third}}) {
      status_.replace(status_.find(mark), 3, standing);
    }
    state.look = {.size = {.columns = 80, .rows = 24}, .utf8 = true};
  }

  Session& happen(const Event& event) {
    for (const Effect& effect : update(state, event, TimePoint{} + elapsed)) {
      if (const auto* ask = std::get_if<Ask>(&effect)) asked.push_back(*ask);
      if (std::holds_alternative<Open>(effect)) {
        state.task = "Write the body of for_all in for_all.cpp.";
        state.beginnings[state.exercise().files[0]] = 10;
      }
      if (const auto* settle = std::get_if<Settle>(&effect)) settled = settle->files;
      if (std::holds_alternative<Watch>(effect)) ++watched;
      if (const auto* quit = std::get_if<Quit>(&effect)) quits.push_back(*quit);
    }
    return *this;
  }
  Session& press(std::string_view keys) {
    for (const char key : keys) happen(Pressed{{Key::Name::character, key}});
    return *this;
  }
  Session& press(Key::Name key) { return happen(Pressed{{key}}); }
  /// The current exercise's file, or that of the exercise at this place.
  Session& save() { return save(state.current); }
  Session& save(std::size_t index) { return happen(Saved{state.exercises[index].files}); }
  Session& answer(int status, const std::string& output) {
    return happen(Answered{asked.back().number, {.status = status, .output = output}});
  }
  /// Up to the current exercise, with no question asked.
  Session& begin(const std::string& wanted = "") {
    state.wanted = wanted;
    state.quiz_asked = true;
    return happen(Started{}).answer(0, status_);
  }
  Session& wait(Duration time) {
    elapsed += time;
    return happen(Ticked{});
  }
  Session& small(int rows = 24) {
    state.look.utf8 = false;
    return happen(Resized{{.columns = 40, .rows = rows}});
  }
  [[nodiscard]] Verb last() const { return asked.back().request.verb; }

  State state;
  Duration elapsed{};
  std::vector<Ask> asked;
  std::vector<Quit> quits;
  std::vector<std::string> settled;  // last
  int watched = 0;
  std::string status_;
};

}  // namespace conclave::coach
