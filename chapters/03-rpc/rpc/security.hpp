/// @file
/// Security: both ends of a connection prove who they are, and nobody in between reads or alters a message.
///
///     const KeyPair keys = *KeyPair::load("server.key");
///     AllowList clients = *AllowList::load("clients.allow");
///     ZmqTransport server(io, {.server_security = ServerSecurity{keys, clients}});
///
///     ZmqTransport client(io, {.client_security = ClientSecurity{keys, server_key}});
///
/// The cipher is CURVE, which lets a client refuse a server that does not have the right secret key; whether the *server*
/// refuses a client is for a ZAP handler to say, and without one, ZeroMQ lets everybody in.  So a transport has one before
/// it listens, or does not listen.
///
/// Laws
///  1. A server takes messages only from clients whose key is listed when the message is received, and sends only to those
///     whose key is listed when it is sent.
///  2. A transport with security has no connection without; so it has none to inproc, where ZeroMQ asks for no keys.
///  3. A client sends only to a server that has the secret key which belongs to `server`.
///
/// When a key is removed from the list (AllowList::reload()), ZeroMQ does not close the connection, as it asks at the
/// beginning only: its messages are dropped and counted from then on, and it looks to that client as if the server were
/// silent.  A client that is refused, or has the wrong key of a server, cannot tell that from a server that is not there: its
/// send() waits, and it tries again after SocketOptions::handshake_max, until the list has changed.
///
/// What ZeroMQ refuses by itself never reaches the handler, and is not counted: clients without security, and those that
/// have another server's key.  The handler is a goroutine: while another holds the processor, nobody gets in.
/// Source: ZeroMQ RFC 26 (CurveZMQ), RFC 27 (ZAP); zmq_curve(7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "channels/chan.hpp"
#include "rpc/allow_list.hpp"
#include "rpc/keys.hpp"

namespace conclave::rpc {

/// A client that was not let in.
struct Denial {
  PublicKey key;        ///< its key, which is its own: it has the secret one, too
  std::string address;  ///< of its machine, without a port
};

/// For those who connect to a transport.
struct ServerSecurity {
  KeyPair keys{};          ///< the server's
  AllowList clients{};     ///< who may connect
  Chan<Denial> denials{};  ///< where each goes that finds room, to be logged; nil for nowhere
};

/// For those that a transport connects to.
struct ClientSecurity {
  KeyPair keys{};      ///< the client's
  PublicKey server{};  ///< of every server that it connects to
};

/// What the handler and the allow-list have done for one transport so far.
struct SecurityCounters {
  std::uint64_t admitted = 0;           ///< handshakes
  std::uint64_t denied = 0;             ///< handshakes
  std::uint64_t dropped = 0;            ///< messages of clients that are not listed any more
  std::optional<Denial> last_denied{};  ///< the latest of them
};

}  // namespace conclave::rpc
