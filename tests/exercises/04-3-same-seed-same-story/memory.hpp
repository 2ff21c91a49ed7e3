/// @file  Memory whose addresses a test decides, for all that is made with `new` while it is on.
/// Call from a test with one thread.
#pragma once

#include <cstdint>

namespace conclave::village {

/// From now on `new` takes from a part of memory that it begins anew.  What it gave before must not be in use any more.
/// @param layout   the same calls get the same addresses for the same number; for another one, others in another order
void begin_memory(std::uint64_t layout);

/// From now on `new` does as always.
void end_memory();

}  // namespace conclave::village
