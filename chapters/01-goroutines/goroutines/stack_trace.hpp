/// @file
/// Stack traces: through which calls a goroutine came to where it is.
/// @internal
///
/// Two steps, because the first may be taken anywhere and the second may not.  walk_stack() follows the frame
/// pointers of one stack and writes down addresses; readers_calls() looks the addresses up in the debug
/// information: function, file, line, inlined calls included.
///
/// Laws
///  1. walk_stack() allocates nothing, takes no lock and reads only what lies between the
///     innermost frame and the edge: a signal handler may call it.
///  2. Calls stand innermost first.
///  3. A reader's call is one that lies neither in the system's files nor in the chapters that make goroutines and
///     channels (is_readers()).
///
/// What it misses.  The book is built with -fno-omit-frame-pointer; system libraries are not.  A function of theirs
/// leaves the frame pointer alone or uses it for something else.  In the first case it is missing, and so may be
/// its caller when a signal interrupts it; in the second the trace ends there.  A call that is the last thing a
/// function does may be compiled to a jump: then the function that jumped has no frame any more.
///
/// Source: System V ABI, AMD64, §3.4.1 "Initial stack" and figure 3.3; AArch64 procedure call standard, §6.4.6
/// "The frame pointer": in both, a frame begins with the caller's frame and the return address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::detail {

/// How many calls a trace has at most.
inline constexpr std::size_t kCallsMax = 64;

/// Addresses of code: each lies inside the instruction that calls.
using CallAddress = std::uintptr_t;

/// The registers of a thread that a signal has interrupted.
struct Interrupted {
  std::uintptr_t instruction;
  std::uintptr_t stack;
};

/// What a handler with SA_SIGINFO finds in its third argument.  Async-signal-safe.
[[nodiscard]] Interrupted interrupted_at(const void* ucontext) noexcept;

/// Writes the addresses of the calls that led to `frame`, a frame address, into `calls`; returns how many.
/// It stops at `edge`, where the goroutine's stack ends, at a frame that cannot be one, and when `calls` is full.
/// Async-signal-safe.
std::size_t walk_stack(const void* frame, const void* edge, std::span<CallAddress> calls) noexcept;

/// The calls that led to this one, by the tables with which exceptions are thrown: nothing is missed, but it is slow, and
/// not promised to be async-signal-safe (glibc from 2.35 on looks the tables up without a lock).
/// @param from  the address with which to begin: of an interrupted instruction, say; 0 for the innermost
/// @param edge  where the goroutine's stack ends
std::size_t unwind_stack(CallAddress from, const void* edge, std::span<CallAddress> calls) noexcept;

/// One call, as the debug information has it.
struct Call {
  std::string function;  ///< as a reader names it: "Account::transfer"; empty if unknown
  std::string place;     ///< "transfer.cpp:12", from the root of the book

  friend bool operator==(const Call&, const Call&) = default;
};

/// The reader's calls among those at `calls`, with those that were inlined, up to the goroutine's function.  Allocates; takes milliseconds the first
/// time, when it reads the program's debug information.
/// @param through  a place that the innermost of them passed, in a header of the system; null if none is known
[[nodiscard]] std::vector<Call> readers_calls(std::span<const CallAddress> calls,
                                              const std::source_location* through = nullptr);

/// Whether `file` is neither the system's nor of the chapters that make goroutines and channels.
[[nodiscard]] bool is_readers(std::string_view file) noexcept;

/// A function's name without what a reader of a report can do without: result, parameters, template arguments,
/// anonymous namespaces.  "main()::<lambda()>" becomes "main::lambda".
[[nodiscard]] std::string short_name(std::string_view function);

}  // namespace conclave::detail
