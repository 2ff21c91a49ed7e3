// The deadline is a time of our own clock, and the services get a little less than what is left: who gets an answer in the
// last moment has no time to pass it on.
#include <cstdint>
#include <optional>

#include "quote.hpp"

namespace conclave {

using namespace std::chrono_literals;

Result<std::string> quote(const Context& connection, const Request& request, Service& stock,
                          Service& prices) {
  if (request.timeout_us < 0) return Status::deadline_exceeded("too late");
  std::optional<TimePoint> deadline;
  if (request.timeout_us > 0) deadline = now() + request.timeout_us * 1us;

  const auto is_too_late = [&](Duration what) { return deadline && *deadline - now() <= what; };
  const auto ask = [&](Service& service) -> Result<std::string> {
    if (!connection.status().ok()) return connection.status();
    if (!deadline) return service.call(connection, {.order = request.order});
    const std::int64_t left_us = (*deadline - now()) / 1us;
    if (left_us < 1) return Status::deadline_exceeded("too late");
    const auto [context, cancel] = with_deadline(connection, *deadline);
    return service.call(context, {.order = request.order, .timeout_us = left_us - left_us / 20});
  };

  Result<std::string> in_stock = ask(stock);
  if (!in_stock.ok()) return in_stock;
  Result<std::string> price = ask(prices);
  for (int more = kAttemptsMax - 1; more > 0; --more) {
    if (price.status().code() != Code::unavailable || is_too_late(kPause)) break;
    select(recv(connection.done()), timeout(kPause));
    price = ask(prices);
  }
  if (!price.ok()) return price;
  return *in_stock + " at " + *price;
}

}  // namespace conclave
