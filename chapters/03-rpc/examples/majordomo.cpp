// A broker that routes by the name of a service, workers that tell it again and again that they live, and a client that knows
// the broker alone.  Watch for: how the broker learns of a worker and of its death, and what is done twice when it dies itself.
#include <chrono>
#include <map>
#include <memory>
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

constexpr Duration kBeat = 200ms;         // how often a worker says that it lives
constexpr Duration kSilence = 3 * kBeat;  // after which it is taken for dead

//! [once]
/// A broker asks a worker and never asks again: that is for whoever knows whether it does harm.
const ClientOptions kOneAttempt{.retry = {.attempts_max = 1},
                                .attempt_timeout = kSilence,
                                .ping_every = kBeat,
                                .silence_max = kSilence,
                                .seed = 1};
//! [once]

void say(const std::string& who, const std::string& what) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
  fmt::print("t={:4d} ms  {:8}{}\n", time.count(), who, what);
}

struct Ready {
  std::string method;   // what I do
  std::string address;  // where I am
  MSGPACK_DEFINE(method, address)
};

/// A worker that answers one method, and says so.
class Worker {
 public:
  Worker(MemoryNetwork& network, const std::string& name, const std::string& method)
      : listening_(network), calling_(network) {
    server_.handle(method, [name](const Text& question, const Context&) -> Result<Text> {
      say(name, "works on " + question.text);
      sleep_for(30ms);
      return Text{"an answer by " + name};
    });
    static_cast<void>(listening_.listen(name));
    go([this] { static_cast<void>(server_.serve()); });
    //! [beat]
    beat_.go([this, ready = Ready{method, name}] {
      for (;; sleep_for(kBeat))
        static_cast<void>(broker_.call<Nothing>("Ready", ready, {}, {.timeout = kBeat}));
    });
    //! [beat]
  }

 private:
  MemoryTransport listening_;
  MemoryTransport calling_;
  Server server_{listening_};
  Client broker_{calling_, {"broker"}, {.seed = 1}};
  GoroutineGroup beat_{"beat"};
};

class Broker {
 public:
  explicit Broker(MemoryNetwork& network) : network_(network), listening_(network) {
    server_.handle("Ready", [this](const Ready& ready, const Context&) { return hear(ready); });
    static_cast<void>(listening_.listen("broker"));
    go([this] { static_cast<void>(server_.serve()); });
  }

 private:
  //! [known]
  struct Known {  // a worker, as the broker knows it
    std::string name;
    MemoryTransport transport;
    Client client{transport, {name}, kOneAttempt};
    TimePoint heard{};
  };
  using Idle = Chan<std::shared_ptr<Known>>;

  Result<Nothing> hear(const Ready& ready) {
    const auto [idle, is_new_method] =
        idle_.try_emplace(ready.method, make_chan<Idle::value_type>(64));
    if (is_new_method) {
      server_.handle_bytes(ready.method, [this, idle = idle->second](const std::string& body,
                                                                     const Context& context) {
        return route(idle, body, context);
      });
    }
    std::shared_ptr<Known>& worker = workers_[ready.address];
    if (!worker) {
      say("broker", ready.address + " does " + ready.method);
      worker.reset(new Known{ready.address, MemoryTransport(network_)});
      idle->second.send(worker);
    }
    worker->heard = now();
    return Nothing{};
  }
  //! [known]

  //! [route]
  Result<std::string> route(const Idle& idle, std::string_view body, const Context& context) {
    for (;;) {
      std::shared_ptr<Known> worker;
      if (select(recv(idle, worker), recv(context.done())) == 1)
        return context.status().not_executed();  // nobody was asked
      if (now() - worker->heard > kSilence) {
        say("broker", "forgets " + worker->name);
        workers_.erase(worker->name);
        continue;
      }
      auto answer = worker->client.call_bytes(call_info(context)->method, body, context);
      idle.send(worker);
      return answer;
    }
  }
  //! [route]

  MemoryNetwork& network_;
  MemoryTransport listening_;
  std::map<std::string, Idle> idle_;                       // by method
  std::map<std::string, std::shared_ptr<Known>> workers_;  // by address
  Server server_{listening_};
};

void show() {
  MemoryNetwork network(1, {.delay_min = 2ms, .delay_max = 2ms});
  std::optional<Broker> broker(std::in_place, network);
  std::optional<Worker> ash(std::in_place, network, "ash", "Price.Of");
  const Worker birch(network, "birch", "Price.Of");
  const Worker fig(network, "fig", "Weight.Of");
  sleep_for(100ms);

  MemoryTransport transport(network);
  Client client(transport, {"broker"}, {.seed = 1});
  const auto ask = [&](const std::string& method, const std::string& fruit) {
    const auto answer = client.call<Text>(method, Text{fruit}, {}, {.repeat = Repeat::idempotent});
    say("client", answer.ok() ? answer->text : fmt::format("{}", answer.status()));
  };
  ask("Price.Of", "pears");
  ask("Weight.Of", "pears");
  ask("Colour.Of", "pears");

  say("ash", "dies");
  ash.reset();
  for (const char* fruit : {"plums", "quinces", "figs"}) ask("Price.Of", fruit);

  after_func(10ms, [&] {
    say("broker", "dies");
    broker.reset();
  });
  after_func(300ms, [&] {
    say("broker", "is another one");
    broker.emplace(network);
  });
  ask("Price.Of", "apples");
}

}  // namespace
}  // namespace conclave::rpc

int main() {
  conclave::VirtualClock clock;
  conclave::run(conclave::rpc::show, {.clock = &clock});
}
