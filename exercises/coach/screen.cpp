#include "coach/screen.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "coach/state.hpp"
#include "coach/text.hpp"

namespace conclave::coach {

namespace {

enum class Style { plain, bold, dim, good, bad, accent };

/// A part of a row.
struct Span {
  std::string text;
  Style style = Style::plain;
  std::string link{};  // a path from the root
};

using Row = std::vector<Span>;
using Rows = std::vector<Row>;

constexpr std::size_t kColumnsOfWide =
    60;  // from here on there is room for labels beside their text
constexpr std::size_t kBodyRowsWanted = 10;

/// The three parts of the screen; the middle one scrolls.
struct Layout {
  Rows top;
  Rows body;
  Rows bottom;
  std::size_t room = 0;  // for the body
};

std::size_t columns_of(const State& state) {
  return static_cast<std::size_t>(std::max(state.look.size.columns, 1));
}
std::size_t terminal_rows(const State& state) {
  return static_cast<std::size_t>(std::max(state.look.size.rows, 1));
}
bool is_wide(const State& state) { return columns_of(state) >= kColumnsOfWide; }

void add(Rows& rows, const State& state, std::string_view text, Style style = Style::plain) {
  for (std::string& line : wrap(text, columns_of(state)))
    rows.push_back({{std::move(line), style}});
}

/// A line across the screen, with a word in it.
Row rule(const State& state, std::string_view word = {}) {
  const std::size_t columns = columns_of(state);
  std::string line;
  for (std::size_t i = width(word) == 0 ? 0 : width(word) + 1; i < columns; ++i) line += "─";
  return {{std::move(line), Style::dim},
          {word.empty() ? "" : fmt::format(" {}", word), Style::dim}};
}

/// Two texts at the two ends of a row; the right one goes when there is no room.
Row ends(const State& state, Span left, Span right) {
  const std::size_t used = width(left.text) + width(right.text);
  if (used + 2 > columns_of(state)) return {std::move(left)};
  std::string gap(columns_of(state) - used, ' ');
  return {std::move(left), {std::move(gap)}, std::move(right)};
}

/// Passed and all, of the exercises that `wanted` chooses.
template <class Wanted>
std::pair<std::size_t, std::size_t> count(const State& state, Wanted wanted) {
  std::pair<std::size_t, std::size_t> counts{0, 0};
  for (const Exercise& exercise : state.exercises) {
    if (!wanted(exercise)) continue;
    ++counts.second;
    if (exercise.standing == Standing::passed) ++counts.first;
  }
  return counts;
}

std::string progress(const State& state, std::string_view chapter, std::string_view things) {
  const auto is_of = [&](const Exercise& e) { return chapter.empty() || e.chapter() == chapter; };
  const auto [passed, all] = count(state, is_of);
  const auto [short_passed, short_all] =
      count(state, [&](const Exercise& e) { return is_of(e) && e.on_short_route; });
  std::string text = fmt::format("{} of {}{}", passed, all, things);
  if (short_all != 0) text += fmt::format("   ★ {} of {}", short_passed, short_all);
  return text;
}

std::string name_of_chapter(std::string_view chapter) {
  return fmt::format("Chapter {}",
                     chapter.substr(std::min(chapter.find_first_not_of('0'), chapter.size() - 1)));
}

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
  constexpr std::size_t kRowsPerChapter = 8;  // of the terminal
  Rows rows{ends(state, {"Conclave", Style::bold},
                 {progress(state, "", is_wide(state) ? " exercises" : ""), Style::bold})};
  std::vector<std::string_view> chapters;
  for (const Exercise& exercise : state.exercises) {
    if (chapters.empty() || chapters.back() != exercise.chapter())
      chapters.push_back(exercise.chapter());
  }
  const bool fits = chapters.size() * kRowsPerChapter <= terminal_rows(state);
  for (const std::string_view chapter : chapters) {
    if ((with_all_chapters && fits) || chapter == state.exercise().chapter())
      rows.push_back(chapter_row(state, chapter));
  }
  return rows;
}

/// A path that terminals open, and people can read; below its label where they do not fit side by side.
void add_path(Rows& rows, const State& state, std::string_view label, const std::string& path,
              std::size_t line) {
  const std::string text = line == 0 ? path : fmt::format("{}:{}", path, line);
  if (width(label) + 1 + width(text) <= columns_of(state)) {
    rows.push_back({{fmt::format("{} ", label), Style::dim}, {text, Style::accent, path}});
    return;
  }
  rows.push_back({{std::string(label), Style::dim}});
  for (std::string& piece : wrap(text, columns_of(state)))
    rows.push_back({{std::move(piece), Style::accent, path}});
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

/// What the reader is to do.
Rows task_rows(const State& state, bool with_task) {
  const Exercise& exercise = state.exercise();
  Rows rows;
  add(rows, state, fmt::format("{} {}", exercise.number(), exercise.title), Style::bold);
  std::string about = fmt::format("{}, about {} minutes", exercise.kind, exercise.minutes);
  if (exercise.on_short_route) about += ", ★ short route";
  if (exercise.hints_opened != 0) about += fmt::format(", {} of 3 hints", exercise.hints_opened);
  about += fmt::format(", {}", words_for(exercise.standing));
  add(rows, state, about, Style::dim);
  if (with_task && !state.task.empty()) add(rows, state, state.task);
  if (with_task)
    add_path(rows, state, "read", fmt::format("exercises/{}/README.md", exercise.folder), 0);
  for (const std::string& file : exercise.files) {
    const auto line = state.beginnings.find(file);
    add_path(rows, state, "edit", file, line == state.beginnings.end() ? 0 : line->second);
  }
  return rows;
}

/// Keys, each with its word; a row holds as many as fit.
Rows key_rows(const State& state,
              const std::vector<std::pair<std::string, std::string_view>>& keys) {
  Rows rows{{}};
  std::size_t used = 0;
  for (const auto& [key, word] : keys) {
    const std::size_t wanted = width(key) + 1 + width(word);
    if (used != 0 && used + 2 + wanted > columns_of(state)) {
      rows.emplace_back();
      used = 0;
    }
    if (used != 0) rows.back().push_back({"  "});
    used += wanted + (used == 0 ? 0 : 2);
    rows.back().push_back({key, Style::bold});
    rows.back().push_back({fmt::format(" {}", word)});
  }
  return rows;
}

std::string seconds(Duration duration) {
  return fmt::format("{} s", std::chrono::floor<std::chrono::seconds>(duration).count());
}

/// What a request does, while it does.
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
  const Duration elapsed = state.now - job.started;
  if (elapsed >= std::chrono::seconds(1)) text += fmt::format(", {}", seconds(elapsed));
  return text;
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

/// What was said last.
void add_report(Rows& rows, const State& state) {
  bool is_first = true;
  for (const std::string& line : report_lines(state)) {
    add(rows, state, line, style_of(state.report.tone, line, std::exchange(is_first, false)));
  }
  if (state.view == View::exercise && state.exercise().standing == Standing::passed &&
      state.report.tone == Tone::good && state.report.text.starts_with("PASS")) {
    add(rows, state, "");
    add(rows, state, "n goes on, s shows our answer beside yours.");
  }
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
  } else if (state.job && !state.job->in_background) {
    add(rows, state, doing(state), Style::bold);
    if (state.now - state.job->started >= std::chrono::seconds(3)) {
      add(rows, state, "The first check of an exercise builds more than later ones.  esc stops it.",
          Style::dim);
    }
  } else if (!state.report.text.empty()) {
    add_report(rows, state);
  } else {
    add(rows, state, invitation(state));
  }
  return rows;
}

Layout exercise_layout(const State& state) {
  Layout layout;
  layout.body = exercise_body(state);
  if (state.job && state.job->in_background && state.job->request.verb == Verb::check) {
    add(layout.bottom, state, doing(state), Style::dim);
  }
  if (!state.polling.empty()) {
    add(layout.bottom, state,
        fmt::format("Saves are seen within a second, not at once ({}).", state.polling),
        Style::dim);
  }
  for (Row& row : key_rows(state, {{"n", "next"},
                                   {"h", "hint"},
                                   {"w", "why"},
                                   {"s", "solution"},
                                   {"r", "reset"},
                                   {"l", "list"},
                                   {"p", "replay"},
                                   {"?", "keys"},
                                   {"q", "quit"}})) {
    layout.bottom.push_back(std::move(row));
  }
  // The task gives way to a long report.
  for (const bool with_all : {true, false}) {
    layout.top = progress_rows(state, with_all);
    layout.top.push_back(rule(state));
    for (Row& row : task_rows(state, with_all)) layout.top.push_back(std::move(row));
    const std::size_t used = layout.top.size() + layout.bottom.size() + 2;
    const std::size_t left = terminal_rows(state) - std::min(used, terminal_rows(state));
    if (layout.body.size() <= left || left >= kBodyRowsWanted) break;
  }
  return layout;
}

Layout welcome_layout(const State& state) {
  Layout layout;
  add(layout.top, state, "Conclave: the exercises", Style::bold);
  constexpr std::array<std::string_view, 5> kLines{
      "Each exercise is a folder: a README that asks, and a file that you edit, in your own "
      "editor.",
      "This program stays open beside it.  Each save is checked, and the verdict appears here.",
      "Stuck?  h gives a hint, the first one free; w tells why it failed; s shows our answer in "
      "the end.",
      "★ marks the short route, for who has less time.  Exercises may be done in any order: l "
      "lists them.",
      "Nothing is lost: q leaves, and make learn begins where you are.",
  };
  for (const std::string_view line : kLines) {
    if (is_wide(state)) add(layout.body, state, "");
    add(layout.body, state, line);
  }
  layout.bottom = key_rows(state, {{"any key", "begins"}, {"q", "quit"}});
  return layout;
}

Layout question_layout(const State& state) {
  Layout layout;
  const Quiz& quiz = *state.quiz;
  add(layout.top, state, "One question before we go on", Style::bold);
  add(layout.top, state, "Any other key skips it.", Style::dim);
  for (const std::string& line : quiz.question.text) add(layout.body, state, line);
  add(layout.body, state, "");
  for (std::size_t i = 0; i < quiz.question.choices.size(); ++i) {
    const std::string& choice = quiz.question.choices[i];
    const bool is_right = choice == quiz.question.answer;
    const Style style = !quiz.chosen        ? Style::plain
                        : is_right          ? Style::good
                        : i == *quiz.chosen ? Style::bad
                                            : Style::dim;
    add(layout.body, state, fmt::format("  {}  {}", i + 1, choice), style);
  }
  add(layout.body, state, "");
  if (!quiz.chosen) {
    const auto left = std::max(Duration::zero(), quiz.until - state.now);
    add(layout.body, state,
        fmt::format("{} s left", std::chrono::ceil<std::chrono::seconds>(left).count()),
        Style::dim);
    const std::string digits = fmt::format("1-{}", quiz.question.choices.size());
    layout.bottom = key_rows(state, {{digits, "answer"}, {"any other key", "skips"}});
    return layout;
  }
  const bool is_right = quiz.question.choices[*quiz.chosen] == quiz.question.answer;
  add(layout.body, state, is_right ? "Right." : fmt::format("Not so: {}.", quiz.question.answer),
      is_right ? Style::good : Style::bad);
  const auto asks = find_exercise(state.exercises, quiz.question.exercise);
  if (asks) {
    const Exercise& exercise = state.exercises[*asks];
    add(layout.body, state, fmt::format("Exercise {} asks it in full:", exercise.number()));
    add_path(layout.body, state, "read", fmt::format("exercises/{}/README.md", exercise.folder), 0);
  }
  layout.bottom = key_rows(state, {{"any key", "goes on"}});
  return layout;
}

std::string_view mark_of(Standing standing) {
  switch (standing) {
    case Standing::untouched:
      return " ";
    case Standing::begun:
      return "~";
    case Standing::passed:
      return "✓";
    case Standing::stale:
      return "!";
  }
  return " ";
}

/// The list, and which of its rows is the chosen one.
std::pair<Rows, std::size_t> list_rows(const State& state) {
  Rows rows;
  std::size_t chosen = 0;
  std::string_view chapter;
  for (std::size_t i = 0; i < state.exercises.size(); ++i) {
    const Exercise& exercise = state.exercises[i];
    if (exercise.chapter() != chapter) {
      chapter = exercise.chapter();
      rows.push_back(
          {{fmt::format("{}   {}", name_of_chapter(chapter), progress(state, chapter, "")),
            Style::bold}});
    }
    const bool is_chosen = i == state.list_at;
    if (is_chosen) chosen = rows.size();
    const std::string left =
        fmt::format("{} {} {:<5}{} {}", is_chosen ? ">" : " ", mark_of(exercise.standing),
                    exercise.number(), exercise.on_short_route ? "★" : " ", exercise.title);
    const Style style = is_chosen                               ? Style::accent
                        : exercise.standing == Standing::passed ? Style::dim
                                                                : Style::plain;
    rows.push_back(ends(state, {left, style},
                        {fmt::format("{}, {} min", exercise.kind, exercise.minutes), Style::dim}));
  }
  return {std::move(rows), chosen};
}

Layout list_layout(const State& state) {
  Layout layout;
  layout.top = {
      ends(state, {"All exercises", Style::bold}, {progress(state, "", ""), Style::bold})};
  layout.body = list_rows(state).first;
  add(layout.bottom, state, "✓ passes  ~ begun  ! to be checked again  ★ short route", Style::dim);
  for (Row& row :
       key_rows(state, {{"j k", "move"}, {"enter", "opens"}, {"l", "back"}, {"q", "quit"}})) {
    layout.bottom.push_back(std::move(row));
  }
  return layout;
}

Layout help_layout(const State& state) {
  Layout layout;
  add(layout.top, state, "Keys", Style::bold);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kKeys{
      {{"n", "the next exercise that does not pass"},
       {"h", "a hint; the next one opens after a try, or ten minutes"},
       {"w", "why it failed: the whole story"},
       {"s", "our answer beside yours, once yours passes; y gives up"},
       {"r", "the exercise as it was; yours is kept in .backup"},
       {"l", "every exercise; each can be begun at once"},
       {"p", "checks your answer again"},
       {"j k", "a line down or up, as the arrows do"},
       {"space b", "a page down or up"},
       {"esc", "stops what is being checked"},
       {"Ctrl-Z", "to the shell; fg comes back"},
       {"Ctrl-\\", "ends with what each goroutine of this program does"},
       {"q", "quit; Ctrl-C does it, too"}}};
  for (const auto& [key, words] : kKeys)
    add(layout.body, state, fmt::format("  {:<8}: {}", key, words));
  layout.bottom = key_rows(state, {{"any key", "goes back"}, {"q", "quit"}});
  return layout;
}

Layout message_layout(const State& state) {
  Layout layout;
  add(layout.top, state, "Conclave", Style::bold);
  if (state.job) {
    add(layout.body, state, doing(state));
  } else {
    add_report(layout.body, state);
  }
  layout.bottom = state.view == View::trouble
                      ? key_rows(state, {{"p", "tries again"}, {"q", "quit"}})
                      : key_rows(state, {{"q", "quit"}});
  return layout;
}

Layout layout_of(const State& state) {
  Layout layout;
  switch (state.view) {
    case View::loading:
    case View::trouble:
      layout = message_layout(state);
      break;
    case View::welcome:
      layout = welcome_layout(state);
      break;
    case View::question:
      layout = question_layout(state);
      break;
    case View::exercise:
      layout = exercise_layout(state);
      break;
    case View::list:
      layout = list_layout(state);
      break;
    case View::help:
      layout = help_layout(state);
      break;
  }
  const std::size_t rows = terminal_rows(state);
  const std::size_t used =
      layout.top.size() + layout.bottom.size() + 2;  // a rule above and one below
  layout.room = rows > used ? rows - used : 0;
  return layout;
}

std::size_t first_row(const State& state, const Layout& layout) {
  const std::size_t most = layout.body.size() - std::min(layout.room, layout.body.size());
  if (state.view != View::list) return std::min(state.scroll, most);
  const std::size_t chosen = list_rows(state).second;  // in the middle, where there is no end
  return std::min(chosen - std::min(chosen, layout.room / 2), most);
}

/// The codes around a text in a style.
std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::good:
      return "\x1b[1;32m";
    case Style::bad:
      return "\x1b[1;31m";
    case Style::accent:
      return "\x1b[36m";
  }
  return "";
}

