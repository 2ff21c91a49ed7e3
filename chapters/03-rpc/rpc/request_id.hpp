/// @file
/// The name of a request that shall take effect once.
#pragma once

#include <cstdint>

namespace conclave::rpc {

/// Which request it is, whenever and however often it comes.
struct RequestId {
  std::uint64_t session = 0;   ///< whose: any number that no other client has
  std::uint64_t sequence = 0;  ///< from 1
  std::uint64_t first_unfinished =
      1;  ///< the lowest whose answer the client has not got; at most `sequence`

  bool operator==(const RequestId&) const = default;  ///< member by member
};

}  // namespace conclave::rpc
