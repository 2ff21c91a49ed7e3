/// @file
/// Retries: whether a call that failed may be sent again, and when.
///
/// Two questions, and both must be answered with yes.  *May* it be sent again without doing harm?  If it provably had no
/// effect, or may have it twice, or takes effect once however often it comes.  And *should* it be?  Not for ever, not at
/// once, not all clients at the same moment, and not when everything fails: a retry is load, and many failures are caused
/// by load.
///
/// The machines are values: no clock, no goroutine; chance is given.
///
/// Laws
///  1. What may have taken effect is sent again only if it is idempotent or has a session.
///  2. Of a call's attempts, `attempts_max` are made at most.
///  3. Pauses double from `backoff_min` up to `backoff_max`, and each is drawn from within `jitter` of that.
///  4. Over time, retries are at most `budget_ratio` of the calls, and `budget_max` / 2 in a row.
///
/// Call from anywhere; nothing here blocks.  Source: gRPC, proposal A6 ("client retries"), "Retry policy", "Throttling
/// retry attempts"; Brooker, "Exponential Backoff and Jitter" (2015).
#pragma once

#include <algorithm>
#include <chrono>

#include "common/random.hpp"
#include "common/status.hpp"
#include "goroutines/clock.hpp"

namespace conclave::rpc {

/// What happens when a request is executed more than once.
enum class Repeat {
  never,       ///< harm: send it again only if it provably had no effect
  idempotent,  ///< nothing: the second time changes nothing
  once,        ///< it is not: the server remembers what it has done (sessions.hpp)
};

/// How often, and how soon.
struct RetryPolicy {
  int attempts_max = 5;                                  ///< the first included
  Duration backoff_min = std::chrono::milliseconds(50);  ///< the pause before the second
  Duration backoff_max = std::chrono::seconds(1);        ///< the longest
  double jitter = 0.2;        ///< each pause is from 1 - jitter to 1 + jitter of that
  double budget_max = 100;    ///< how much a full budget holds
  double budget_ratio = 0.1;  ///< how much of it a call that goes well gives back
};

/// Whether a call that ended so may be sent again without harm.
/// @param status           how its last attempt ended
/// @param maybe_executed   whether any of its attempts may have taken effect
/// @rule{gRPC A6, "Retry policy": only codes that the service designates; and ours: only where it is safe}
[[nodiscard]] inline bool may_retry(const Status& status, bool maybe_executed, Repeat repeat) {
  return status.retryable() && (!maybe_executed || repeat != Repeat::never);
}

/// The pause before attempt `attempt`, which is 2 or more.
[[nodiscard]] inline Duration backoff(const RetryPolicy& policy, int attempt, Random& random) {
  constexpr int kDoublingsMax = 30;  // any more, and it is beyond every maximum
  const int doublings = std::clamp(attempt - 2, 0, kDoublingsMax);
  const double middle = std::min(
      static_cast<double>(policy.backoff_max.count()),
      static_cast<double>(policy.backoff_min.count()) * static_cast<double>(1LL << doublings));
  const auto from = static_cast<Duration::rep>(middle * (1 - policy.jitter));
  const auto to = static_cast<Duration::rep>(middle * (1 + policy.jitter));
  return Duration(random.between(from, to));
}

/// What a client may spend on retries: full at the beginning, less with each failure, more with each success.
class RetryBudget {
 public:
  /// A full one.
  explicit RetryBudget(const RetryPolicy& policy)
      : max_(policy.budget_max), ratio_(policy.budget_ratio), tokens_(policy.budget_max) {}

  /// An attempt has failed in a way that a retry might mend.
  /// @return whether one may be made: more than half of the budget is left
  /// @rule{gRPC A6, "Throttling retry attempts": each failure takes 1; retry while there is more than half}
  [[nodiscard]] bool take() {
    tokens_ = std::max(0.0, tokens_ - 1);
    return tokens_ > max_ / 2;
  }

  /// An attempt has gone well.
  void give_back() { tokens_ = std::min(max_, tokens_ + ratio_); }

  /// How much is left.
  [[nodiscard]] double tokens() const { return tokens_; }

 private:
  double max_;
  double ratio_;
  double tokens_;
};

}  // namespace conclave::rpc
