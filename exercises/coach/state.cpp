#include "coach/state.hpp"

#include <algorithm>
#include <cstring>
#include <regex>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "coach/screen.hpp"
#include "coach/text.hpp"

namespace conclave::coach {

namespace {

using Effects = std::vector<Effect>;

/// What a request is called on the command line, for messages.
std::string words_of(const Request& request) {
  return fmt::format("{}", fmt::join(command_of(request), " "));
}

/// Whether its answer is worth waiting for, whatever else happens.
bool must_finish(const State& state) {
  return state.job &&
         (state.job->request.verb == Verb::reset || state.job->request.verb == Verb::give_up);
}

void ask(State& state, Effects& effects, Request request, bool in_background = false) {
  state.job = Job{.number = ++state.jobs_started,
                  .request = request,
                  .in_background = in_background,
                  .started = state.now};
  effects.emplace_back(Ask{.number = state.jobs_started, .request = std::move(request)});
}

/// Whether the reader waits for the answer to this.
bool is_asked(const State& state, Verb verb) {
  return state.is_asked() && state.job->request.verb == verb;
}

void ask_about_current(State& state, Effects& effects, Verb verb) {
  const bool tests = verb == Verb::check || verb == Verb::why || verb == Verb::reset;
  state.has_stopped_check = !tests && (state.has_stopped_check || is_asked(state, Verb::check));
  if (verb == Verb::check || verb == Verb::reset) state.verdict = {};  // it was on another answer
  state.view = View::exercise;
  state.confirming.reset();
  state.report = {};
  state.remark.clear();
  state.scroll = 0;
  ask(state, effects, {.verb = verb, .about = state.exercise().id});
}

void abandon(State& state, Effects& effects) {
  if (!state.job) return;
  state.job.reset();
  effects.emplace_back(Abandon{});
}

void say(State& state, std::string text, Tone tone = Tone::plain) {
  state.report = {.text = std::move(text), .tone = tone};
  state.scroll = 0;
}

void open_exercise(State& state, Effects& effects, std::size_t index) {
  if (state.is_asked() && !must_finish(state)) abandon(state, effects);
  state.current = index;
  state.view = View::exercise;
  state.confirming.reset();
  state.report = {};
  state.scroll = 0;
  state.verdict = {};
  state.has_stopped_check = false;
  state.remark.clear();
  state.other_save.reset();
  effects.emplace_back(Open{});
}

/// The next one, after the current, that does not pass; the current one when all others do.
std::size_t next_exercise(const State& state) {
  const std::size_t count = state.exercises.size();
  for (std::size_t i = 1; i < count; ++i) {
    const std::size_t at = (state.current + i) % count;
    if (state.exercises[at].standing != Standing::passed) return at;
  }
  return state.current;
}

bool all_pass(const State& state) {
  return std::ranges::all_of(state.exercises,
                             [](const Exercise& e) { return e.standing == Standing::passed; });
}

/// What to say of a program that did not end as it should.
std::string mishap(const Request& request, const Ending& ending) {
  const std::string words = words_of(request);
  switch (ending.how) {
    case Ending::How::not_started:
      return fmt::format("{} cannot be started: {}.  Is this the book's folder?", words,
                         std::strerror(ending.status));
    case Ending::How::timed_out:
      return fmt::format(
          "{} did not end in time, and was ended.  What it has built stays built: p goes on from "
          "there.",
          words);
    case Ending::How::signalled:
      return fmt::format("{} was ended by signal {} ({}).", words, ending.status,
                         strsignal(ending.status));
    default:
      return fmt::format("{} ended with status {}, which means nothing.", words, ending.status);
  }
}

/// Whether it ended in a way that it declares: passed, failed, or cannot be asked so.
bool is_answer(const Ending& ending) {
  constexpr int kStatusMax = 2;
  return ending.how == Ending::How::exited && ending.status <= kStatusMax;
}

std::string what_was_said(const Request& request, const Ending& ending) {
  std::string text = clean(without_phases(ending.output));
  while (text.ends_with('\n') || text.ends_with(' ')) text.pop_back();
  if (!is_answer(ending))
    return fmt::format("{}{}{}", mishap(request, ending), text.empty() ? "" : "\n\n", text);
  if (text.empty())
    return fmt::format("{} ended with status {} and said nothing.", words_of(request),
                       ending.status);
  return text;
}

void trouble(State& state, std::string text) {
  state.view = View::trouble;
  say(state, std::move(text), Tone::bad);
}

/// The exercise, or before it the question of the start.
void begin(State& state, Effects& effects) {
  state.view = View::exercise;
  if (std::exchange(state.quiz_asked, true)) return;
  if (state.exercise().chapter() == state.exercises.front().chapter())
    return;  // nothing to ask about yet
  state.view = View::loading;
  ask(state, effects, {.verb = Verb::question, .about = std::string(state.exercise().chapter())});
}

/// Whether the reader has not got through it yet.
bool is_open(const Exercise& exercise) {
  return exercise.standing == Standing::untouched || exercise.standing == Standing::begun;
}

/// What lies open before the last one that passes; empty when nothing does.
std::string words_on_skipped(const std::vector<Exercise>& exercises) {
  constexpr std::size_t kNamedMax = 5;
  std::vector<std::string> skipped;
  std::vector<std::string> open;
  for (const Exercise& exercise : exercises) {
    if (is_open(exercise)) {
      open.push_back(exercise.number());
    } else {
      skipped = open;
    }
  }
  if (skipped.empty()) return {};
  const std::size_t named = std::min(skipped.size(), kNamedMax);
  const std::string more =
      skipped.size() == named ? "" : fmt::format(" and {} more", skipped.size() - named);
  skipped.resize(named);
  return fmt::format("Left open, before one that passes: {}{}.  l lists all.",
                     fmt::join(skipped, ", "), more);
}

/// Where to begin on the first answer.
void choose_first(State& state, Effects& effects) {
  std::size_t first = 0;
  if (!state.wanted.empty()) {
    const std::optional<std::size_t> found = find_exercise(state.exercises, state.wanted);
    if (!found) {
      effects.emplace_back(Quit{
          .status = 2,
          .message =
              fmt::format("make learn: there is no exercise \"{}\"; want EX={} to EX={}",
                          state.wanted, state.exercises.front().id, state.exercises.back().id)});
      return;
    }
    first = *found;
  } else {
    const auto open = std::ranges::find_if(state.exercises, is_open);
    if (open != state.exercises.end())
      first = static_cast<std::size_t>(open - state.exercises.begin());
  }
  open_exercise(state, effects, first);
  if (state.wanted.empty()) state.remark = words_on_skipped(state.exercises);
  const bool is_first_start =
      state.wanted.empty() && std::ranges::all_of(state.exercises, [](const Exercise& e) {
        return e.standing == Standing::untouched;
      });
  if (is_first_start) {
    state.view = View::welcome;
  } else {
    begin(state, effects);
  }
}

void take_status(State& state, Effects& effects, const Ending& ending) {
  const Request request{.verb = Verb::status};
  if (!ending.exited_with(0)) return trouble(state, what_was_said(request, ending));
  Result<std::vector<Exercise>> exercises = parse_status(ending.output);
  if (!exercises.ok()) return trouble(state, clean(to_string(exercises.status())));

  const bool is_first = state.exercises.empty();
  const std::string id = is_first ? "" : state.exercise().id;
  if (files_of(state.exercises) != files_of(*exercises)) effects.emplace_back(Watch{});
  state.exercises = *std::move(exercises);
  if (is_first) return choose_first(state, effects);
  const auto same = std::ranges::find(state.exercises, id, &Exercise::id);
  state.current =
      same == state.exercises.end() ? 0 : static_cast<std::size_t>(same - state.exercises.begin());
  if (same == state.exercises.end()) effects.emplace_back(Open{});
  state.list_at = std::min(state.list_at, state.exercises.size() - 1);
  if (state.view == View::trouble) state.view = View::exercise;
}

void take_question(State& state, const Ending& ending) {
  state.view = View::exercise;
  if (!ending.exited_with(0)) return;  // the exercise matters more
  Result<std::vector<Question>> questions = parse_question(ending.output);
  if (!questions.ok() || questions->empty()) return;
  state.quiz = Quiz{
      .question = std::move(questions->front()), .until = state.now + kQuestionTime, .chosen = {}};
  state.view = View::question;
}

/// What the verdict on an exercise makes of its standing, until tools/exercise says it.
void take_verdict(State& state, const Job& job, const Ending& ending) {
  const auto judged = std::ranges::find(state.exercises, job.request.about, &Exercise::id);
  if (judged == state.exercises.end()) return;
  if (ending.exited_with(0)) judged->standing = Standing::passed;
  if (ending.exited_with(1)) judged->standing = Standing::begun;
}

void take_answer(State& state, Effects& effects, const Answered& answered) {
  if (!state.job || state.job->number != answered.number)
    return;  // of a request that was abandoned
  const Job job = *std::exchange(state.job, std::nullopt);
  const Ending& ending = answered.ending;
  if (job.request.verb == Verb::status) return take_status(state, effects, ending);
  if (job.request.verb == Verb::question) return take_question(state, ending);

  state.status_due = true;
  if (job.request.verb == Verb::check) take_verdict(state, job, ending);
  if (job.request.verb == Verb::reset) {
    effects.emplace_back(Open{});  // the task's beginning is back
    const auto it = std::ranges::find(state.exercises, job.request.about, &Exercise::id);
    if (it != state.exercises.end()) effects.emplace_back(Settle{it->files});
  }
  if (job.in_background || job.request.about != state.exercise().id) return;
  const bool judges = job.request.verb == Verb::check;
  say(state, what_was_said(job.request, ending),
      judges && ending.exited_with(0)                      ? Tone::good
      : judges || !is_answer(ending) || ending.status == 2 ? Tone::bad
                                                           : Tone::plain);
  if (!judges) return;
  state.is_built = state.is_built || is_answer(ending);
  state.verdict = state.report;
  if (state.confirming == Verb::give_up && ending.exited_with(0)) state.confirming.reset();
}

/// When nothing is to be done for the reader: news of the standing, then what is stale.
void use_the_pause(State& state, Effects& effects) {
  const bool is_there =
      state.view == View::exercise || state.view == View::list || state.view == View::help;
  if (state.job || !is_there) return;
  if (std::exchange(state.status_due, false))
    return ask(state, effects, {.verb = Verb::status}, true);
  for (const Exercise& exercise : state.exercises) {
    if (exercise.standing != Standing::stale || !state.rechecked.insert(exercise.id).second)
      continue;
    return ask(state, effects, {.verb = Verb::check, .about = exercise.id}, true);
  }
}

void scroll_by(State& state, std::ptrdiff_t lines) {
  const auto most = static_cast<std::ptrdiff_t>(scroll_max(state));
  std::size_t& scroll = state.view == View::help ? state.help_scroll : state.scroll;
  scroll = static_cast<std::size_t>(
      std::clamp(static_cast<std::ptrdiff_t>(scroll) + lines, std::ptrdiff_t{0}, most));
}

/// Moves by the keys that every list and every long text knows.
/// @return how far; nothing for another key
std::optional<std::ptrdiff_t> movement(Key key, std::ptrdiff_t page) {
  constexpr std::ptrdiff_t kFar = 1'000'000;
  if (key.name == Key::Name::up || key.is('k')) return -1;
  if (key.name == Key::Name::down || key.is('j')) return 1;
  if (key.name == Key::Name::page_up || key.is('b')) return -page;
  if (key.name == Key::Name::page_down || key.is(' ')) return page;
  if (key.name == Key::Name::home || key.is('g')) return -kFar;
  if (key.name == Key::Name::end || key.is('G')) return kFar;
  return std::nullopt;
}

std::ptrdiff_t page_of(const State& state) {
  return std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(body_rows(state)) - 1, 1);
}

/// Whether a number may have it in it.
bool is_of_number(Key key) {
  return key.name == Key::Name::character &&
         std::string_view("0123456789.-").find(key.character) != std::string_view::npos;
}

void type_in_list(State& state, char character) {
  state.typed += character;
  if (!find_typed(state.exercises, state.typed)) state.typed = character;  // the next number begins
  state.list_at = find_typed(state.exercises, state.typed).value_or(state.list_at);
}

void press_in_list(State& state, Effects& effects, Key key) {
  if (is_of_number(key)) return type_in_list(state, key.character);
  state.typed.clear();
  if (const auto lines = movement(key, page_of(state))) {
    const auto last = static_cast<std::ptrdiff_t>(state.exercises.size()) - 1;
    state.list_at = static_cast<std::size_t>(
        std::clamp(static_cast<std::ptrdiff_t>(state.list_at) + *lines, std::ptrdiff_t{0}, last));
  } else if (key.name == Key::Name::enter) {
    open_exercise(state, effects, state.list_at);
  } else if (key.is('l') || key.name == Key::Name::escape) {
    state.view = View::exercise;
  } else if (key.is('q')) {
    effects.emplace_back(Quit{});
  }
}

void press_in_question(State& state, Key key) {
  Quiz& quiz = *state.quiz;
  const int digit = key.name == Key::Name::character ? key.character - '1' : -1;
  if (!quiz.chosen && digit >= 0 &&
      static_cast<std::size_t>(digit) < quiz.question.choices.size()) {
    quiz.chosen = static_cast<std::size_t>(digit);
  } else {
    state.view = View::exercise;
  }
}

void press_next(State& state, Effects& effects) {
  if (all_pass(state)) {
    return say(
        state,
        fmt::format("All {} exercises pass.  l lists them, s shows our answers beside yours.",
                    state.exercises.size()),
        Tone::good);
  }
  const std::size_t next = next_exercise(state);
  if (next == state.current) return say(state, "All other exercises pass: this is the last one.");
  std::string remark;
  const std::string number = state.exercise().number();
  const bool is_left_open = state.exercise().standing != Standing::passed;
  if (is_left_open) remark = fmt::format("{} is left open; l lists all.", number);
  if (next < state.current) {
    remark += fmt::format("{}None behind {} is open: this is the first that is.",
                          is_left_open ? "  " : "", is_left_open ? "it" : number);
  }
  open_exercise(state, effects, next);
  state.remark = std::move(remark);
}

void press_in_exercise(State& state, Effects& effects, Key key) {
  if (const auto confirming = std::exchange(state.confirming, std::nullopt)) {
    if (key.is('y')) ask_about_current(state, effects, *confirming);
    return;
  }
  if (const auto lines = movement(key, page_of(state))) return scroll_by(state, *lines);
  if (key.is('q')) {
    effects.emplace_back(Quit{});
  } else if (key.is('l')) {
    state.view = View::list;
    state.list_at = state.current;
  } else if (key.is('?')) {
    state.view = View::help;
    state.help_scroll = 0;
  } else if (must_finish(state)) {
    return;
  } else if (key.is('n')) {
    press_next(state, effects);
  } else if (key.is('p')) {
    ask_about_current(state, effects, Verb::check);
  } else if (key.name == Key::Name::escape && state.is_asked()) {
    abandon(state, effects);
    say(state, "Stopped.  p checks your answer.");
  } else if (key.name == Key::Name::escape && state.can_go_back()) {
    state.report = state.verdict;
    state.scroll = 0;
  } else if (key.is('h')) {
    if (!is_asked(state, Verb::hint)) ask_about_current(state, effects, Verb::hint);
  } else if (key.is('w')) {
    if (!is_asked(state, Verb::why)) ask_about_current(state, effects, Verb::why);
  } else if (key.is('r')) {
    state.confirming = Verb::reset;
  } else if (key.is('s')) {
    if (is_asked(state, Verb::solution)) return;
    if (state.exercise().standing == Standing::passed)
      return ask_about_current(state, effects, Verb::solution);
    state.confirming = Verb::give_up;
  }
}

/// To the exercise of which another file was saved, to check it.
void press_other(State& state, Effects& effects) {
  const auto other = std::ranges::find(state.exercises, state.other_save->exercise, &Exercise::id);
  state.other_save.reset();
  if (other == state.exercises.end()) return;
  state.quiz_asked = true;  // the reader is at work
  open_exercise(state, effects, static_cast<std::size_t>(other - state.exercises.begin()));
  ask_about_current(state, effects, Verb::check);
}

void press(State& state, Effects& effects, Key key) {
  constexpr char kCtrlC = '\x03';
  constexpr char kCtrlZ = '\x1a';
  constexpr char kCtrlBackslash = '\x1c';
  if (key.is(kCtrlC)) return effects.push_back(Quit{});
  if (key.is(kCtrlZ)) return effects.push_back(Suspend{});
  if (key.is(kCtrlBackslash)) return effects.push_back(Dump{});
  if (key.is('o') && state.other_save && !must_finish(state)) return press_other(state, effects);
  switch (state.view) {
    case View::loading:
      if (key.is('q')) effects.emplace_back(Quit{});
      if (state.exercises.empty() || key.is('q')) return;
      abandon(state, effects);  // the question is not wanted
      state.view = View::exercise;
      return;
    case View::trouble:
      if (key.is('q')) effects.emplace_back(Quit{});
      if (key.is('p')) ask(state, effects, {.verb = Verb::status}, !state.exercises.empty());
      if (const auto lines = movement(key, page_of(state))) scroll_by(state, *lines);
      return;
    case View::welcome:
      if (key.is('q')) return effects.push_back(Quit{});
      if (const auto lines = movement(key, page_of(state)); lines && scroll_max(state) != 0)
        return scroll_by(state, *lines);
      state.scroll = 0;
      begin(state, effects);
      if (key.is('l') || key.is('?')) press_in_exercise(state, effects, key);
      return;
    case View::question:
      return press_in_question(state, key);
    case View::exercise:
      return press_in_exercise(state, effects, key);
    case View::list:
      return press_in_list(state, effects, key);
    case View::help:
      if (key.is('q')) return effects.push_back(Quit{});
      if (const auto lines = movement(key, page_of(state)); lines && scroll_max(state) != 0)
        return scroll_by(state, *lines);
      state.view = View::exercise;
      return;
  }
}

void save(State& state, Effects& effects, const std::vector<std::string>& saved) {
  bool is_current = false;
  std::optional<OtherSave> other;
  for (const std::string& file : saved) {
    const auto owner = std::ranges::find_if(state.exercises, [&](const Exercise& e) {
      return std::ranges::find(e.files, file) != e.files.end();
    });
    if (owner == state.exercises.end()) continue;
    if (must_finish(state) && state.job->request.about == owner->id) continue;  // it writes them
    if (owner->id == state.exercise().id) {
      is_current = true;
    } else {
      other = {.exercise = owner->id, .file = file.substr(file.rfind('/') + 1)};
    }
  }
  if (is_current || other) state.other_save = other;
  if (!is_current || must_finish(state)) return;
  state.quiz_asked = true;       // the reader is at work
  effects.emplace_back(Open{});  // where to begin may have moved
  ask_about_current(state, effects, Verb::check);
}

}  // namespace

