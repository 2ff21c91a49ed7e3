/// @file
/// Exercise 3.9: a server that ends well.
///
/// It speaks the wire of this chapter (rpc/wire.hpp): a Request is answered by a Reply, a Ping by a Pong, both with the `call` of
/// what they answer.  A GoAway, of call 0, tells a client to take its next call elsewhere.
///
/// Laws
///  1. Each request is executed in a goroutine of its own, and answered once, with its `attempt` in the reply; one whose method is
///     not known with `unimplemented`, not_executed().
///  2. A ping is answered at once, whatever the handlers do, until serve() returns: also one that blocks its thread stops nobody.
///     The pong says whether new requests are taken.
///  3. When shutdown() begins, every client that has ever sent a message is told to go away, once.
///  4. From then on a new request is refused with `unavailable`, not_executed().  What has been taken is finished and answered.
///  5. When the grace has ended, so do the contexts of what is still being executed; what the handlers then return is answered.
///  6. When shutdown() returns, serve() has ended, every answer has been sent, and no goroutine is left.
///
/// Call from the goroutines of one run().  Source: gRPC, "Graceful shutdown", "Health checking"; blocking.hpp.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "channels/channels.hpp"
#include "common/result.hpp"
#include "rpc/transport.hpp"
#include "rpc/wire.hpp"

namespace conclave {

/// How a handler waits.
enum class Waits {
  as_a_goroutine,  ///< it parks, and looks at its context
  as_a_thread,  ///< it blocks its thread, in somebody else's library; it uses no context, and nothing of this book
};

/// A server that can be restarted.
class Worker {
 public:
  /// Makes the answer to a question.  Throws nothing.
  using Handler = std::function<std::string(const std::string& question, const Context& context)>;

  /// @pre the transport listens, outlives it, and is used by nobody else
  explicit Worker(rpc::Transport& transport);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  /// Has `handler` answer the requests of `method`.
  /// @pre serve() has not been called
  void handle(const std::string& method, Waits waits, Handler handler);

  /// Takes messages.  Parks until shutdown() ends it, or the transport is closed.
  void serve();

  /// Ends it well.  Parks until then.
  /// @param grace   ends when the rest has to be cancelled
  /// @return ok; resource_exhausted when something had to be
  /// @pre somebody is in serve(), and shutdown() is called once
  Status shutdown(const Context& grace);

 private:
  struct State;  // yours to say
  std::unique_ptr<State> state_;
};

}  // namespace conclave
