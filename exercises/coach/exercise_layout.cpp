#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "coach/layouts.hpp"
#include "coach/state.hpp"
#include "coach/text.hpp"

namespace conclave::coach {

namespace {

Row chapter_row(const State& state, std::string_view chapter) {
  const bool is_current = state.exercise().chapter() == chapter;
  const Style style = is_current ? Style::plain : Style::dim;
  std::string cells;
  for (const Exercise& exercise : state.exercises) {
    if (exercise.chapter() == chapter) cells += exercise.standing == Standing::passed ? "■" : "□";
  }
  return ends(
      state,
      {fmt::format("{}   {}", name_of_chapter(chapter), progress(state, chapter, "")), style},
      {std::move(cells), style});
}

/// How far the reader is: all in one row, and a row for a chapter.
Rows progress_rows(const State& state, bool with_all_chapters) {
  Rows rows{ends(state, {"Conclave", Style::bold},
                 {progress(state, "", is_wide(state) ? " exercises" : ""), Style::bold})};
  std::vector<std::string_view> chapters;
  for (const Exercise& exercise : state.exercises) {
    if (chapters.empty() || chapters.back() != exercise.chapter())
      chapters.push_back(exercise.chapter());
  }
  const bool fits = chapters.size() <= side_rows_max(state);
  for (const std::string_view chapter : chapters) {
    if ((with_all_chapters && fits) || chapter == state.exercise().chapter())
      rows.push_back(chapter_row(state, chapter));
  }
  return rows;
}

std::string_view words_for(Standing standing) {
  switch (standing) {
    case Standing::untouched:
      return "new";
    case Standing::begun:
      return "begun";
    case Standing::passed:
      return "passed";
    case Standing::stale:
      return "passed once, to be checked again";
  }
  return "";
}

/// What kind of exercise it is, and how far the reader is with it.
std::string about(const Exercise& exercise) {
  std::string text = fmt::format("{}, about {} minutes", exercise.kind, exercise.minutes);
  if (exercise.on_short_route) text += ", ★ short route";
  if (exercise.hints_opened != 0) text += fmt::format(", {} of 3 hints", exercise.hints_opened);
  return fmt::format("{}, {}", text, words_for(exercise.standing));
}

/// A file of the exercise, and what the reader does with it.
struct Place {
  std::string_view verb;
  std::string path;
  std::size_t line = 0;  // 0 for none

