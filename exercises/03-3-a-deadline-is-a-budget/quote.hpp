/// @file
/// Exercise 3.3: a handler that calls two services, and one budget of time for all of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "channels/channels.hpp"
#include "common/result.hpp"

namespace conclave {

/// A request, as it travels.
struct Request {
  std::string order{};
  /// How many microseconds its sender waits, from its arrival on.  0: for ever.  Less: the time was up before it came.  At most
  /// an hour.  (The network takes no time here.)
  std::int64_t timeout_us = 0;
};

/// A service on another machine.  (The tests play it, and note what it is given.)
class Service {
 public:
  virtual ~Service() = default;

  /// Sends a request and waits for the answer.  Parks.  When `context` ends the service is told to stop, and the call returns;
  /// but an answer that is on its way may still arrive.
  /// @return the answer, or an error; unavailable when it may work in a moment
  virtual Result<std::string> call(const Context& context, const Request& request) = 0;
};

constexpr int kAttemptsMax = 3;                             ///< how often `prices` is asked
constexpr Duration kPause = std::chrono::milliseconds(10);  ///< between two attempts

/// Answers a request: asks `stock`, once, then `prices`, both for the same order; the result is "STOCK at PRICE".  Parks.
///
/// Laws
///  1. An error of `stock` is the result.  After `unavailable`, `prices` is asked again, up to kAttemptsMax times in all, kPause
///     after the attempt before has ended; any other error of it is the result, and so is the last one.
///  2. Each call is given, on the wire, what is left of the request's time: never more, and nine tenths of it or more.  When the
///     request may take for ever, so may they.
///  3. Nothing is started late: no call when less than a microsecond is left, and no pause that would last until the
///     deadline or longer.  The result is then deadline_exceeded, or for a pause the error before it; at once.
///  4. At the deadline the call that is under way is told to stop, and it returns.
///  5. When `connection` ends it starts nothing more, tells the call that is under way to stop, and returns.
///
/// @param connection   ends when the sender hangs up; has no deadline
/// Call from any goroutine.  Source: gRPC, "Deadlines"; Beyer et al., "Site Reliability Engineering", ch. 22, "Latency and
/// Deadlines".
Result<std::string> quote(const Context& connection, const Request& request, Service& stock,
                          Service& prices);

}  // namespace conclave
