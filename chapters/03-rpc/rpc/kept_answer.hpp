/// @file
/// The answer to a call that takes effect once, as Sessions keeps it: bytes, whatever the answer was.
///
/// Law: unpack_answer(pack_answer(x)) is x, but for its maybe_executed(), which is true: what is kept has had an effect.
/// Call from anywhere; nothing here blocks.
#pragma once

#include <string>

#include "common/result.hpp"

namespace conclave::rpc {

/// The bytes of an answer.
[[nodiscard]] std::string pack_answer(const Result<std::string>& answer);

/// The answer in these bytes.
/// @pre they are of pack_answer()
[[nodiscard]] Result<std::string> unpack_answer(const std::string& bytes);

}  // namespace conclave::rpc
