#include "client.hpp"

#include <algorithm>

#include "common/random.hpp"

namespace conclave {

namespace {

constexpr int kRetry = 10;  // what a retry costs, in tenths of one; a call brings in one
constexpr int kBudgetMax = kRetriesAtOnce * kRetry;

}  // namespace

struct Client::State {
  Random random;
  int budget = kBudgetMax;
};

Client::Client(std::uint64_t seed) : state_(new State{.random = Random(seed)}) {}

Client::~Client() = default;

Result<std::string> Client::call(const Context& context, const Attempt& attempt) {
  const Status given_up = Status::resource_exhausted("unavailable, and there is no retry left");
  state_->budget = std::min(state_->budget + 1, kBudgetMax);
  Duration pause_max = kPauseMax;
  for (int attempts = 1;; ++attempts) {
    Result<std::string> result = attempt(context);
    if (result.status().code() != Code::unavailable) return result;
    if (attempts == kAttemptsMax || state_->budget < kRetry) return given_up;

    const Duration pause(state_->random.between(Duration::rep{1}, pause_max.count()));
    if (const auto deadline = context.deadline(); deadline && now() + pause >= *deadline)
      return given_up;
    state_->budget -= kRetry;
    if (select(recv(context.done()), timeout(pause)) == 0) return context.status();
    pause_max *= 2;
  }
}

}  // namespace conclave
