/// @file
/// Exercise 2.4: a question to several replicas, and the first answer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "channels/channels.hpp"
#include "common/result.hpp"

namespace conclave {

/// Asks one replica.  Parks until there is an answer or an error.  When `context` ends it hangs up,
/// which takes a millisecond or two, and returns, usually with an error; but an answer that is on
/// its way may still arrive.  (The tests play the replicas.)
using Replica = std::function<Result<std::string>(const Context& context)>;

/// Asks all replicas at the same time, and returns the answer that comes first.  Parks.
///
/// Laws
///  1. An error is no answer: as long as a replica may still answer, it is waited for.
///  2. When all have failed, the result is the error of one of them.
///  3. When the answer has come, the others are told to hang up.
///  4. When it returns, all replicas have returned, and no goroutine of it is left.
///  5. When `context` ends, all replicas are told to hang up.
///
/// Call from any goroutine.
/// @pre there is a replica
Result<std::string> first_answer(const Context& context, const std::vector<Replica>& replicas);

}  // namespace conclave
