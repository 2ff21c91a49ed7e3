#include "coach/screen.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "coach/layouts.hpp"
#include "coach/rows.hpp"
#include "coach/state.hpp"

namespace conclave::coach {

namespace {

Layout layout_of(const State& state) {
  switch (state.view) {
    case View::loading:
    case View::trouble:
      return message_layout(state);
    case View::welcome:
      return welcome_layout(state);
    case View::question:
      return question_layout(state);
    case View::exercise:
      return exercise_layout(state);
    case View::list:
      return list_layout(state);
    case View::help:
      return help_layout(state);
  }
  return {};
}

/// How many rows are left for the body.
std::size_t room_of(const State& state, const Layout& layout) {
  const std::size_t rows = terminal_rows(state);
  const std::size_t used =
      layout.top.size() + layout.bottom.size() + 2;  // a rule above and one below
  return rows > used ? rows - used : 0;
}

std::size_t first_row_max(const State& state, const Layout& layout) {
  return layout.body.size() - std::min(room_of(state, layout), layout.body.size());
}

std::size_t first_row(const State& state, const Layout& layout) {
  const std::size_t most = first_row_max(state, layout);
  if (!layout.chosen) return std::min(state.scroll, most);
  const std::size_t above = room_of(state, layout) / 2;  // in the middle, where there is no end
  return std::min(*layout.chosen - std::min(*layout.chosen, above), most);
}

}  // namespace

std::vector<std::string> rows_of(const State& state) {
  const Layout layout = layout_of(state);
  const std::size_t room = room_of(state, layout);
  const std::size_t first = first_row(state, layout);
  const std::size_t shown = std::min(room, layout.body.size() - first);
  const bool is_cut = shown < layout.body.size();

  std::vector<Row> rows = layout.top;
  rows.push_back(rule(state));
  for (std::size_t i = 0; i < room; ++i) rows.push_back(i < shown ? layout.body[first + i] : Row{});
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

std::size_t body_rows(const State& state) { return room_of(state, layout_of(state)); }

std::size_t scroll_max(const State& state) { return first_row_max(state, layout_of(state)); }

}  // namespace conclave::coach
