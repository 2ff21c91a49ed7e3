/// @file
/// The decoders that a reader's frames are held against.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frames.hpp"

namespace conclave {

/// What a decoder says of a header, and why.
struct Opinion {
  Verdict verdict;
  std::string why;  ///< in words; empty when it is read
};

/// Reads a header.
using Decoder = std::function<Opinion(const std::string& header)>;

/// "too_deep"
std::string_view to_string(Verdict verdict);

/// The chapter's, wire::unpack().
Decoder our_decoder();

/// Another right one, which reads the bytes by itself.
Decoder other_decoder();

/// Wrong in one way each: the flaw, and the decoder that has it.
std::vector<std::pair<std::string, Decoder>> planted_decoders();

}  // namespace conclave
