/// @file
/// Describe: what every report says of a goroutine.
/// @internal
///
/// Who it is, what it waits for and since when, where, through which calls, and where it was started.
///
/// Laws
///  1. Of the calls, the reader's are shown, innermost first; where there is only one, its place says it already.
///  2. Goroutines that differ only in their number, their time and the descriptor that they wait for are one entry;
///     at most kEntriesShown entries.
///  3. A time under a second is left out.
///
/// Source for the wording: Go, runtime/traceback.go.
#pragma once

#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include "goroutines/stack_trace.hpp"

namespace conclave::detail {

class Processor;
struct Goroutine;

inline constexpr std::size_t kEntriesShown = 100;

/// All goroutines of `processor`, the one that runs first, then the lowest number first.
/// @param running  the calls in which the running goroutine is; none when nobody runs
[[nodiscard]] std::string describe_goroutines(const Processor& processor,
                                              std::span<const CallAddress> running);

/// One goroutine, which is in `state` ("running").
/// @param label  what its first line says of `place`: "waited at"; empty when that was said already
/// @param place  where it is; null when only the calls know
[[nodiscard]] std::string describe_goroutine(const Goroutine& goroutine, std::string_view state,
                                             std::string_view label,
                                             const std::source_location* place,
                                             std::span<const CallAddress> calls);

}  // namespace conclave::detail
