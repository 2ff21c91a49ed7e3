// The budget of gRPC: a failure takes a token, ten successes bring one back, and while fewer than half are left nobody retries.
// Pauses are drawn from the upper half, as "equal jitter".
#include <algorithm>

#include "client.hpp"
#include "common/random.hpp"

namespace conclave {

struct Client::State {
  Random random;
  double tokens = kRetriesAtOnce;

  void failed() { tokens = std::max(tokens - 1, 0.0); }
  void succeeded() { tokens = std::min(tokens + 0.1, 1.0 * kRetriesAtOnce); }
  [[nodiscard]] bool may_retry() const { return tokens > kRetriesAtOnce / 2.0; }
};

Client::Client(std::uint64_t seed) : state_(new State{.random = Random(seed)}) {}

Client::~Client() = default;

Result<std::string> Client::call(const Context& context, const Attempt& attempt) {
  for (Duration longest = kPauseMax; true; longest *= 2) {
    Result<std::string> result = attempt(context);
    if (result.ok()) state_->succeeded();
    if (result.status().code() != Code::unavailable) return result;
    state_->failed();

    const TimePoint next =
        now() + Duration(state_->random.between(longest.count() / 2, longest.count()));
    if (longest > 2 * kPauseMax || !state_->may_retry()) break;
    if (context.deadline() && *context.deadline() <= next) break;
    select(recv(context.done()), timeout(next - now()));
    if (!context.status().ok()) break;
  }
  return Status::aborted("the service is unavailable, and this client has given up");
}

}  // namespace conclave
