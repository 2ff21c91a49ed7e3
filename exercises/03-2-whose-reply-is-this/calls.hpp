/// @file
/// Exercise 3.2: many calls at the same time over one transport.
///
/// A request is a message of two frames, an id and a body.  Its reply is the same id, as it came, and another body.
/// Both may be lost, may come twice, late, and in any order.
///
/// Laws
///  1. A call gets the reply that carries its id, in whatever order the replies come.
///  2. No two calls have the same id: not of one Calls, nor of two with different incarnations.
///  3. A call that has returned leaves nothing behind.
///  4. A message that no call waits for is dropped, and does nothing else: a reply that comes late or again, an id that
///     nobody has, a message that is not two frames.
///  5. receive() waits for messages and for nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "channels/channels.hpp"
#include "common/result.hpp"
#include "rpc/transport.hpp"

namespace conclave {

/// The calls of one client.  Used by the goroutines of one run().
class Calls {
 public:
  /// None yet.
  /// @param incarnation   a number that nobody who called over this transport before has had
  /// @pre the transport outlives this, and this outlives whoever is in call() or receive()
  Calls(rpc::Transport& transport, const rpc::Peer& server, std::uint64_t incarnation);
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;
  ~Calls();

  /// Sends a request; parks until its reply has come.
  /// @return the body of the reply; what ended `context`; what was wrong when it could not be sent
  Result<std::string> call(const std::string& body, const Context& context);

  /// Hands the replies to the calls.  Parks; returns when `context` has ended or the transport was closed.
  void receive(const Context& context);

  /// How many calls wait for a reply.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct State;  // yours to say, in calls.cpp
  std::unique_ptr<State> state_;
};

}  // namespace conclave
