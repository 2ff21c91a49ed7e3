/// @file
/// The ZAP handler: whom ZeroMQ asks, in the handshake of a connection, whether the client may come in.
/// @internal
///
/// ZeroMQ asks at one address for all sockets of a context.  So there is one handler for each Io, which the secured
/// transports of that Io share and which ends with the last of them; each has a domain of its own, and a Gate behind it.
///
/// Laws
///  1. Whoever is not admitted by the gate of its domain is denied: also what is not understood, and when the gate has gone.
///  2. The handler answers before the first secured socket is bound, and until after the last is closed.
///
/// Call from inside run().  Source: ZeroMQ RFC 27 (ZAP), "Detailed Specification"; libzmq 4.3.4, curve_server.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/result.hpp"
#include "goroutines/goroutine_group.hpp"
#include "rpc/security.hpp"
#include "rpc/socket.hpp"

namespace conclave::rpc {

/// Who may connect to one transport, and who has tried.
class Gate {
 public:
  explicit Gate(const ServerSecurity& security)
      : clients_(security.clients), denials_(security.denials) {}

  /// Whether a client may come in that has `key` and connects from `address`.
  bool admits(const PublicKey& key, const std::string& address);

  /// The name of the client whose key ZeroMQ says a message comes from; nothing when the message is to be dropped.
  std::optional<std::string> sender(const std::string& key);

  /// Whether the client with this key may be sent to.
  [[nodiscard]] bool lists(const std::string& key) const {
    return clients_.name_of(key).has_value();
  }

  [[nodiscard]] const SecurityCounters& counters() const { return counters_; }

 private:
  AllowList clients_;
  Chan<Denial> denials_;
  SecurityCounters counters_;
};

/// What answers the questions of all secured sockets of an Io.
class ZapHandler {
 public:
  /// The handler of `io`: the one that there is, or a new one.
  /// @return failed_precondition when there cannot be one
  static Result<std::shared_ptr<ZapHandler>> of(const Io& io);

  /// From now on `gate` decides about the clients of the domain that is returned.
  std::string add(std::shared_ptr<Gate> gate);

  /// From now on nobody gets into `domain`.
  void remove(const std::string& domain) { gates_.erase(domain); }

 private:
  explicit ZapHandler(Socket socket);

  void serve();
  Frames answer(const Frames& request);

  Socket socket_;
  std::uint64_t domains_made_ = 0;
  std::map<std::string, std::shared_ptr<Gate>> gates_;  // by domain
  GoroutineGroup group_{"ZAP handler"};                 // last: it uses all of the above
};

}  // namespace conclave::rpc
