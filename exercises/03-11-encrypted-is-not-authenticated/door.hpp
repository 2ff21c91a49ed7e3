/// @file
/// Exercise 3.11: a door with a lock, and nobody behind it.
///
/// A server of ZeroMQ's own, on a thread of its own.  A client sends one frame, how it wants to be called, and is greeted.
///
/// Laws
///  1. A client gets in that has one of the listed keys; no other.
///  2. Whoever decides that is there before the door is open.
///  3. A client is greeted by the name that the list has for its key, whatever it says of itself.
///  4. A question to the doorkeeper that it does not understand is answered with a denial, and it goes on: another version
///     than "1.0", another mechanism than "CURVE", a key that is not 32 bytes long.
///
/// Whom ZeroMQ asks (ZAP, RFC 27).  In the handshake of a connection, ZeroMQ looks for a socket of the same context that is bound to
/// inproc://zeromq.zap.01, and asks it.  A REP socket there receives, and answers, frame by frame:
///
///     question   "1.0"  id  domain  address  identity  "CURVE"  key, as 32 bytes
///     answer     "1.0"  id  code    text     user      metadata (empty)
///
/// Code "200" lets the client in, and `user` is then what `gets("User-Id")` says of every message that comes from it; "400" denies.
///
/// Source: ZeroMQ RFC 26 (CURVE), RFC 27 (ZAP), "Detailed Specification"; zmq_curve(7).
#pragma once

#include <functional>
#include <map>
#include <string>

#include <zmq.hpp>

#include "rpc/keys.hpp"

namespace conclave {

/// Who may come in: public keys, as 40 characters of Z85 (zmq_z85_encode() makes them of 32 bytes), and names.
using Clients = std::map<std::string, std::string>;

/// Greets clients.  Blocks its thread; returns when the context was shut down.
/// @param is_open   to be called once, with its address, when clients can connect
void keep_door(zmq::context_t& context, const rpc::KeyPair& keys, const Clients& clients,
               const std::function<void(const std::string& address)>& is_open);

}  // namespace conclave
