/// @file
/// Sessions as they are written down (Sessions::record()), to a disk or into a replicated log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rpc/codec.hpp"

namespace conclave::rpc {

/// An answer, as it is written down.
struct AnswerRecord {
  std::uint64_t sequence = 0;  ///< of its request
  std::string answer{};        ///< as complete() was given it
  MSGPACK_DEFINE(sequence, answer)
};

/// A session, as it is written down.
struct SessionRecord {
  std::uint64_t session = 0;            ///< its number
  std::uint64_t first_unfinished = 1;   ///< what its client has said last
  std::vector<AnswerRecord> answers{};  ///< those that are kept
  MSGPACK_DEFINE(session, first_unfinished, answers)
};

/// All sessions, as they are written down: without the requests that are being executed, which have no effect yet.
struct SessionsRecord {
  std::vector<SessionRecord> sessions{};  ///< by number
  MSGPACK_DEFINE(sessions)
};

}  // namespace conclave::rpc
