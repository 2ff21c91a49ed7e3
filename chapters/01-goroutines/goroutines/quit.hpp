/// @file
/// Quit: how SIGQUIT becomes a dump of all goroutines, and the program's end.
/// @internal
///
/// The signal's handler may do next to nothing, so it asks: a flag, and a word to every processor.  Each processor
/// answers where it looks at the clock, between two goroutines, with a dump of its own; the last one prints them all.
/// One that has not answered after kPatienceForAnswers holds its processor in one goroutine: it is interrupted, and answers
/// from the handler.  After kPatienceForDumps the program ends with what there is.
///
/// Laws
///  1. A processor's goroutines are read by its own thread only.
///  2. The handler takes no lock and allocates nothing, until it answers for a goroutine that holds its processor.
///  3. Whatever happens, the program ends within kPatienceForAnswers + kPatienceForDumps.
///
/// What this rests on, beyond what POSIX promises a handler: glibc from 2.35 on finds unwind tables without a lock, and
/// libbacktrace takes its memory from mmap().  Naming what was found allocates with malloc(), hence law 3.
///
/// Source: Linux, signal-safety(7), timer_create(2), tgkill(2).
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "goroutines/signal_handler.hpp"

namespace conclave::detail {

class Processor;

inline constexpr std::chrono::milliseconds kPatienceForAnswers{100};
inline constexpr std::chrono::milliseconds kPatienceForDumps{10'000};

/// Whether somebody wants the program to quit.  A processor that sees it calls answer_quit().
extern constinit std::atomic<bool> quit_wanted;

/// Writes this thread's dump down, waits for the other threads', and ends the program.
/// Call between two goroutines: nobody runs.
[[noreturn]] void answer_quit(const Processor& processor);

/// While it lives, SIGQUIT asks the processor of this thread, too.
class QuitListener {
 public:
  explicit QuitListener(const Processor& processor);
  QuitListener(const QuitListener&) = delete;
  QuitListener& operator=(const QuitListener&) = delete;
  ~QuitListener();

 private:
  const Processor& processor_;
  std::optional<SignalHandler> handler_;
};

}  // namespace conclave::detail
