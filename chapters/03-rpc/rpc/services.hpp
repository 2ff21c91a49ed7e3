/// @file
/// The methods that every server has, as the structs that they take and return.
///
///     Session.Open     Session → Nothing            opens a session for calls that take effect once
///     Session.Close    Session → Nothing            closes it: what it remembers is dropped
///     Health.Check     Service → Health             how a service is; "" is the server as a whole
///     Health.Watch     HealthSeen → Health          the same, as soon as it is not what was seen
///     Meta.Methods     Nothing → Methods            the methods of this server
///     Meta.Metrics     Nothing → Text               its counters and latencies, for Prometheus
///
/// Source: gRPC, "Health checking" (grpc.health.v1) and "Server reflection".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rpc/codec.hpp"

namespace conclave::rpc {

/// Nothing to say.
struct Nothing {
  MSGPACK_DEFINE()
};

/// Names a session.
struct Session {
  std::uint64_t session = 0;  ///< a number that nobody else has
  MSGPACK_DEFINE(session)
};

/// Names a service.
struct Service {
  std::string service{};  ///< "" is the server as a whole
  MSGPACK_DEFINE(service)
};

/// How a service is.
struct Health {
  std::string state{};  ///< "serving" or "not_serving"
  MSGPACK_DEFINE(state)
};

/// Names a service, and how it was when somebody last looked.
struct HealthSeen {
  std::string service{};  ///< "" is the server as a whole
  std::string seen{};     ///< as in Health
  MSGPACK_DEFINE(service, seen)
};

/// The methods of a server.
struct Methods {
  std::vector<std::string> names{};  ///< in the order of the alphabet
  MSGPACK_DEFINE(names)
};

/// Some text.
struct Text {
  std::string text{};  ///< of several lines
  MSGPACK_DEFINE(text)
};

}  // namespace conclave::rpc
