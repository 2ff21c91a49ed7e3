/// @file
/// How many requests reach the bottom for one call at the top: in an outage below three layers, and at a rate of failure.
#include <chrono>
#include <cmath>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/server.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {
namespace {

/// A server with one method, as long as it lives.
class Layer {
 public:
  template <class F>
  Layer(MemoryNetwork& network, const std::string& name, F ask) : transport_(network) {
    server_.handle("Ask", std::move(ask));
    static_cast<void>(transport_.listen(name));
    go([this] { static_cast<void>(server_.serve()); });
  }
  [[nodiscard]] double requests() const { return static_cast<double>(server_.counters().requests); }

 private:
  MemoryTransport transport_;
  Server server_{transport_};
};

/// Somebody who asks a layer.
class Asker {
 public:
  Asker(MemoryNetwork& network, const std::string& whom, const RetryPolicy& policy)
      : transport_(network), client_(transport_, {whom}, {.retry = policy, .seed = 1}) {}
  Result<Nothing> ask(const Context& context = {}) {
    return client_.call<Nothing>("Ask", Nothing{}, context, {.repeat = Repeat::idempotent});
  }

 private:
  MemoryTransport transport_;
  Client client_;
};

Status broken() { return Status::unavailable("out of order").not_executed(); }

//! [layers]
/// Requests at the bottom for each of `calls` at the top, when nothing works at the bottom.
double in_an_outage(const RetryPolicy& policy, int calls) {
  MemoryNetwork network;
  const Layer bottom(network, "bottom",
                     [](const Nothing&, const Context&) -> Result<Nothing> { return broken(); });
  Asker of_bottom(network, "bottom", policy);
  const Layer middle(network, "middle", [&](const Nothing&, const Context& context) {
    return of_bottom.ask(context);
  });
  Asker of_middle(network, "middle", policy);
  const Layer front(network, "front",
                    [&](const Nothing&, const Context& context) { return of_middle.ask(context); });
  Asker of_front(network, "front", policy);
  for (int i = 0; i < calls; ++i) static_cast<void>(of_front.ask());
  return bottom.requests() / calls;
}
//! [layers]

/// Requests for each call, when one in 1 / `probability` requests fails.
double at_a_rate(const RetryPolicy& policy, double probability) {
  constexpr int kCalls = 10'000;
  MemoryNetwork network;
  Random random(1);
  const Layer bottom(network, "bottom", [&](const Nothing&, const Context&) -> Result<Nothing> {
    if (random.chance(probability)) return broken();
    return Nothing{};
  });
  Asker asker(network, "bottom", policy);
  for (int i = 0; i < kCalls; ++i) static_cast<void>(asker.ask());
  return bottom.requests() / kCalls;
}

void show_load() {
  constexpr double kNoEnd = 1e9;
  VirtualClock clock;
  run(
      [] {
        const RetryPolicy three{.attempts_max = 3, .budget_max = kNoEnd};
        const RetryPolicy three_on_a_budget{.attempts_max = 3};
        fmt::print("an outage below three layers, three attempts each\n");
        fmt::print("  without a budget      1 call   {:5.2f}   1,000 calls {:5.2f}\n",
                   in_an_outage(three, 1), in_an_outage(three, 1000));
        fmt::print("  with a budget         1 call   {:5.2f}   1,000 calls {:5.2f}\n",
                   in_an_outage(three_on_a_budget, 1), in_an_outage(three_on_a_budget, 1000));

        const RetryPolicy five{.attempts_max = 5, .budget_max = kNoEnd};
        const RetryPolicy five_on_a_budget{.attempts_max = 5};
        fmt::print("\none layer, five attempts\n  p      formula   measured   with a budget\n");
        for (const double p : {0.01, 0.05, 0.2, 0.5, 1.0}) {
          const double formula = p < 1 ? (1 - std::pow(p, 5)) / (1 - p) : 5;
          fmt::print("  {:4.2f}   {:7.3f}   {:8.3f}   {:13.3f}\n", p, formula, at_a_rate(five, p),
                     at_a_rate(five_on_a_budget, p));
        }
      },
      {.clock = &clock});
}

}  // namespace
}  // namespace conclave::rpc

int main() { conclave::rpc::show_load(); }
