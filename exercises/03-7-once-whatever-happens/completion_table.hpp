/// @file
/// Exercise 3.7: a request that comes many times takes effect once.
///
/// A client numbers its requests 1, 2, 3 and so on, and may have several on their way at a time.  A copy of a request has
/// its number.  Every request says which is the lowest number whose answer its client has not got yet: it will never ask
/// again for what is below.  A client that starts anew has a higher incarnation, and begins with 1 again.
/// Copies may come late and in any order.
///
/// Laws
///  1. A request is executed at most once, however many copies come, and whenever they come.
///  2. Every copy that is not refused gets the bytes that the one execution returned; one that comes during the execution
///     waits for them.  It waits for no other request.
///  3. An answer is kept until its client has it, or has started anew: no longer, and never less long.
///  4. What is below its client's lowest unfinished number is refused with failed_precondition; so is what comes from an
///     earlier incarnation.
///  5. Nobody makes room for another: while `kept_max` requests are kept, a new one is refused with resource_exhausted.  It
///     was not executed, and may come again.
///
/// Source: Lee and others, "Implementing Linearizability at Large Scale and Low Latency" (RIFL, SOSP 2015), §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "channels/channels.hpp"
#include "common/result.hpp"

namespace conclave {

/// Which request it is, whenever and however often it comes.
struct RequestId {
  std::uint64_t client = 0;       ///< who asks
  std::uint64_t incarnation = 1;  ///< which of its lives this is: the later, the higher
  std::uint64_t number = 0;       ///< from 1
  std::uint64_t lowest_unfinished =
      1;  ///< the lowest whose answer the client has not got; at most `number`
};

/// What a server has executed and may be asked for again.  Used by the goroutines of one run().
class CompletionTable {
 public:
  /// Knows of nothing yet.
  /// @param kept_max   how many requests it keeps, of all clients: those with an answer, and those being executed
  explicit CompletionTable(std::size_t kept_max);
  CompletionTable(const CompletionTable&) = delete;
  CompletionTable& operator=(const CompletionTable&) = delete;
  ~CompletionTable();

  /// Executes the request, unless that has been done.  Parks as long as the execution takes.
  /// @param execute   makes the answer; may park, and throws nothing
  /// @return the answer; failed_precondition (law 4) or resource_exhausted (law 5), with nothing executed
  Result<std::string> call(const RequestId& id, const std::function<std::string()>& execute);

  /// How many requests are kept.
  [[nodiscard]] std::size_t kept() const;

 private:
  struct State;  // yours to say, in completion_table.cpp
  std::unique_ptr<State> state_;
};

}  // namespace conclave
