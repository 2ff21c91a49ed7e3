// A client asks a market for prices: the market dies with a question in hand, comes back, and is slow.  Watch for: what the
// client that waits learns, what the one that asks again learns, and how often the market works for it.
#include <chrono>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/server.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;

struct Price {
  int cents = 0;
  MSGPACK_DEFINE(cents)
};

TimePoint start;

void say(const std::string& who, const std::string& what) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now() - start);
  fmt::print("  t={:4d} ms  {:8}{}\n", time.count(), who, what);
}

/// A market, as long as it lives.
class Market {
 public:
  Market(MemoryNetwork& network, Duration work) : transport_(network), server_(transport_) {
    server_.handle("Price", [work](const Text& fruit, const Context&) -> Result<Price> {
      say("market", "works out the price of " + fruit.text);
      sleep_for(work);
      return Price{static_cast<int>(fruit.text.size())};
    });
    static_cast<void>(transport_.listen("market"));
    go([this] { static_cast<void>(server_.serve()); });
  }
  void count() const {
    const ServerCounters counters = server_.counters();
    say("market", fmt::format("had {} such requests, and worked on {}", counters.requests,
                              counters.executed));
  }

 private:
  MemoryTransport transport_;
  Server server_;
};

void ask(Client& client, const std::string& fruit, Repeat repeat) {
  say("client", "asks for the price of " + fruit);
  //! [ask]
  const auto price = client.call<Price>("Price", Text{fruit}, {}, {.repeat = repeat});
  //! [ask]
  say("client", price.ok() ? fmt::format("{} cost {}", fruit, price->cents)
                           : fmt::format("{}", price.status()));
}

void show(Repeat repeat) {
  start = now();
  MemoryNetwork network(1, {.delay_min = 2ms, .delay_max = 2ms});
  std::optional<Market> market(std::in_place, network, 20ms);
  //! [client]
  MemoryTransport transport(network);
  Client client(transport, {"market"}, {.attempt_timeout = 250ms, .seed = 1});
  //! [client]

  after_func(10ms, [&] {
    say("market", "dies");
    market.reset();
  });
  after_func(500ms, [&] {
    say("market", "is back");
    market.emplace(network, 20ms);
  });
  ask(client, "plums", repeat);

  market.reset();
  market.emplace(network, 600ms);  // too much to do
  ask(client, "quinces", repeat);
  market->count();
}

}  // namespace
}  // namespace conclave::rpc

int main() {
  using conclave::rpc::Repeat;
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        fmt::print("a client that asks, and waits\n");
        conclave::rpc::show(Repeat::never);
        fmt::print("a client that asks again: the lazy pirate\n");
        conclave::rpc::show(Repeat::idempotent);
      },
      {.clock = &clock});
}
