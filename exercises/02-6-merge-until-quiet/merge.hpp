/// @file
/// Exercise 2.6: many channels into one.
///
/// Laws
///  1. Every value of every input is sent to `output`, once, and those of one input in their order.
///  2. A value is sent when it comes: no input waits for another one to be closed.
///  3. An input that has a value is served within 100 values of the others.
///  4. While no open input has a value merge() is parked, and uses no processor.
///  5. merge() never holds more values than there are inputs.
#pragma once

#include <vector>

#include "channels/channels.hpp"

namespace conclave {

/// Sends what comes from any of the inputs to `output`.  When the last of them is closed and drained, closes `output` and
/// returns.  Starts no goroutine.
/// @pre no input is nil, and nobody else sends to `output`
void merge(const std::vector<RecvChan<int>>& inputs, const SendChan<int>& output);

}  // namespace conclave
