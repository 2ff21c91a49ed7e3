/// @file
/// The coach: goroutines that wait for keys, saves, signals and answers, and one that listens to all of them.
///
/// state.hpp decides, screen.hpp draws, and here is what connects them to the world.  Each source of events is a
/// goroutine with a channel; the coach is one select:
///
///     keys ─────┐
///     saves ────┤                  ┌─> the terminal
///     signals ──┼─> select, update ┼─> a child that runs tools/exercise
///     answers ──┤                  └─> the files to watch
///     time ─────┘
///
/// Laws
///  1. While nothing happens, nothing runs: no key, no save, no child, no time on the screen.
///  2. When learn() returns, the terminal is given back and no child is left.
///
/// Call outside run(), once.
#pragma once

#include <string>

#include "coach/state.hpp"
#include "coach/terminal.hpp"
#include "goroutines/clock.hpp"

namespace conclave::coach {

/// What a coach is started with.
struct Options {
  Look look;
  std::string wanted;          ///< the exercise to begin with; may be empty
  bool poll = false;           ///< whether to do without inotify
  Duration answer_time_max{};  ///< how long tools/exercise may take
};

/// Has the terminal until the reader quits, or a signal ends it.
/// @return what the program ends with
[[nodiscard]] Quit learn(Terminal& terminal, const Options& options);

/// Blocks the signals that learn() reads.  Call before anything starts a thread.
void hold_signals();

}  // namespace conclave::coach