std::vector<Effect> update(State& state, const Event& event, TimePoint now) {
  Effects effects;
  state.now = now;
  if (std::holds_alternative<Started>(event)) {
    ask(state, effects, {.verb = Verb::status});
  } else if (const auto* pressed = std::get_if<Pressed>(&event)) {
    press(state, effects, pressed->key);
  } else if (const auto* saved = std::get_if<Saved>(&event)) {
    save(state, effects, saved->files);
  } else if (const auto* answered = std::get_if<Answered>(&event)) {
    take_answer(state, effects, *answered);
  } else if (const auto* told = std::get_if<Told>(&event)) {
    if (state.job && state.job->number == told->number) state.job->phase = told->phase;
  } else if (const auto* resized = std::get_if<Resized>(&event)) {
    state.look.size = resized->size;
    scroll_by(state, 0);
  }
  if (state.view == View::question && !state.quiz->chosen && now >= state.quiz->until)
    state.view = View::exercise;
  use_the_pause(state, effects);
  return effects;
}

std::optional<std::size_t> find_exercise(const std::vector<Exercise>& exercises,
                                         std::string_view wanted) {
  static const std::regex kNumbers("0*([0-9]+)[-.]0*([0-9]+)");
  std::string id(wanted.substr(0, 100));
  if (std::smatch numbers; std::regex_match(id, numbers, kNumbers)) {
    id = fmt::format("{:0>2}-{}", numbers[1].str(), numbers[2].str());
  }
  const auto found = std::ranges::find_if(
      exercises, [&](const Exercise& e) { return e.id == id || e.folder == id; });
  if (found == exercises.end()) return std::nullopt;
  return static_cast<std::size_t>(found - exercises.begin());
}

std::optional<std::size_t> find_typed(const std::vector<Exercise>& exercises,
                                      std::string_view typed) {
  std::string wanted(typed.substr(std::min(typed.find_first_not_of('0'), typed.size())));
  std::ranges::replace(wanted, '-', '.');
  if (wanted.empty()) return std::nullopt;
  const bool is_pointed = wanted.find('.') != std::string::npos;
  std::optional<std::size_t> begins_so;
  for (std::size_t i = 0; i < exercises.size(); ++i) {
    std::string number = exercises[i].number();
    if (!is_pointed) std::erase(number, '.');
    if (number == wanted) return i;
    if (!begins_so && number.starts_with(wanted)) begins_so = i;
  }
  return begins_so;
}

}  // namespace conclave::coach
