/// @file
/// CallSite: the place in the reader's code where a goroutine parked.
/// @internal
///
/// A call like `mutex.lock()` tells its place.  When a standard guard makes the call, that place is a line of
/// <mutex>; then the stack of calls is searched for the first line that is neither the standard library's nor ours.
#pragma once

#include <source_location>
#include <string>

namespace conclave::detail {

/// "transfer.cpp:12": `place`, or the reader's line above it if `place` lies in a system header.
/// @param frame  the frame address at which the goroutine parked; null if unknown
[[nodiscard]] std::string call_site(const std::source_location& place, const void* frame);

}  // namespace conclave::detail
