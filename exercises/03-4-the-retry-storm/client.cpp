#include "client.hpp"

#include "common/random.hpp"

namespace conclave {

struct Client::State {
  Random random;
};

Client::Client(std::uint64_t seed) : state_(new State{.random = Random(seed)}) {}

Client::~Client() = default;

Result<std::string> Client::call(const Context& context, const Attempt& attempt) {
  for (int attempts = 1;; ++attempts) {
    Result<std::string> result = attempt(context);
    if (result.ok() || attempts == kAttemptsMax) return result;
    sleep_for(kPauseMax);
  }
}

}  // namespace conclave
