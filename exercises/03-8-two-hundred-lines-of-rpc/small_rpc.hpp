/// @file
/// Exercise 3.8: a client and a server, and between them a network that loses, repeats and delays.
///
/// They speak the wire of this chapter (rpc/wire.hpp), and of it two kinds of messages.  A call is a wire::Request: `method` is
/// kMethod, `once` says which request it is, `remaining` what is left of its caller's time, `attempt` which sending it is; the
/// body is the question.  It is answered by a wire::Reply with the same `call`: status ok and a body, or an error.
///
/// Laws of the client
///  1. A call ends when its answer has come, or with its context: in that moment, and not later.
///  2. While neither has happened, it is sent again: kAnswerTime after a sending, kPause after one that could not be made.  An
///     error of Transport::send() means that nothing has left.
///  3. All sendings of a call are the same request, and each says what is left of the caller's time then.
///  4. A reply ends the call that it answers.  Any other message is dropped.
///  5. What a call ended with is kept nowhere: `first_unfinished` is the lowest request that has not ended.
///  6. An error of a call is not_executed() when nothing of it has ever left, or when the reply says so; only then.
///
/// Laws of the server
///  7. A request is executed at most once, however many copies come, and each in a goroutine of its own.  A copy gets the same
///     answer; one that comes while the request is being executed may get none, since its client will ask again.
///  8. The context of an execution ends when its caller's time is up.
///  9. Where a client starts anew, its earlier lives are over: what comes from them late is refused, failed_precondition and
///     not_executed(), and their answers are dropped.
/// 10. When serve() returns, no goroutine of it is left.
///
/// Call from the goroutines of one run().  Source: Birrell, Nelson, "Implementing Remote Procedure Calls" (1984), §3; RIFL, §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "channels/channels.hpp"
#include "common/result.hpp"
#include "rpc/sessions.hpp"
#include "rpc/transport.hpp"
#include "rpc/wire.hpp"

namespace conclave {

constexpr const char* kMethod = "Small.Call";                    ///< the one method
constexpr Duration kAnswerTime = std::chrono::milliseconds(50);  ///< then a sending counts as lost
constexpr Duration kPause = std::chrono::milliseconds(10);  ///< after a sending that was not made

/// Which client, and in which of its lives.
struct Life {
  std::uint32_t client = 0;       ///< who
  std::uint32_t incarnation = 1;  ///< the later the life, the higher
};

/// The session that stands in `once` for a life, and back.
[[nodiscard]] constexpr std::uint64_t session_of(Life life) {
  return std::uint64_t{life.client} << 32U | life.incarnation;
}
[[nodiscard]] constexpr Life life_of(std::uint64_t session) {
  return {static_cast<std::uint32_t>(session >> 32U), static_cast<std::uint32_t>(session)};
}

/// Calls one server.
class SmallClient {
 public:
  /// Nothing is sent yet.
  /// @param life   one that no other client has or has had
  /// @pre the transport outlives it, and is used by nobody else
  SmallClient(rpc::Transport& transport, const rpc::Peer& server, Life life);
  SmallClient(const SmallClient&) = delete;
  SmallClient& operator=(const SmallClient&) = delete;
  /// Leaves no goroutine behind.
  /// @pre nobody is in call()
  ~SmallClient();

  /// Asks the server.  Parks until the call has ended.
  /// @return the answer; what ended `context`; the error of the reply
  /// @pre `context` has a deadline
  Result<std::string> call(const std::string& question, const Context& context);

 private:
  struct State;  // yours to say
  std::unique_ptr<State> state_;
};

/// Answers clients.
class SmallServer {
 public:
  /// Makes the answer to a question; may park, and throws nothing.
  using Handler = std::function<std::string(const std::string& question, const Context& context)>;

  /// @pre the transport outlives it, and is used by nobody else
  SmallServer(rpc::Transport& transport, Handler handler);
  SmallServer(const SmallServer&) = delete;
  SmallServer& operator=(const SmallServer&) = delete;
  ~SmallServer();

  /// Takes requests.  Parks; when `context` ends, or the transport is closed, it ends the contexts of what is being executed,
  /// waits for that, and returns.
  void serve(const Context& context);

  /// How many answers it keeps.
  [[nodiscard]] std::size_t kept() const;

 private:
  struct State;  // yours to say
  std::unique_ptr<State> state_;
};

}  // namespace conclave
