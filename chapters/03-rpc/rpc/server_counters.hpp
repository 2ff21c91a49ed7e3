/// @file
/// What a server counts.
#pragma once

#include <cstdint>

namespace conclave::rpc {

/// What has happened so far.  Each message that comes counts in one of requests, cancelled, cancels_late, pings and
/// unreadable.
struct ServerCounters {
  std::uint64_t requests = 0;        ///< all that came
  std::uint64_t executed = 0;        ///< handlers that were started
  std::uint64_t answered_again = 0;  ///< repetitions that were answered from what is remembered
  std::uint64_t repeated = 0;        ///< repetitions of a call that was still running or waiting
  std::uint64_t refused = 0;         ///< for want of a place, or because the server shuts down
  std::uint64_t expired = 0;         ///< whose time was up before the handler could start
  std::uint64_t cancelled = 0;       ///< that their callers took back
  std::uint64_t cancels_late = 0;    ///< of calls that had ended or never came; second ones
  std::uint64_t pings = 0;           ///< all that came
  std::uint64_t unreadable = 0;      ///< messages that were none
  std::uint64_t replies_lost = 0;  ///< that could not be sent: the peer had gone, or does not read
};

}  // namespace conclave::rpc
