/// @file
/// Exercise 2.5: many work, and the results come in the order of the work.
#pragma once

#include <functional>

#include "channels/channels.hpp"

namespace conclave {

/// Returns a channel of f(value) for every value of `input`.  Does not park: the work is done by
/// goroutines.
///
/// Laws
///  1. The results come in the order of the input, however long each f takes; each comes as soon as
///     it and those before it are there.
///  2. Up to `workers` calls of f run at the same time, and never more.
///  3. Of the values that were taken from `input`, at most 2 * workers + 2 have a result that was
///     not received yet.
///  4. When `input` is closed and every result has been received, the channel of results is closed.
///  5. When `context` ends, the calls of f that run are finished, and nothing else is waited for: not
///     the input, not a receiver.  The channel of results is closed, and no goroutine is left.  What
///     was received by then is the beginning of the results, without a gap.
///
/// Call from any goroutine.  f may park and throws nothing.
/// @pre workers >= 1
RecvChan<int> map_in_order(const Context& context, const RecvChan<int>& input, int workers,
                           const std::function<int(int)>& f);

}  // namespace conclave
