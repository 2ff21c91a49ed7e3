#include "quote.hpp"

namespace conclave {

using namespace std::chrono_literals;

namespace {

/// What is left until `context` ends by its deadline.
Duration left(const Context& context) {
  const auto deadline = context.deadline();
  return deadline ? *deadline - now() : Duration::max();
}

/// Calls a service, unless it is too late to.
Result<std::string> ask(const Context& context, Service& service, const std::string& order) {
  if (Status status = context.status(); !status.ok()) return status;
  Request request{.order = order};
  if (context.deadline()) {
    request.timeout_us = left(context) / 1us;
    if (request.timeout_us < 1) return Status::deadline_exceeded("nothing is left for this call");
  }
  return service.call(context, request);
}

/// The same, and again when that may help and there is time for it.
Result<std::string> ask_again(const Context& context, Service& service, const std::string& order) {
  for (int attempt = 1;; ++attempt) {
    Result<std::string> answer = ask(context, service, order);
    if (answer.status().code() != Code::unavailable) return answer;
    if (attempt == kAttemptsMax || left(context) <= kPause) return answer;
    if (select(recv(context.done()), timeout(kPause)) == 0) return context.status();
  }
}

}  // namespace

Result<std::string> quote(const Context& connection, const Request& request, Service& stock,
                          Service& prices) {
  if (request.timeout_us < 0) return Status::deadline_exceeded("the request came too late");
  const CancellableContext own =
      request.timeout_us == 0
          ? with_cancel(connection)
          : with_timeout(connection, std::chrono::microseconds(request.timeout_us));

  const Result<std::string> in_stock = ask(own.context, stock, request.order);
  if (!in_stock.ok()) return in_stock;
  const Result<std::string> price = ask_again(own.context, prices, request.order);
  if (!price.ok()) return price;
  return *in_stock + " at " + *price;
}

}  // namespace conclave
