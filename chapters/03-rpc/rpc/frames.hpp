/// @file
/// A message as it travels: frames, each any bytes.
#pragma once

#include <string>
#include <vector>

namespace conclave::rpc {

/// A message: its frames, each any bytes.  Never without a frame.
using Frames = std::vector<std::string>;

}  // namespace conclave::rpc
