/// @file
/// The coach's mind: what it knows, and what it does about what happens.  No terminal, no file, no process, no clock.
///
/// update() takes an event, changes the state and says what is to be done; screen.hpp draws the state.  Whoever
/// drives it hands over events and does what it says: the program does (coach.hpp), and so do the tests.
///
/// Laws
///  1. At most one request is on its way.  A new one takes the place of the old one, whose answer is then ignored; but
///     a reset and a solution are let finish, and who stops a check by asking for something else is told so.
///  2. A save of the current exercise's file has it checked, whatever is on the screen.  A save of another one's changes
///     neither the exercise nor what is said of it: a row tells of it, and a key goes there.
///  3. Nothing is changed on the reader's behalf: no other exercise, no reset and no solution unless a key asked for it.
///  4. What is stale is checked again when nothing else is to be done, one at a time, and once.
///
/// Call from anywhere; nothing here blocks.
/// Source: the shape is that of the Elm architecture: state, event, update, view.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "coach/child.hpp"
#include "coach/engine.hpp"
#include "coach/keys.hpp"
#include "coach/terminal.hpp"
#include "goroutines/clock.hpp"

namespace conclave::coach {

/// How long the question of the start waits for an answer.
inline constexpr auto kQuestionTime = std::chrono::seconds(20);

/// How the terminal is to be used.
struct Look {
  Size size;
  bool colour = false;
  bool utf8 = false;
  bool links = false;       ///< whether it knows hyperlinks (OSC 8)
  std::string root_link{};  ///< the root as the beginning of a link: file://host/path/to/conclave/
};

/// What is on the screen.
enum class View {
  loading,   ///< before the first answer
  trouble,   ///< tools/exercise does not answer as it should
  welcome,   ///< the first start
  question,  ///< the question from an earlier chapter
  exercise,  ///< the current exercise, with what was said of it last
  list,      ///< all exercises
  help,      ///< all keys
};

/// What a text is, for its colour.
enum class Tone { plain, good, bad };

/// What was said last: a verdict, a hint, an answer.
struct Report {
  std::string text;  ///< clean; empty for none
  Tone tone = Tone::plain;
};

/// A request that is on its way.
struct Job {
  int number = 0;  ///< tells its answer from older ones
  Request request;
  bool in_background = false;  ///< nobody asked for it
  Phase phase = Phase::unknown;
  TimePoint started;
};

/// A save of another exercise's file.
struct OtherSave {
  std::string exercise;  ///< its id
  std::string file;      ///< its name, without its folder
};

/// The question of the start, and what became of it.
struct Quiz {
  Question question;
  TimePoint until;
  std::optional<std::size_t> chosen;
};

/// What the coach knows.
struct State {
  Look look;
  std::string wanted;   ///< the exercise to begin with, as the reader wrote it; may be empty
  std::string polling;  ///< why saves are looked for every second; empty when the kernel tells
  TimePoint now;        ///< of the last event

  View view = View::loading;
  std::vector<Exercise> exercises;
  std::size_t current = 0;  ///< among them
  std::string task;         ///< of the current one
  bool is_built = false;    ///< whether a check of the current one has built its program before
  std::map<std::string, std::size_t>
      beginnings;  ///< the line at which to begin, by file; 0 for none

  std::optional<Job> job;
  int jobs_started = 0;
  bool status_due = false;          ///< something has changed that tools/exercise status tells
  std::set<std::string> rechecked;  ///< stale exercises that were checked again

  std::optional<Quiz> quiz;
  bool quiz_asked = false;
  std::optional<Verb> confirming;  ///< reset or give_up, once the reader says yes
  Report report;
  Report verdict;                  ///< on the current answer; empty when there is none
  bool has_stopped_check = false;  ///< what was asked since has
  std::size_t scroll = 0;          ///< the first line of the report on the screen
  std::size_t help_scroll = 0;     ///< the first line of the keys on the screen
  std::size_t list_at = 0;         ///< the chosen line of the list
  std::string remark;  ///< on how the reader came here, until something is asked; may be empty
  std::string typed;   ///< of a number, in the list
  std::optional<OtherSave> other_save;  ///< since the current one was opened, or saved

  /// The current exercise.
  /// @pre there are exercises
  [[nodiscard]] const Exercise& exercise() const { return exercises[current]; }
  /// Whether the reader waits for an answer.
  [[nodiscard]] bool is_asked() const { return job && !job->in_background; }
  /// Whether something else than the verdict is shown in its place.
  [[nodiscard]] bool can_go_back() const {
    return view == View::exercise && !is_asked() && !confirming && report.text != verdict.text;
  }
  /// Whether time is shown on the screen, so that Ticked is wanted.
  [[nodiscard]] bool shows_time() const {
    return job.has_value() || (view == View::question && !quiz->chosen);
  }
};

/// @name What happens
/// @{

/// The program begins.
struct Started {};
/// A key was pressed.
struct Pressed {
  Key key;
};
/// Files of exercises were saved.
struct Saved {
  std::vector<std::string> files;  ///< as paths from the root
};
/// A request was answered.
struct Answered {
  int number = 0;
  Ending ending;
};
/// The program that answers a request tells what it is about.
struct Told {
  int number = 0;
  Phase phase = Phase::unknown;
};
/// Some time has passed.
struct Ticked {};
/// The terminal has another size, or was taken back.
struct Resized {
  Size size;
};
/// Any of these.
using Event = std::variant<Started, Pressed, Saved, Answered, Told, Ticked, Resized>;
/// @}

/// @name What is to be done
/// @{

/// Ask tools/exercise; what was asked before is not wanted any more.
struct Ask {
  int number = 0;
  Request request;
};
/// What was asked is not wanted any more.
struct Abandon {};
/// Watch the files of all exercises.
struct Watch {};
/// Read the task and the beginnings of the current exercise, and look whether it is built.
struct Open {};
/// What is in these files now is no save.
struct Settle {
  std::vector<std::string> files;
};
/// Stop, as Ctrl-Z does.
struct Suspend {};
/// Say what every goroutine does, as Ctrl-\ does.
struct Dump {};
/// End.
struct Quit {
  int status = 0;
  std::string message{};  ///< for standard error; may be empty
};
/// Any of these.
using Effect = std::variant<Ask, Abandon, Watch, Open, Settle, Suspend, Dump, Quit>;
/// @}

/// Takes in what happened at `now`.
/// @return what is to be done, in this order
[[nodiscard]] std::vector<Effect> update(State& state, const Event& event, TimePoint now);

/// The exercise that somebody called 02-3, 2.3, 2-3 or by its folder; nothing when there is none.
[[nodiscard]] std::optional<std::size_t> find_exercise(const std::vector<Exercise>& exercises,
                                                       std::string_view wanted);

/// The exercise that somebody is typing the number of: 1.4 as `14`, `1.4` or `1-4`; the first of those that begin so
/// where it is none yet; nothing when none does.
[[nodiscard]] std::optional<std::size_t> find_typed(const std::vector<Exercise>& exercises,
                                                    std::string_view typed);

}  // namespace conclave::coach
