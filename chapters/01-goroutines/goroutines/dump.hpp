/// @file
/// Dumps: who is there, what each goroutine waits for, since when, and through which calls.
///
/// A program asks for a dump with dump_goroutines() and goes on.  Its user asks with SIGQUIT (Ctrl-\, or
/// `kill -QUIT`): the program prints the dump to standard error and ends with status 2.
///
/// Laws
///  1. SIGQUIT is answered whether the program waits, switches, or one goroutine holds the processor: then it is
///     interrupted after about 100 ms, and the dump shows where.
///  2. Goroutines that differ only in their number, their time and the descriptor that they wait for are one entry; at most
///     100 entries are shown.
///  3. A program's own handler for SIGQUIT stays: run() sets one only where there is none, and takes it away after.
///  4. Nothing hangs: a dump that is not finished after ten seconds ends the program without it.
///
/// "since when" is coarse: a processor looks at the clock every few dozen switches, and under a second nothing is
/// shown.  When several threads are inside run(), SIGQUIT dumps all of them, and dump_goroutines() its own.
///
/// What a signal handler may do rests here on: flags without locks, tgkill(), timer_settime() and write().  The dump
/// of a goroutine that was interrupted allocates memory; when that very goroutine was inside malloc(), law 4 comes true.
///
/// Call from any goroutine.  Source: Go, runtime.Stack; package os/signal, "Default behavior of signals".
#pragma once

#include <source_location>
#include <string>

namespace conclave {

/// All goroutines of this run(), the calling one first: number, name, state, place, calls, where it was started.
/// Does not park.  Takes milliseconds the first time, when it reads the program's debug information.
/// @throws Panic outside run()
/// @rule{Go runtime.Stack(buf, true): the traces of all goroutines}
[[nodiscard]] std::string dump_goroutines(
    std::source_location place = std::source_location::current());

}  // namespace conclave
