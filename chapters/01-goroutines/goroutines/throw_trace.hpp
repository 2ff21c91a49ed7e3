/// @file
/// ThrowTrace: the calls that led to the exception which left a goroutine.
/// @internal
///
/// When an exception is caught, the frames that threw it are gone.  But C++ throws in two phases: first it looks
/// for a handler, with all frames still there, and only then it unwinds.  A frame below the goroutine's function
/// takes part in the search, notes the calls, and lets it pass.
///
/// Source: Itanium C++ ABI, Exception handling, §1.3 (two phases) and §1.6.2 (personality routine).
#pragma once

#include <span>

#include "goroutines/stack_trace.hpp"
#include "goroutines/start.hpp"

namespace conclave::detail {

/// task.run(); an exception that leaves it is noted.
void run_noting_throws(Task& task);

/// The calls of the exception that left a task last on this thread, innermost first.
[[nodiscard]] std::span<const CallAddress> calls_that_threw() noexcept;

}  // namespace conclave::detail
