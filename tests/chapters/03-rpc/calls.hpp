// A server and a client on a network in memory, in virtual time, for the tests of calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/server.hpp"

namespace conclave::rpc {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;

struct Add {
  std::string counter{};
  std::int64_t delta = 0;
  MSGPACK_DEFINE(counter, delta)
};

struct Sum {
  std::int64_t value = 0;
  MSGPACK_DEFINE(value)
};

/// A server that counts, at "server", as long as this lives.
class Counting {
 public:
  explicit Counting(MemoryNetwork& network, const std::string& address = "server",
                    ServerOptions options = {})
      : transport_(network), server(transport_, std::move(options)) {
    static_cast<void>(transport_.listen(address));
    server.handle("Counter.Add", [this](const Add& add, const Context& context) -> Result<Sum> {
      ++executed;
      contexts.push_back(context);
      if (before) {
        if (Status status = before(add, context); !status.ok()) return status;
      }
      value += add.delta;
      return Sum{value};
    });
    group_.go(Name("serve"), [this] { ended = server.serve(); });
  }

 private:
  MemoryTransport transport_;

 public:
  Server server;
  std::int64_t value = 0;
  int executed = 0;
  std::vector<Context> contexts{};                             // of the calls so far
  std::function<Status(const Add&, const Context&)> before{};  // what the handler does first
  Status ended = Status::unknown("serve() has not returned");

 private:
  GoroutineGroup group_{"counting"};
};

/// A network, a server and a client.
struct Calls {
  explicit Calls(const ClientOptions& client_options = {.seed = 1},
                 ServerOptions server_options = {})
      : counting(network, "server", std::move(server_options)),
        transport(network),
        client(transport, {"server"}, client_options) {}

  Result<Sum> add(std::int64_t delta, const CallOptions& options = {},
                  const Context& context = {}) {
    return client.call<Sum>("Counter.Add", Add{"visits", delta}, context, options);
  }

  MemoryNetwork network{1};
  Counting counting;
  MemoryTransport transport;
  Client client;
};

/// Runs `body` as the main goroutine, in virtual time.
inline void in_virtual_time(const std::function<void()>& body) {
  // Clients, servers and these tests look at what they share between two parks, and nothing but the thread that they have in
  // common orders that.  The race detector takes goroutines for threads, and is told.
  ::setenv("CONCLAVE_SWITCHES_ORDER", "1", 1);
  VirtualClock clock;
  run(body, {.clock = &clock});
}

}  // namespace conclave::rpc
