// A server, a client and three calls between them.  Watch for: what a call needs on both sides, and what comes back when it
// goes wrong.
#include <map>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "rpc/zmq_transport.hpp"

namespace conclave {
namespace {

//! [structs]
struct Take {
  std::string fruit;
  int crates = 0;
  MSGPACK_DEFINE(fruit, crates)
};

struct Stock {
  int crates = 0;
  MSGPACK_DEFINE(crates)
};
//! [structs]

void ask(rpc::Client& client, const Take& take) {
  //! [call]
  const Result<Stock> left = client.call<Stock>("Market.Take", take);
  //! [call]
  fmt::print("{} crates of {}: ", take.crates, take.fruit);
  if (left.ok()) {
    fmt::print("{} are left\n", left->crates);
  } else {
    fmt::print("{}\n", left.status());
  }
}

void play() {
  run([] {
    //! [server]
    std::map<std::string, int> stock = {{"pears", 12}};

    rpc::ZmqTransport here{rpc::Io()};
    rpc::Server server(here);
    server.handle("Market.Take", [&](const Take& take, const Context&) -> Result<Stock> {
      if (!stock.contains(take.fruit))
        return Status::not_found("no " + take.fruit, "we have pears");
      return Stock{stock[take.fruit] -= take.crates};
    });
    const std::string address = here.listen("tcp://127.0.0.1:*").value();
    go([&] { static_cast<void>(server.serve()); });
    //! [server]

    //! [client]
    rpc::ZmqTransport there{rpc::Io()};
    rpc::Client client(there, {address});
    //! [client]
    ask(client, {"pears", 5});
    ask(client, {"quinces", 1});
    ask(client, {"pears", 2});
  });
}

}  // namespace
}  // namespace conclave

int main() { conclave::play(); }
