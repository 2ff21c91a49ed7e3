/// @file
/// CallSite: the place in the reader's code where a goroutine parked.
/// @internal
///
/// A call like `mutex.lock()` tells its place.  When a standard guard makes the call, that place is a line of
/// <mutex>; then the place is that of the innermost call which is neither the standard library's nor ours.
#pragma once

#include <source_location>
#include <span>
#include <string>

#include "goroutines/stack_trace.hpp"

namespace conclave::detail {

/// "transfer.cpp:12": `place`, or the reader's line above it if `place` lies in a system header.
/// @param calls  the reader's calls that led to it (readers_calls()); none if unknown
[[nodiscard]] std::string call_site(const std::source_location& place, std::span<const Call> calls);

}  // namespace conclave::detail
