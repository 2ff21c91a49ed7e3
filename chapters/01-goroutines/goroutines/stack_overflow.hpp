/// @file
/// StackOverflow: the report about a goroutine that has used up its stack.
/// @internal
///
/// On a guarded stack it shows as a SIGSEGV, like many other faults: what tells it is the address, in the page below
/// the stack.  On any other it is found at the next park, by the canary.
///
/// Laws
///  1. An overflow ends the program with status 2 and names the goroutine, its size and the innermost calls.
///  2. Any other fault ends the program as it would have without us.
///  3. The report comes even if the overflow was in the middle of malloc(); then it may lack the calls.
///  4. In a build with AddressSanitizer the sanitizer reports it, as any other fault, with the calls; each of its reports
///     ends with the goroutine that ran.
#pragma once

#include <csignal>

namespace conclave::detail {

class Processor;
struct Worker;

/// A handler for SIGSEGV.  Does not return from an overflow of one of this thread's goroutines.
void on_fault(int signal, siginfo_t* info, void* context);

/// From now on, AddressSanitizer's reports name the goroutine that ran.  Nothing in a build without it.
void name_goroutines_to_sanitizer() noexcept;

/// The goroutine on `worker` has written over the canary below its stack, and would give way now, at `frame`.
[[noreturn]] void report_destroyed_canary(const Processor& processor, const Worker& worker,
                                          const void* frame);

}  // namespace conclave::detail
