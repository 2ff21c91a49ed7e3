/// @file
/// A server: methods by name, each call in a goroutine of its own.
///
///     Server server(transport);
///     server.handle("Counter.Add", [&](const Add& add, const Context& context) -> Result<Sum> { … });
///     go([&] { static_cast<void>(server.serve()); });
///     …
///     const auto [grace, cancel] = with_timeout({}, 5s);
///     static_cast<void>(server.shutdown(grace));
///
/// A handler's context ends when the caller's time is up, when the caller cancels, and when the server shuts down; who hands
/// it on to calls of its own makes them end with it.
///
/// Laws
///  1. A call is answered once for each time it is asked: with what the handler returned, or with why it did not run.
///     `maybe_executed()` of that is false exactly when the handler did not run, or says so itself.
///  2. A handler whose caller's time is up, or who has cancelled, is not started.
///  3. At most `running_max` handlers run and `waiting_max` calls wait, with `request_bytes_max` in all; what is more is
///     refused at once (resource_exhausted).  What nobody waits for any more keeps no place.
///  4. A call with a RequestId takes effect once: what its handler returned is remembered before it is sent, and is what
///     a repetition gets (sessions.hpp).  An error that is not_executed() is not remembered; a handler's failed_precondition
///     always is, since with not_executed() it is the server's own word for a session that is not open.
///  5. A handler that throws answers `internal`, and the server lives.  The caller does not learn what was thrown.
///  6. After shutdown() has begun no new call is taken (unavailable), and those that were are finished, up to the grace.
///  7. Health is told by the loop that takes calls, without a place among them: it says what is, also under load.
///
/// Methods that every server has: Session.Open, Session.Close, Health.Check, Health.Watch, Meta.Methods, Meta.Metrics
/// (services.hpp).
/// Call from any goroutine of one run().  Source: gRPC, "Core concepts", "Graceful shutdown", "Health checking";
/// RIFL (SOSP 2015), §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "channels/context.hpp"
#include "common/result.hpp"
#include "rpc/call_info.hpp"
#include "rpc/codec.hpp"
#include "rpc/server_counters.hpp"
#include "rpc/session_record.hpp"
#include "rpc/sessions.hpp"
#include "rpc/transport.hpp"

namespace conclave::rpc {

/// What bounds a server.
struct ServerOptions {
  std::size_t running_max = 256;   ///< handlers at a time
  std::size_t waiting_max = 1024;  ///< calls that wait for one of those to end
  std::size_t request_bytes_max =
      64 * 1024 * 1024;  ///< of all requests that run or wait; one alone may have more
  std::size_t body_bytes_max = 4 * 1024 * 1024;  ///< of a request, and of a reply
  SessionLimits sessions{};  ///< how much is remembered for calls that take effect once
  Duration session_idle_max = std::chrono::minutes(
      10);  ///< a session without a call for longer makes room when there is none
  /// Is told what callers must not learn: what a handler threw.  Unset: standard error.
  std::function<void(const std::string&)> log{};
};

namespace detail {

/// A handler of bytes.
using BytesHandler = std::function<Result<std::string>(std::string, const Context&)>;

/// What a handler takes and returns.
template <class F>
struct Signature {
  static constexpr bool kIsKnown = false;
};
template <class Reply, class Request>
struct SignatureOf {
  static constexpr bool kIsKnown = true;
  using RequestType = Request;
  using ReplyType = Reply;
};
template <class Reply, class Request>
struct Signature<Result<Reply> (*)(const Request&, const Context&)> : SignatureOf<Reply, Request> {
};
template <class C, class Reply, class Request>
struct Signature<Result<Reply> (C::*)(const Request&, const Context&)>
    : SignatureOf<Reply, Request> {};
template <class C, class Reply, class Request>
struct Signature<Result<Reply> (C::*)(const Request&, const Context&) const>
    : SignatureOf<Reply, Request> {};
template <class F>
  requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};

/// A handler of bytes that calls a handler of structs.
template <class F>
BytesHandler bytes_handler(F handler) {
  using Known = Signature<std::decay_t<F>>;
  static_assert(
      Known::kIsKnown,
      "a handler is called with (const Request&, const Context&) and returns Result<Reply>");
  if constexpr (Known::kIsKnown) {
    using Request = typename Known::RequestType;
    using Reply = typename Known::ReplyType;
    static_assert(Packable<Request>,
                  "the request of a method is a struct with MSGPACK_DEFINE(its, members)");
    static_assert(Packable<Reply>,
                  "the reply of a method is a struct with MSGPACK_DEFINE(its, members)");
    if constexpr (Packable<Request> && Packable<Reply>) {
      return [handler = std::move(handler)](std::string_view body,
                                            const Context& context) -> Result<std::string> {
        const Result<Request> request = decode<Request>(body);
        if (!request.ok()) return request.status().not_executed();
        const Result<Reply> reply = handler(*request, context);
        if (!reply.ok()) return reply.status();
        return encode(*reply);
      };
    }
  }
  return {};
}

}  // namespace detail

/// A server over a transport, which it has to itself.
class Server {
 public:
  /// A server without methods of its own.
  /// @param transport   listens, or will; outlives the server
  explicit Server(Transport& transport, ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Ends what is running, without an answer.
  ~Server();

  /// Has `handler` answer calls of `method`: a function of (const Request&, const Context&) that returns Result<Reply>,
  /// where Request and Reply are structs with MSGPACK_DEFINE.  Does not block; serve() may run already.
  ///
  /// An error that is not_executed() is the handler's word that nothing has happened, and such a call may be made again.  So a
  /// handler that has changed something hands the error of a call of its own on as perhaps_executed().
  /// @throws Panic when the method has a handler already, or is no name
  template <class F>
  void handle(std::string method, F handler,
              std::source_location place = std::source_location::current()) {
    handle_bytes(std::move(method), detail::bytes_handler(std::move(handler)), place);
  }

  /// Has `handler` answer calls of `method` with bytes, whatever they mean.
  /// @throws Panic as handle()
  void handle_bytes(std::string method, detail::BytesHandler handler,
                    std::source_location place = std::source_location::current());

  /// Takes calls.  Parks until shutdown() has ended or the transport is closed.
  /// @return ok after shutdown(); else why the transport receives no more
  Status serve();

  /// Ends well: says so to clients, takes no new call, lets those it has taken end; when `grace` ends it cancels them, and
  /// those that do not end then, within 100 ms, are unwound.  Parks until then; not for a handler to call.
  /// @return ok; resource_exhausted when calls had to be cancelled: how many
  Status shutdown(const Context& grace);

  /// Has `save` called before the answer of any handler that may have changed something is sent: it writes down what the
  /// handlers have changed, together with sessions().record().  When it fails, its error is the answer (unavailable).  It
  /// may park; it is not called again before it has returned, and one call of it serves all answers that came meanwhile.
  ///
  /// What a handler changes must then be changed in one go, and right before it returns: or the `save` of another call writes
  /// down the effect without the answer.
  void save_before_answering(std::function<Status()> save);

  /// What is remembered.
  [[nodiscard]] const Sessions& sessions() const;
  /// Goes on from what sessions().record() was before.
  /// @pre serve() has not been called
  void restore(const SessionsRecord& record);

  /// Says whether a service is well; "" is the server as a whole, and well until somebody says otherwise.
  void set_serving(const std::string& service, bool is_serving);

  /// What has happened so far.
  [[nodiscard]] ServerCounters counters() const;
  /// The same as text for Prometheus, with latencies by method and code.
  [[nodiscard]] std::string metrics() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace conclave::rpc
