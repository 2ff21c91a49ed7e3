#include "coach/layouts.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "coach/state.hpp"

namespace conclave::coach {

namespace {

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

Row list_row(const State& state, const Exercise& exercise, bool is_chosen) {
  const std::string left =
      fmt::format("{} {} {:<5}{} {}", is_chosen ? ">" : " ", mark_of(exercise.standing),
                  exercise.number(), exercise.on_short_route ? "★" : " ", exercise.title);
  const Style style = is_chosen                               ? Style::accent
                      : exercise.standing == Standing::passed ? Style::dim
                                                              : Style::plain;
  return ends(state, {left, style},
              {fmt::format("{}, {} min", exercise.kind, exercise.minutes), Style::dim});
}

Rows title(const State& state, std::string_view text) {
  Rows rows;
  add(rows, state, text, Style::bold);
  return rows;
}

}  // namespace

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

Layout welcome_layout(const State& state) {
  Layout layout{.tops = {title(state, "Conclave: the exercises")}};
  constexpr std::array<std::string_view, 5> kLines{
      "Each exercise is a folder: a README that asks, and a file that you edit, in your own "
      "editor.",
      "This program stays open beside it.  Each save is checked, and the verdict appears here.",
      "Stuck?  h gives a hint, the first one free; w tells why it failed; s shows our answer in "
      "the end.",
      "★ marks the short route, for who has less time.  Exercises may be done in any order: l "
      "lists them.",
      "Nothing is lost: q leaves, and make learn begins where you are.  ? shows all keys.",
  };
  const auto spread_out = [&](bool with_gaps) {
    Rows rows;
    for (const std::string_view line : kLines) {
      if (with_gaps) add(rows, state, "");
      add(rows, state, line);
    }
    return rows;
  };
  constexpr std::size_t kRowsAround = 4;  // the title, two rules, the keys
  layout.body = spread_out(true);
  if (layout.body.size() + kRowsAround > terminal_rows(state)) layout.body = spread_out(false);
  layout.keys = {{"any key", "begins"}, {"q", "quit"}};
  return layout;
}

Layout question_layout(const State& state) {
  const Quiz& quiz = *state.quiz;
  const Rows least = title(state, "One question before we go on");
  Rows top = least;
  add(top, state, "Any other key skips it.", Style::dim);
  Layout layout{.tops = {std::move(top), least}};
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
    layout.keys = {{digits, "answer"}, {"any other key", "skips"}};
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
  layout.keys = {{"any key", "goes on"}};
  return layout;
}

Layout list_layout(const State& state) {
  std::string title = "All exercises";
  if (!state.typed.empty()) title += "   " + state.typed;
  if (!state.typed.empty() && !find_typed(state.exercises, state.typed)) title += ": there is none";
  Layout layout{.tops = {{ends(state, {std::move(title), Style::bold},
                               {progress(state, "", ""), Style::bold})}}};
  std::string_view chapter;
  for (std::size_t i = 0; i < state.exercises.size(); ++i) {
    const Exercise& exercise = state.exercises[i];
    if (exercise.chapter() != chapter) {
      chapter = exercise.chapter();
      layout.body.push_back(
          {{fmt::format("{}   {}", name_of_chapter(chapter), progress(state, chapter, "")),
            Style::bold}});
    }
    const bool is_chosen = i == state.list_at;
    if (is_chosen) layout.chosen = layout.body.size();
    layout.body.push_back(list_row(state, exercise, is_chosen));
  }
  add(layout.notes, state, "✓ passes  ~ begun  ! to be checked again  ★ short route", Style::dim);
  layout.keys = {{is_wide(state) ? "j k PgUp PgDn Home End" : "j k", "move"},
                 {"0-9", "jump"},
                 {"enter", "opens"},
                 {"l", "back"},
                 {"q", "quit"}};
  return layout;
}

Layout help_layout(const State& state) {
  Layout layout{.tops = {title(state, "Keys")}};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kKeys{
      {{"n", "the next exercise that does not pass"},
       {"h", "a hint; the next one opens after a try, or ten minutes"},
       {"w", "why it failed: the whole story"},
       {"s", "our answer beside yours, once yours passes; y gives up"},
       {"r", "the exercise as it was; yours is kept in .backup"},
       {"l", "every exercise; each can be begun at once"},
       {"p", "checks your answer again"},
       {"o", "to the other exercise, when you saved a file of another one"},
       {"0-9", "in the list: to the exercise of that number, as in 14 or 1.4"},
       {"j k", "a line down or up, as the arrows do"},
       {"space b", "a page down or up"},
       {"esc", "stops what is being done; after h, w, s: back to the verdict"},
       {"Ctrl-Z", "to the shell; fg comes back"},
       {"Ctrl-\\", "ends with what each goroutine of this program does"},
       {"q", "quit; Ctrl-C does it, too"}}};
  for (const auto& [key, words] : kKeys)
    add(layout.body, state, fmt::format("  {:<8}: {}", key, words));
  layout.keys = {{"any key", "goes back"}, {"q", "quit"}};
  return layout;
}

Layout message_layout(const State& state) {
  Layout layout{.tops = {title(state, "Conclave")}};
  if (state.job) {
    add(layout.body, state, doing(state));
  } else {
    add_report(layout.body, state);
  }
  if (state.view == View::trouble) layout.keys.emplace_back("p", "tries again");
  layout.keys.emplace_back("q", "quit");
  return layout;
}

}  // namespace conclave::coach
