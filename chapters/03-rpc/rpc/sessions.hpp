/// @file
/// Exactly once: what a server remembers, so that a request which comes twice takes effect once.
///
/// A client opens a session and numbers its requests 1, 2, 3 and so on.  A retry has the number of what it repeats, and
/// every request names the lowest number whose answer the client has not got yet: what is below, it will never ask
/// for again.
///
/// The machine is a value: no clock, no chance, nothing outside.  Whether a server keeps it in memory, on a disk or in a
/// replicated log is not its business; but what it has forgotten, it cannot protect.
///
/// Laws
///  1. A request is executed at most once: begin() says `execute` of it once, unless release() has taken that back.
///  2. A request that comes again gets the same answer, byte for byte; while it is being executed, `wait`.
///  3. An answer is kept until its session says that it has it, or is closed; no longer, and never less long.
///  4. A request whose answer was dropped is refused, and never executed again; so is one of a session that is not open.
///  5. All is bounded, and nobody makes room for another: what is too much is refused, with nothing executed.
///
/// Call from anywhere; nothing here blocks.
/// Source: Lee, Park, Kejriwal, Matsushita, Ousterhout, "Implementing Linearizability at Large Scale and Low Latency" (RIFL,
/// SOSP 2015), §3 and §4; Ongaro, "Consensus: Bridging Theory and Practice", §6.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/status.hpp"
#include "rpc/request_id.hpp"

namespace conclave::rpc {

/// What bounds the sessions.
struct SessionLimits {
  std::size_t sessions_max = 10'000;  ///< open at a time
  std::uint64_t unfinished_max =
      512;  ///< a request is less than this above its `first_unfinished` (RIFL §4.6)
  std::size_t answer_bytes_max =
      256 * 1024 * 1024;  ///< of the answers that are kept; with as many, nothing new is executed
};

/// What is to be done with a request.
struct Decision {
  /// The four cases.
  enum class Kind {
    execute,  ///< it is new: execute it, and call complete() or release()
    wait,     ///< it is being executed: answer nothing now; who asks again later gets the answer
    answer,   ///< it was executed: this is what was answered
    refuse,   ///< it must not be executed: this is why
  };

  Kind kind = Kind::refuse;  ///< which of them
  std::string answer{};      ///< of Kind::answer
  Status
      status{};  ///< of Kind::refuse: failed_precondition, invalid_argument or resource_exhausted
};

struct SessionsRecord;  // session_record.hpp

/// The sessions of a server's clients, with their answers.
class Sessions {
 public:
  /// None yet.
  explicit Sessions(const SessionLimits& limits = {}) : limits_(limits) {}
  /// Those that were written down.
  Sessions(const SessionLimits& limits, const SessionsRecord& record);

  /// Opens a session.
  /// @return already_exists for a number that has one; resource_exhausted when there are too many
  Status open(std::uint64_t session);

  /// Closes a session: its answers are dropped, and its requests refused from now on.
  /// @return not_found when it is not open
  Status close(std::uint64_t session);

  /// Decides what to do with a request that has come.
  /// @rule{RIFL §3.2: a server that receives a request checks for a completion record, and answers a retry from it}
  [[nodiscard]] Decision begin(const RequestId& id);

  /// Keeps the answer of a request that was executed.  Nothing is kept for a session that was closed meanwhile, nor when it
  /// has said since that it does not want the answer.
  /// @pre begin() has said `execute`, and neither complete() nor release() was called since
  void complete(const RequestId& id, std::string answer);

  /// Takes `execute` back: the request was not executed, has no effect, and may come again.
  /// @pre as for complete()
  void release(const RequestId& id);

  /// All that a server must not forget, to be written down together with what its requests have changed.
  [[nodiscard]] SessionsRecord record() const;

  /// How many sessions are open.
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  /// How many answers are kept, of all sessions.
  [[nodiscard]] std::size_t answers() const;

  /// How many bytes these have.
  [[nodiscard]] std::size_t answer_bytes() const { return answer_bytes_; }
  /// Whether requests are refused because of them.
  [[nodiscard]] bool is_full() const { return answer_bytes_ >= limits_.answer_bytes_max; }

  /// Asserts what holds between calls.
  void check_invariants() const;

 private:
  using Request = std::optional<std::string>;  // its answer; none while it is executed

  struct Session {
    std::uint64_t first_unfinished = 1;
    std::map<std::uint64_t, Request> requests;  // by sequence, none below first_unfinished
  };

  /// Forgets those of its requests that are below `end`.
  void drop(Session& session, std::uint64_t end);

  SessionLimits limits_;
  std::size_t answer_bytes_ = 0;
  std::map<std::uint64_t, Session> sessions_;
};

}  // namespace conclave::rpc
