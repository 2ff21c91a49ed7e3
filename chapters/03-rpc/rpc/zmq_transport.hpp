/// @file
/// ZeroMQ as a transport: a router where others connect, and a dealer for each end that one connects to.
///
/// Laws, beside those of transport.hpp
///  1. One dealer has one partner: ZeroMQ never chooses to whom a message goes.
///  2. What is received waits in a queue of `received_max` messages; while it is full, ZeroMQ's own queues fill, and
///     then the sender's.
///  3. With security, both ends of each connection have proved who they are (security.hpp).
///
/// Call from any goroutine of the run() that made it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "rpc/security.hpp"
#include "rpc/socket.hpp"
#include "rpc/transport.hpp"

namespace conclave::rpc {

/// What bounds a ZeroMQ transport, and whom it trusts.  With neither security it trusts everybody; with one of them it
/// does only what that one is for.
struct ZmqTransportOptions {
  SocketOptions socket{};                           ///< of each of its sockets
  std::size_t received_max = 256;                   ///< messages that nobody has received yet
  std::optional<ServerSecurity> server_security{};  ///< to listen with
  std::optional<ClientSecurity> client_security{};  ///< to connect with
};

/// One end of ZeroMQ's network.
class ZmqTransport final : public Transport {
 public:
  /// An end that neither listens nor is connected.
  explicit ZmqTransport(Io io, const ZmqTransportOptions& options = {});
  ~ZmqTransport() override;

  /// @return also failed_precondition when the security is incomplete, or cannot be enforced
  Result<std::string> listen(const std::string& address) override;
  /// @return also failed_precondition when the security is incomplete
  Result<Peer> connect(const std::string& address) override;
  void disconnect(const Peer& peer) override;
  Status send(const Peer& to, Frames message, const Context& context) override;
  Status try_send(const Peer& to, Frames& message) override;
  Result<Received> recv(const Context& context) override;
  void close() override;

  /// What has happened on all of its sockets so far, those that are closed included.
  [[nodiscard]] SocketCounters counters() const;

  /// Whom its security has let in so far, and whom not.
  [[nodiscard]] SecurityCounters security_counters() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace conclave::rpc
