/// @file
/// A client made of ZeroMQ alone, to see whether a server lets it in.  Call from a thread: it blocks.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include <zmq.hpp>

#include "rpc/keys.hpp"

namespace conclave::rpc {

/// What a client of ZeroMQ's own knows and wants.
struct RawClient {
  KeyPair keys{};                 ///< none: without security
  PublicKey server{};             ///< of the server
  int handshake_ms_max = 30'000;  ///< how long it waits for a server that says neither yes nor no
};

/// Makes a socket that of `client`.
inline void set_curve(zmq::socket_t& socket, const RawClient& client) {
  if (!client.keys) return;
  socket.set(zmq::sockopt::curve_publickey, client.keys.public_key().text());
  socket.set(zmq::sockopt::curve_secretkey, client.keys.secret_key());
  socket.set(zmq::sockopt::curve_serverkey, client.server.text());
}

/// Connects as `client`, and waits for what ZeroMQ reports of the handshake.
inline bool gets_in(const std::string& address, const RawClient& client) {
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::handshake_ivl, client.handshake_ms_max);
  set_curve(socket, client);
  zmq_socket_monitor(socket.handle(), "inproc://events", ZMQ_EVENT_ALL);
  zmq::socket_t events(context, zmq::socket_type::pair);
  events.connect("inproc://events");
  socket.connect(address);
  for (;;) {
    zmq::message_t event;
    zmq::message_t where;
    static_cast<void>(events.recv(event));
    static_cast<void>(events.recv(where));
    std::uint16_t what = 0;
    std::memcpy(&what, event.data(), sizeof what);
    if (what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return true;
    if (what == ZMQ_EVENT_DISCONNECTED || what == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL ||
        what == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || what == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
      return false;
  }
}

}  // namespace conclave::rpc