std::string text_of(const Row& row, const State& state) {
  const Look& look = state.look;
  std::string text;
  std::size_t left = columns_of(state);
  for (const Span& span : row) {
    const std::string characters = look.utf8 ? span.text : to_ascii(span.text);
    const std::string_view shown = clip(characters, left);
    left -= width(shown);
    if (shown.empty()) continue;
    const bool is_link = look.links && !span.link.empty();
    if (is_link) text += fmt::format("\x1b]8;;{}{}\x1b\\", look.root_link, span.link);
    if (look.colour) text += code_of(span.style);
    text += shown;
    if (look.colour && span.style != Style::plain) text += "\x1b[0m";
    if (is_link) text += "\x1b]8;;\x1b\\";
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

std::vector<std::string> rows_of(const State& state) {
  const Layout layout = layout_of(state);
  const std::size_t first = first_row(state, layout);
  const std::size_t shown = std::min(layout.room, layout.body.size() - first);
  const bool is_cut = shown < layout.body.size();

  std::vector<Row> rows = layout.top;
  rows.push_back(rule(state));
  for (std::size_t i = 0; i < layout.room; ++i)
    rows.push_back(i < shown ? layout.body[first + i] : Row{});
  rows.push_back(rule(state, is_cut ? fmt::format("{}-{} of {}, j k space", first + 1,
                                                  first + shown, layout.body.size())
                                    : ""));
  rows.insert(rows.end(), layout.bottom.begin(), layout.bottom.end());

  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(text_of(row, state));
  texts.resize(std::min(texts.size(), terminal_rows(state)));
  return texts;
}

std::string frame_of(const State& state) {
  std::string frame = "\x1b[H";
  bool is_first = true;
  for (const std::string& row : rows_of(state)) {
    if (!std::exchange(is_first, false)) frame += "\r\n";
    frame += "\x1b[K";  // before the text: behind a full row it would take the last character
    frame += row;
  }
  return frame;
}

std::size_t body_rows(const State& state) { return layout_of(state).room; }

std::size_t scroll_max(const State& state) {
  const Layout layout = layout_of(state);
  return layout.body.size() - std::min(layout.room, layout.body.size());
}

}  // namespace conclave::coach
