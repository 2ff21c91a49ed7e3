/// @file
/// A client: calls that block their goroutine only, end in time, and are sent again where that does no harm.
///
///     Client client(transport, {"tcp://10.0.0.1:5555", "tcp://10.0.0.2:5555"});
///     const Result<Sum> sum = client.call<Sum>("Counter.Add", Add{"visits", 1}, context, {.repeat = Repeat::once});
///
/// Any number of calls are under way at once, and end in any order.  A call is sent to one server at a time: to the one that
/// answered last, and when that does not answer, to the next of the list.
///
/// Laws
///  1. A call ends when it is answered, when its time is up, when its context ends or when the client is closed; never later,
///     and always: there is no call without an end.
///  2. What is sent along is what is left of that time; so a server does not work for a caller who has gone.
///  3. `maybe_executed()` of an error is false only if no attempt can have been executed.
///  4. A call is sent again only where may_retry() and the budget allow it (retry.hpp), under the same number: a late answer to
///     an earlier attempt ends it, but an earlier attempt's error does not.
///  5. A call with Repeat::once takes effect at most once, whatever is lost, as long as its server remembers
///     (Server::save_before_answering()); when nobody can know any more whether it has, that is its error.  All its
///     attempts go to the server that has its session.
///  6. A call whose caller gives up is cancelled at the server, as far as the message comes.
///
/// Call from any goroutine of one run().  Source: gRPC, "Deadlines", "Cancellation", proposal A6; RIFL (SOSP 2015), §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "channels/context.hpp"
#include "common/random.hpp"
#include "common/result.hpp"
#include "rpc/codec.hpp"
#include "rpc/retry.hpp"
#include "rpc/transport.hpp"
#include "rpc/wire.hpp"

namespace conclave::rpc {

/// How one call is to be made.
struct CallOptions {
  Duration timeout =
      std::chrono::seconds(5);    ///< all attempts together; the context may end sooner
  Repeat repeat = Repeat::never;  ///< what happens if it is executed twice
  Metadata metadata{};            ///< to travel beside it
};

/// How a client calls.
struct ClientOptions {
  RetryPolicy retry{};  ///< how often and how soon
  Duration attempt_timeout =
      std::chrono::seconds(1);  ///< then an attempt counts as lost, if it may be repeated
  Duration ping_every =
      std::chrono::milliseconds(500);  ///< while an answer is due, and nothing comes; above zero
  Duration silence_max = std::chrono::seconds(3);  ///< after which a server is taken for dead
  std::size_t body_bytes_max = 4 * 1024 * 1024;    ///< of a request
  std::uint64_t seed = fresh_seed();  ///< of its numbers and pauses; a test gives its own
};

/// What has happened so far.  Each message that comes counts in one of answers, late_replies, notices and unreadable.
struct ClientCounters {
  std::uint64_t calls = 0;         ///< that were made
  std::uint64_t attempts = 0;      ///< requests that were sent, retries included
  std::uint64_t retries = 0;       ///< of those
  std::uint64_t over_budget = 0;   ///< retries that the budget did not allow
  std::uint64_t answers = 0;       ///< replies that ended an attempt, or a call
  std::uint64_t late_replies = 0;  ///< whose call, or attempt, had ended before
  std::uint64_t notices = 0;       ///< that a server lives, or goes away
  std::uint64_t unreadable = 0;    ///< messages that were none
};

/// A client of one service, over a transport that it has to itself.
class Client {
 public:
  /// A client of the servers at these addresses, which offer the same.  Does not block: nobody need be there.
  /// @param transport   outlives the client
  /// @throws Panic when there is no address, or unless `ping_every` > 0; an address that the transport does not take is the
  ///         error of the calls to it
  Client(Transport& transport, const std::vector<std::string>& addresses,
         ClientOptions options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Closes it.
  ~Client();

  /// Calls `method` with `request`, and returns its reply.  Parks until the call has ended.
  ///
  /// What the handler of another call hands on by its context travels along: its deadline, its end, and its "traceparent".
  /// @return the reply; what the handler returned; deadline_exceeded or cancelled; unavailable when no server was reached or
  ///   none answered; resource_exhausted when servers have too much to do; unimplemented; invalid_argument for a request
  ///   that is too long or metadata that is none, and for a reply that is no Reply
  template <Packable Reply, Packable Request>
  Result<Reply> call(std::string_view method, const Request& request, const Context& context = {},
                     const CallOptions& options = {}) {
    const Result<std::string> body = call_bytes(method, encode(request), context, options);
    if (!body.ok()) return body.status();
    return decode<Reply>(*body);
  }

  /// The same with bytes, whatever they mean; they must stay where they are until it returns.
  Result<std::string> call_bytes(std::string_view method, std::string_view body,
                                 const Context& context = {}, const CallOptions& options = {});

  /// Closes the sessions at the servers, as far as they answer before `context` ends, and then the client: servers need not
  /// remember any more what a client that has ended was answered.  Parks.
  void finish(const Context& context);

  /// Ends all calls (cancelled) and takes no more.  Does not block.
  void close();

  /// What has happened so far.
  [[nodiscard]] ClientCounters counters() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace conclave::rpc
