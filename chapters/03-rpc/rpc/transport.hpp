/// @file
/// The transport: messages from one end to another, with the contract of datagrams.
///
/// What stands above knows a network by this alone: ZeroMQ's (zmq_transport.hpp), one in memory (memory_transport.hpp), and in
/// a later chapter one that fails on purpose.
///
/// Laws
///  1. A message is lost, duplicated, delayed or reordered; it is never altered, and arrives as a whole or not at all.
///  2. An error from send() means that nothing has left: the message will arrive nowhere.  Ok means only that it may arrive.
///  3. A message goes back to where it came from by its Peer.  A peer that has connected anew is another one.  What comes
///     from an end that connect() has named comes from the Peer that connect() gave.
///  4. Every queue is bounded: who does not keep up loses messages, and holds up nobody else.
///
/// Call from any goroutine of one run().  Source: the system model of Cachin, Guerraoui, Rodrigues, "Introduction to
/// Reliable and Secure Distributed Programming", §2.4.3, fair-loss links.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channels/context.hpp"
#include "common/result.hpp"
#include "rpc/frames.hpp"

namespace conclave::rpc {

/// Another end, as one transport knows it: to be kept, compared and handed back, and of no meaning elsewhere.
struct Peer {
  std::uint64_t link = 0;  ///< which of the transport's own ends it is reached by
  std::string id{};        ///< which of those that are reached so

  /// By link, then by id.
  friend auto operator<=>(const Peer&, const Peer&) = default;
};

/// A message that has come.
struct Received {
  Peer from;           ///< where an answer goes
  Frames message;      ///< what came
  std::string user{};  ///< who sent it, as the allow-list names its key; empty: not authenticated
};

/// One end of a network.
class Transport {
 public:
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Lets others connect at `address`.  Does not block.
  /// @return the address as others can use it; already_exists when it is taken; invalid_argument when it is none
  virtual Result<std::string> listen(const std::string& address) = 0;

  /// Names the end that listens, or will listen, at `address`.  Does not block: nobody need be there.
  /// @return invalid_argument when it is no address
  virtual Result<Peer> connect(const std::string& address) = 0;

  /// Forgets a peer from connect(): what is on its way to it or from it may be lost.  Does not block.
  virtual void disconnect(const Peer& peer) = 0;

  /// Sends a message.  To a peer from connect() it parks until there is somebody who would take it; to any other it
  /// does not block.
  /// @return ok; what ended `context`; not_found for a peer that is not there any more; resource_exhausted for one that
  ///   does not keep up; failed_precondition when the transport was closed
  virtual Status send(const Peer& to, Frames message, const Context& context) = 0;

  /// Sends a message if nobody has to be waited for.  Does not block.
  /// @return as send(); resource_exhausted also for a peer from connect() where there is nobody yet who would take it, and
  ///   from a transport that cannot tell.  Unless it is ok, `message` may be given to send()
  virtual Status try_send(const Peer& /*to*/, Frames& /*message*/) {
    return Status::resource_exhausted("this transport cannot tell whether somebody would take it");
  }

  /// Receives a message, from anybody.  Parks until there is one.
  /// @return the message; what ended `context`; failed_precondition when the transport was closed
  virtual Result<Received> recv(const Context& context) = 0;

  /// Closes this end: who waits gets failed_precondition.  Does not block.
  virtual void close() = 0;

 protected:
  Transport() = default;
};

}  // namespace conclave::rpc
