/// @file
/// Exercise 2.2: what several producers send, in one loop.
#pragma once

#include <functional>
#include <vector>

#include "channels/channels.hpp"

namespace conclave {

/// Sends its values to the channel and returns when it has sent the last.  It does not close the
/// channel.  May park.
using Producer = std::function<void(SendChan<int>)>;

/// Runs all producers, each in a goroutine of its own, and calls use(value) for every value that
/// one of them sends.  Parks.
///
/// Laws
///  1. Every value is used once.  No send panics.
///  2. It returns when all producers have returned and all values are used; without any, at once.
///  3. A value is used when it is sent: it does not wait for a producer to end.
///  4. It leaves no goroutine behind.
///
/// Only one use() runs at a time; it does not park.
void collect(const std::vector<Producer>& producers, const std::function<void(int)>& use);

}  // namespace conclave
