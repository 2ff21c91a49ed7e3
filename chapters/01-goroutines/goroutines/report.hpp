/// @file
/// Reports: the last words of a program that cannot go on.
/// @internal
///
/// Each prints to standard error, after standard output was flushed, and ends the program with status 2,
/// without destructors: what is wrong is best seen untouched.
///
/// Source for the wording: Go, runtime/proc.go and runtime/panic.go.
#pragma once

#include <source_location>
#include <span>
#include <string>

#include "goroutines/stack_trace.hpp"

namespace conclave::detail {

class Processor;
struct Goroutine;

/// How a program ends that reports; as in Go.
inline constexpr int kReportStatus = 2;

/// Prints `last_words`; status 2, as in Go.
[[noreturn]] void end_program(const std::string& last_words);

/// All goroutines are parked and no timer is set: who waits for what, where, and where each was started.
[[noreturn]] void report_deadlock(const Processor& processor);

/// "uncaught exception std::runtime_error: no disk"; what a Panic says.  Call inside the handler.
[[nodiscard]] std::string describe_current_exception();

/// An exception left the function of `goroutine`.  Call inside the handler.
/// @param calls  those that led to the throw
[[noreturn]] void report_uncaught(const Goroutine& goroutine, std::span<const CallAddress> calls);

/// The kernel has no memory for one more stack; `error_number` is its reason.
[[noreturn]] void report_no_stack(const Processor& processor, int error_number);

/// A goroutine that is unwound has caught its unwinding and goes on.
/// @param calls  those in which it is now
[[noreturn]] void report_swallowed_unwinding(const Goroutine& goroutine,
                                             std::span<const CallAddress> calls);

/// `goroutine` is to end, and its function, given to blocking() at `place`, does not.
[[noreturn]] void report_blocking_at_the_end(const Goroutine& goroutine,
                                             const std::source_location& place);

/// A thread that runs no goroutines has woken `goroutine`.
[[noreturn]] void report_woken_from_outside(const Goroutine& goroutine);

/// The unwinding of `goroutine`, which was parked at `place`, came to a function that lets no exception out.
[[noreturn]] void report_stopped_unwinding(const Goroutine& goroutine,
                                           const std::source_location& place);

}  // namespace conclave::detail
