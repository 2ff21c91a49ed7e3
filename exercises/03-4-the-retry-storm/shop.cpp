#include "shop.hpp"

#include <algorithm>
#include <chrono>

namespace conclave {

using namespace std::chrono_literals;

Result<std::string> Database::call() {
  calls_.push_back(now());
  const auto first_of_second = std::ranges::upper_bound(calls_, now() - 1s);
  if (is_down) return Status::unavailable("the database is down");
  if (static_cast<std::size_t>(calls_.end() - first_of_second) > kCallsPerSecondMax)
    return Status::unavailable("the database is busy");
  return "an answer";
}

Shop::Shop(std::uint64_t seed) : front_(1000 * seed), middle_(1000 * seed + 1) {
  for (std::size_t user = 0; user < kUsers; ++user)
    apps_.push_back(std::make_unique<Client>(1000 * seed + 2 + user));
}

//! [request]
Result<std::string> Shop::request(std::size_t user, const Context& context) {
  return apps_[user]->call(context, [&](const Context& of_app) {
    return front_.call(of_app, [&](const Context& of_front) {
      return middle_.call(of_front, [&](const Context&) { return database.call(); });
    });
  });
}
//! [request]

}  // namespace conclave
