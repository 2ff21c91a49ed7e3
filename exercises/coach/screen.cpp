#include "coach/screen.hpp"

#include <algorithm>
#include <optional>
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

constexpr std::size_t kBodyRowsWanted = 10;

/// How the parts of a layout share the terminal.
struct Shares {
  Layout layout;
  Rows top{};
  Rows bottom{};
  std::size_t room = 0;  // rows for the body
  bool ruled = true;     // a rule above the body, and one below
};

std::size_t used_by(const Shares& shares) {
  return shares.top.size() + shares.bottom.size() + (shares.ruled ? 2 : 0);
}

/// A save that is not checked, because it is another exercise's.
Rows other_save_rows(const State& state) {
  Rows rows;
  if (!state.other_save) return rows;
  const auto other = find_exercise(state.exercises, state.other_save->exercise);
  if (!other) return rows;
  const std::string number = state.exercises[*other].number();
  add(rows, state,
      fmt::format("You saved {}'s {}; this is {}.  o goes to {}.", number, state.other_save->file,
                  state.exercise().number(), number),
      Style::accent);
  return rows;
}

/// Shares out the rows: less of the top while the body has not what it wants; then all but the keys gives way to a row
/// of the body.
Shares share_out(const State& state) {
  const std::size_t rows = terminal_rows(state);
  Shares shares{.layout = layout_of(state)};
  const Layout& layout = shares.layout;
  const Rows keys = key_rows(state, layout.keys);
  shares.bottom = other_save_rows(state);
  shares.bottom.insert(shares.bottom.end(), layout.notes.begin(), layout.notes.end());
  shares.bottom.insert(shares.bottom.end(), keys.begin(), keys.end());
  const std::size_t wanted = std::min(layout.body.size(), kBodyRowsWanted);
  for (const Rows& top : layout.tops) {
    shares.top = top;
    if (used_by(shares) + wanted <= rows) break;
  }
  while (used_by(shares) + 1 > rows && used_by(shares) > keys.size()) {
    if (shares.bottom.size() > keys.size()) {
      shares.bottom.erase(shares.bottom.begin());
    } else if (shares.ruled) {
      shares.ruled = false;
    } else {
      shares.top.pop_back();
    }
  }
  shares.room = rows - std::min(used_by(shares), rows);
  return shares;
}

std::size_t first_row_max(const Shares& shares) {
  return shares.layout.body.size() - std::min(shares.room, shares.layout.body.size());
}

std::size_t first_row(const State& state, const Shares& shares) {
  const std::size_t most = first_row_max(shares);
  const std::optional<std::size_t> chosen = shares.layout.chosen;
  if (!chosen) return std::min(state.view == View::help ? state.help_scroll : state.scroll, most);
  const std::size_t above = shares.room / 2;  // in the middle, where there is no end
  return std::min(*chosen - std::min(*chosen, above), most);
}

}  // namespace

std::vector<std::string> rows_of(const State& state) {
  const Shares shares = share_out(state);
  const Rows& body = shares.layout.body;
  const std::size_t first = first_row(state, shares);
  const std::size_t shown = std::min(shares.room, body.size() - first);
  const std::string part = shown == body.size() ? ""
                                                : fmt::format("{}-{} of {}, j k space", first + 1,
                                                              first + shown, body.size());

  Rows rows = shares.top;
  if (shares.ruled) rows.push_back(rule(state));
  for (std::size_t i = 0; i < shares.room; ++i) rows.push_back(i < shown ? body[first + i] : Row{});
  if (shares.ruled) rows.push_back(rule(state, part));
  rows.insert(rows.end(), shares.bottom.begin(), shares.bottom.end());

  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(text_of(row, state));
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

std::size_t body_rows(const State& state) { return share_out(state).room; }

std::size_t scroll_max(const State& state) { return first_row_max(share_out(state)); }

}  // namespace conclave::coach
