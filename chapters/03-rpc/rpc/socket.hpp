/// @file
/// ZeroMQ's sockets for goroutines: to send or to receive parks the goroutine, and the others run meanwhile.
///
/// A ZeroMQ socket is not a connection.  On a thread of its own it connects, reconnects and queues, and it moves
/// messages of one or more frames; its kind says to whom:
///
///     dealer       to its partners in turn, from any of them
///     router       to the peer that the first frame names; the first frame of what it receives names the sender
///     push, pull   to the partners in turn; from any of them
///     pub, sub     to all that have subscribed; what was subscribed to
///
/// Laws
///  1. Waiting parks the goroutine and never the thread, in the scheduler's own epoll: nothing polls, and no thread
///     stands between.  An idle socket uses no processor.
///  2. A message is sent as a whole or not at all, and is received as a whole or not at all.
///  3. Any number of goroutines may use one socket.  Those who wait in one direction are served in the order in which
///     they came.
///  4. No message goes to nobody in silence.  A dealer or push socket without a connection waits for one; a router
///     says `not_found` of a peer that is gone, and `resource_exhausted` of one that does not keep up.  Only pub
///     drops, for subscribers who are slow or not there yet.
///  5. A call that did not return ok has neither sent nor received anything.
///  6. Sent is not delivered: the message is in a queue of this process, and a connection that breaks loses it.
///  7. A send happens before each later receive of the same process, as a write to a descriptor does in Go.
///
/// A socket that watches its descriptor counts as something that can still happen: no deadlock is reported while one is
/// open.  It belongs to the thread of the run() that made it.
/// Call from inside run().  Source: ZeroMQ RFC 28 (request-reply), 29 (publish-subscribe), 30 (pipeline); zmq_getsockopt(3),
/// ZMQ_FD and ZMQ_EVENTS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "channels/context.hpp"
#include "common/result.hpp"
#include "goroutines/clock.hpp"
#include "rpc/frames.hpp"
#include "rpc/keys.hpp"

namespace zmq {
class context_t;
}

namespace conclave::rpc {

class ZapHandler;

/// What a socket is, and so to whom it speaks.
enum class SocketKind { dealer, router, pub, sub, push, pull };

/// The name of a kind as it is written above.
[[nodiscard]] std::string_view to_string(SocketKind kind);

/// The side of this process that ZeroMQ has to itself: a thread which reads and writes for all sockets made with it.
/// A handle; the thread starts with the first socket and ends with the last.
class Io {
 public:
  /// @param sockets_max   how many sockets there may be at a time
  explicit Io(int sockets_max = 1023);

 private:
  friend class Socket;
  friend class ZapHandler;

  /// Who answers in the handshakes of its sockets (zap.hpp).
  struct Handler {
    std::mutex mutex;
    std::weak_ptr<ZapHandler> handler;
    std::thread::id thread;  // of its run()
  };

  std::shared_ptr<zmq::context_t> context_;
  std::shared_ptr<Handler> handler_;
};

/// What bounds a socket.
struct SocketOptions {
  std::size_t frame_bytes_max =
      4 * 1024 * 1024;          ///< a peer that sends a longer one is disconnected
  std::size_t frames_max = 16;  ///< a message that comes with more is dropped, and counted
  int queue_max = 1000;         ///< messages that wait for one peer, in each direction; about
  int backlog =
      1024;  ///< connections that have come and are not accepted yet; else they come again
  Duration handshake_max = std::chrono::seconds(2);  ///< a peer that says nothing is disconnected
  Duration reconnect_min = std::chrono::milliseconds(50);  ///< how long until the first new attempt
  Duration reconnect_max = std::chrono::seconds(2);        ///< it doubles up to that
  Duration linger{};  ///< how long what is unsent at the end may still go out, behind the scenes
  /// How often to look whether a wake-up was missed, and mend and count it; never, unless a test wants to know.
  Duration check_every{};
};

/// What has happened on a socket so far.
struct SocketCounters {
  std::uint64_t sent = 0;      ///< messages
  std::uint64_t received = 0;  ///< messages
  std::uint64_t dropped = 0;   ///< messages that came with more than `frames_max` frames
  std::uint64_t checked = 0;   ///< how often SocketOptions::check_every has looked
  std::uint64_t wakeups_missed =
      0;  ///< what that found; a few came as it looked, many are a bug of ours
};

/// A ZeroMQ socket that blocks goroutines only.
class Socket {
 public:
  /// A socket that is neither bound nor connected.
  /// @return resource_exhausted when there are too many; invalid_argument for options out of range
  static Result<Socket> open(const Io& io, SocketKind kind, const SocketOptions& options = {});

  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&&) noexcept;
  /// Closes it.
  ~Socket();

  /// Waits for peers at `endpoint`: "tcp://127.0.0.1:*", "ipc:///path", "inproc://name".  Does not block.
  /// @return the endpoint as others can connect to it, with a port for `*`; already_exists when it is taken;
  ///   invalid_argument when it is none of this machine's
  Result<std::string> bind(const std::string& endpoint);

  /// Connects to `endpoint`, and again whenever the connection is lost.  Does not block: the partner need not be there.
  /// @return invalid_argument when it is no endpoint
  Status connect(const std::string& endpoint);

  /// Lets messages through whose first frame begins with `prefix`; all of them when it is empty.  For sub.
  Status subscribe(std::string_view prefix);

  /// Sends a message; for a router, `message[0]` is the peer.  Parks until there is room: for dealer and push.
  /// @return ok; what ended `context`; not_found for a router's unknown peer; resource_exhausted for a router's slow
  ///   one; failed_precondition when the socket was closed, or is of a kind that only receives; invalid_argument for a
  ///   message without frames
  /// @rule{ZeroMQ RFC 28: a DEALER shall block on sending when it has no available peers; a ROUTER shall never block}
  Status send(Frames message, const Context& context = {},
              std::source_location place = std::source_location::current());

  /// The same without waiting.
  /// @return also resource_exhausted when there is no room now; the message is then as it was
  Status try_send(Frames& message);

  /// Receives a message; a router's begins with the peer that sent it.  Parks until there is one.
  /// @return the message; what ended `context`; failed_precondition when the socket was closed, or is of a kind that
  ///   only sends
  Result<Frames> recv(const Context& context = {},
                      std::source_location place = std::source_location::current());

  /// The same without waiting; nothing when there is none.
  std::optional<Frames> try_recv();

  /// Closes it: who waits gets failed_precondition.  What is unsent has `linger`, and does not hold up the caller.  A name of
  /// inproc is free at once, a port a little later.
  void close();

  /// What has happened so far.
  [[nodiscard]] SocketCounters counters() const;

 private:
  friend class
      ZmqTransport;  // which has a ZAP handler: a secured socket without one lets everybody in
  class State;

  /// What a secured socket proves, and to whom.
  struct Curve {
    KeyPair keys;
    PublicKey server{};        ///< of a client: whom it connects to
    std::string zap_domain{};  ///< of a server: where the handler knows it by
  };

  /// A message, and the key by which the handler has admitted its sender.
  struct Authenticated {
    Frames message;
    std::string key{};  ///< empty unless the socket is a secured server's
  };

  static Result<Socket> open(const Io& io, SocketKind kind, const SocketOptions& options,
                             const std::optional<Curve>& curve);
  Result<Authenticated> recv_authenticated();

  explicit Socket(std::shared_ptr<State> state) noexcept;

  std::shared_ptr<State> state_;
};

}  // namespace conclave::rpc
