/// @file
/// Exercise 3.4: what a machine does when a call fails, and may work in a moment.
///
/// Laws
///  1. A call is attempted at most kAttemptsMax times.  A further attempt, a *retry*, follows only upon `unavailable`; any other
///     result is the result of the call.
///  2. A client that gives up after `unavailable` says so by another error: whoever is above it does not begin anew.
///  3. In any stretch of time a client makes at most kRetriesAtOnce retries and one for each ten calls that begin in it.
///  4. Where one attempt in twenty fails, and the next may work, 99 calls in 100 are answered.
///  5. Before the second attempt of a call there is a pause of at most kPauseMax, before the third one of at most twice that:
///     random, on average at least a quarter of it, and drawn by each client for itself, from its seed.
///  6. No retry is made when the context of the call has ended, at the latest when its deadline has passed; and no pause is begun
///     that would last until then.
///
/// Source: Beyer et al., "Site Reliability Engineering", ch. 21, "Deciding to Retry", and ch. 22, "Retries".
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "channels/channels.hpp"
#include "common/result.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

constexpr int kAttemptsMax = 3;
constexpr int kRetriesAtOnce = 10;
constexpr Duration kPauseMax = std::chrono::milliseconds(100);

/// Sends one request and waits for its answer.  Parks; returns when `context` ends.  The result is `unavailable` when the service
/// cannot answer now.
using Attempt = std::function<Result<std::string>(const Context& context)>;

/// All calls of one machine to one service.  Call from any goroutine.
class Client {
 public:
  /// A client whose chance is determined by `seed`; each has its own.
  explicit Client(std::uint64_t seed);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Attempts it, and again as the laws say.  Parks.
  /// @return the result of an attempt that is not `unavailable`; else why there was no further one
  Result<std::string> call(const Context& context, const Attempt& attempt);

 private:
  struct State;  // yours to say, in client.cpp
  std::unique_ptr<State> state_;
};

}  // namespace conclave