  [[nodiscard]] std::string text(std::string_view folder) const {
    const std::string_view name =
        std::string_view(path).substr(path.starts_with(folder) ? folder.size() : 0);
    return line == 0 ? std::string(name) : fmt::format("{}:{}", name, line);
  }
};

/// The line of a file where the reader goes on: the one that was named last, or where it begins; 0 for none.
std::size_t line_of(const State& state, const std::string& file) {
  for (const Report* report : {&state.report, &state.verdict}) {
    if (const std::size_t line = place_in(report->text, file); line != 0) return line;
  }
  const auto beginning = state.beginnings.find(file);
  return beginning == state.beginnings.end() ? 0 : beginning->second;
}

/// Where the reader reads and edits.  In a narrow terminal the folder comes once, and the names below it.
Rows place_rows(const State& state, bool with_readme) {
  const Exercise& exercise = state.exercise();
  const std::string folder = fmt::format("exercises/{}/", exercise.folder);
  std::vector<Place> places;
  if (with_readme) places.push_back({.verb = "read", .path = folder + "README.md"});
  for (const std::string& file : exercise.files)
    places.push_back({.verb = "edit", .path = file, .line = line_of(state, file)});
  const std::size_t columns = columns_of(state);
  const auto fits = [&](const Place& place) {
    return width(place.verb) + 1 + width(place.text("")) <= columns;
  };
  Rows rows;
  if (std::ranges::all_of(places, fits)) {
    for (const Place& place : places) add_path(rows, state, place.verb, place.path, place.line);
    return rows;
  }
  for (std::string& piece : wrap(folder, columns))
    rows.push_back({{std::move(piece), Style::accent, folder}});
  std::size_t used = columns;  // so that the first begins a row
  for (const Place& place : places) {
    const std::string name = place.text(folder);
    const std::size_t wanted = width(place.verb) + 1 + width(name);
    const bool begins = used + 2 + wanted > columns;
    if (begins) {
      rows.emplace_back();
      used = 0;
    }
    rows.back().push_back({fmt::format("{}{} ", begins ? "" : "  ", place.verb), Style::dim});
    rows.back().push_back({name, Style::accent, place.path});
    used += wanted + (begins ? 0 : 2);
  }
  return rows;
}

void append(Rows& rows, Rows more) {
  for (Row& row : more) rows.push_back(std::move(row));
}

/// What is above the body, from all there is to say to the least.
std::vector<Rows> tops_of(const State& state) {
  enum Extent { title, title_and_files, all_files, with_progress, with_about, with_task, all };
  const Exercise& exercise = state.exercise();
  std::vector<Rows> tops;
  for (int extent = all; extent >= title; --extent) {
    Rows rows;
    if (extent >= with_progress) {
      rows = progress_rows(state, extent == all);
      rows.push_back(rule(state));
    }
    add(rows, state, fmt::format("{} {}", exercise.number(), exercise.title), Style::bold);
    if (extent >= with_about) add(rows, state, about(exercise), Style::dim);
    if (extent >= with_task && !state.task.empty()) add(rows, state, state.task);
    if (extent > title) append(rows, place_rows(state, extent >= all_files));
    tops.push_back(std::move(rows));
  }
  return tops;
}

std::string seconds(Duration duration) {
  return fmt::format("{} s", std::chrono::floor<std::chrono::seconds>(duration).count());
}

Style style_of(Tone tone, std::string_view line, bool is_first) {
  if (line.starts_with("FAIL")) return Style::bad;
  if (line.starts_with("PASS")) return Style::good;
  if (!is_first || tone == Tone::plain) return Style::plain;
  return tone == Tone::good ? Style::good : Style::bad;
}

/// Whether `next` goes on with the paragraph that `line` is a part of, and that is too wide for this screen anyway.
bool goes_on(std::string_view line, std::string_view next, std::size_t columns) {
  const auto is_prose = [](std::string_view text) {
    const char first = text.empty() ? ' ' : text[0];
    return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '`' ||
           first == '(';
  };
  return width(line) > columns && is_prose(line) && is_prose(next) && !next.starts_with("```");
}

/// The lines of a report, with its wide paragraphs on one line each, so that they are wrapped anew.
std::vector<std::string> report_lines(const State& state) {
  std::vector<std::string> joined;
  bool is_code = false;
  for (std::string& line : lines_of(state.report.text)) {
    if (line.starts_with("```")) is_code = !is_code;
    if (!is_code && !joined.empty() && goes_on(joined.back(), line, columns_of(state))) {
      joined.back() += ' ' + line;
    } else {
      joined.push_back(std::move(line));
    }
  }
  return joined;
}

/// What the exercise has to say before anything was asked.
std::string invitation(const State& state) {
  const Exercise& exercise = state.exercise();
  if (exercise.standing == Standing::passed)
    return "This one passes.  n goes on to the next, s shows our answer beside yours.";
  if (exercise.standing == Standing::untouched) {
    return "Read, edit, save: each save is checked at once.  h gives a hint; the first one is "
           "free.";
  }
  return "Save, and it is checked at once; or p checks what is there.";
}

/// What to know while one waits; may be empty.
std::string_view patience(const State& state) {
  const Verb verb = state.job->request.verb;
  const bool builds = verb == Verb::check || verb == Verb::why || verb == Verb::solution;
  if (builds && !state.is_built)
    return "The first check of an exercise builds more than later ones.  esc stops it.";
  if (state.now - state.job->started < std::chrono::seconds(3)) return "";
  return verb == Verb::reset || verb == Verb::give_up
             ? "This is let finish: until then no key asks for anything else."
             : "esc stops it.";
}

Rows exercise_body(const State& state) {
  Rows rows;
  if (state.confirming) {
    const bool resets = *state.confirming == Verb::reset;
    add(rows, state,
        resets ? "Put the exercise back as it was?" : "Open the solution before yours passes?",
        Style::bold);
    add(rows, state,
        resets ? "Your answer is kept in .backup.  y puts it back, any other key does not."
               : "Once yours passes, s opens it at once.  y gives up and opens it now, any other "
                 "key does not.");
  } else if (state.is_asked()) {
    add(rows, state, doing(state), Style::bold);
    add(rows, state, patience(state), Style::dim);
  } else if (!state.report.text.empty()) {
    add_report(rows, state);
  } else {
    if (!state.remark.empty()) {
      add(rows, state, state.remark);
      add(rows, state, "");
    }
    add(rows, state, invitation(state));
  }
  return rows;
}

}  // namespace

std::string doing(const State& state) {
  const Job& job = *state.job;
  std::string text;
  switch (job.request.verb) {
    case Verb::status:
      text = "looking where you are";
      break;
    case Verb::question:
      text = "looking for a question";
      break;
    case Verb::check:
      text = job.in_background ? fmt::format("checking {} again", job.request.about) : "checking";
      break;
    case Verb::hint:
      text = "opening a hint";
      break;
    case Verb::why:
      text = "asking why";
      break;
    case Verb::solution:
    case Verb::give_up:
      text = "opening the solution";
      break;
    case Verb::reset:
      text = "putting it back";
      break;
  }
  if (job.phase == Phase::compiling) text += ": compiling";
  if (job.phase == Phase::testing) text += ": running the tests";
  const Duration elapsed = state.now - job.started;
  if (elapsed >= std::chrono::seconds(1)) text += fmt::format(", {}", seconds(elapsed));
  return text;
}

void add_report(Rows& rows, const State& state) {
  bool is_first = true;
  for (const std::string& line : report_lines(state)) {
    add(rows, state, line, style_of(state.report.tone, line, std::exchange(is_first, false)));
  }
  if (state.view != View::exercise) return;
  if (state.report.text.starts_with("PASS")) {
    const bool is_noted = state.exercise().standing == Standing::passed;
    add(rows, state, "");
    add(rows, state,
        is_noted ? "n goes on, s shows our answer beside yours." : "p notes that it passes.");
  }
  if (state.has_stopped_check) {
    add(rows, state, "");
    add(rows, state, "The check was stopped for this; p checks your answer.", Style::dim);
  }
}

Layout exercise_layout(const State& state) {
  Layout layout{.tops = tops_of(state), .body = exercise_body(state)};
  if (state.job && state.job->in_background && state.job->request.verb == Verb::check) {
    add(layout.notes, state, doing(state), Style::dim);
  }
  if (!state.polling.empty()) {
    add(layout.notes, state,
        fmt::format("Saves are seen within a second, not at once ({}).", state.polling),
        Style::dim);
  }
  layout.keys = {{"n", "next"},
                 {"h", "hint"},
                 {"w", "why"},
                 {"s", "solution"},
                 state.can_go_back() ? KeyWord{"esc", "back"} : KeyWord{"r", "reset"},
                 {"l", "list"},
                 {"p", "replay"},
                 {"?", "keys"},
                 {"q", "quit"}};
  return layout;
}

}  // namespace conclave::coach
