/// @file
/// Yesterday's counter, three times: each node counts for itself, keeps its sum and what it has answered in one file, and clients
/// add 1 to the one or the other.  What is promised: in the end a sum is what was added, once.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "simulation/simulate.hpp"

namespace conclave::simulation {

/// Asks to add.
struct Add {
  int delta = 0;
  MSGPACK_DEFINE(delta)
};

/// What the sum is then.
struct Sum {
  int value = 0;
  MSGPACK_DEFINE(value)
};

/// What must survive: the sum, and what was answered to whom.
struct State {
  int value = 0;
  rpc::SessionsRecord sessions{};
  MSGPACK_DEFINE(value, sessions)
};

inline constexpr const char* kFile = "counter";
inline constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

inline Result<State> load(Disk& disk) {
  const Result<std::string> bytes = read_whole(disk, kFile, kFileBytesMax);
  if (bytes.status().code() == Code::not_found) return State();
  if (!bytes.ok()) return bytes.status();
  return rpc::decode<State>(*bytes);
}

/// Counters on three nodes, and clients that add 1.
class Counter final : public Program {
 public:
  /// @param repeat   what clients say of a request that they send again
  explicit Counter(rpc::Repeat repeat) : repeat_(repeat) {}

  //! [node]
  void node(World& world) override {
    Result<State> state = load(world.disk());
    if (!state.ok()) return;  // and the next incarnation tries again
    // What can be read need not be durable: the one before may have ended before it was synced.
    if (!write_whole(world.disk(), kFile, rpc::encode(*state)).ok()) return;
    const auto transport = world.transport();
    rpc::Server server(*transport);
    server.restore(state->sessions);
    server.handle("Counter.Add", [&](const Add& add, const Context&) -> Result<Sum> {
      state->value += add.delta;
      return Sum{state->value};
    });
    server.save_before_answering([&] {
      state->sessions = server.sessions().record();
      Status status = write_whole(world.disk(), kFile, rpc::encode(*state));
      // Nobody knows what is on the disk now: whoever starts next reads it.
      if (!status.ok()) transport->close();
      return status;
    });
    if (transport->listen(world.address(world.name())).ok()) static_cast<void>(server.serve());
  }
  //! [node]

  void client(World& world, const Context& faults) override {
    const auto transport = world.transport();
    std::map<std::string, std::unique_ptr<rpc::Client>> clients;
    std::vector<std::unique_ptr<rpc::Transport>> ends;
    Random random = world.random("client");
    while (faults.status().ok()) {
      const std::string node = fmt::format("n{}", 1 + random.below(kNodes));
      std::unique_ptr<rpc::Client>& client = clients[node];
      if (!client) {
        ends.push_back(world.transport());
        client = std::make_unique<rpc::Client>(
            *ends.back(), std::vector{world.address(node)},
            rpc::ClientOptions{.retry = {.attempts_max = 1000},
                               .attempt_timeout = std::chrono::milliseconds(250),
                               .seed = random()});
      }
      const Result<Sum> sum = client->call<Sum>(
          "Counter.Add", Add{1}, {}, {.timeout = std::chrono::seconds(20), .repeat = repeat_});
      world.trace(sum.ok() ? fmt::format("{} says {}", node, sum->value)
                           : fmt::format("{}: {}", node, sum.status()));
      Added& added = added_[node];
      if (sum.ok()) {
        ++added.surely;
      } else if (sum.status().maybe_executed()) {
        ++added.perhaps;
      }
      sleep_for(Duration(random.below(200'000'000)));
    }
  }

  Status converge(World& world, const Context& bound) override {
    for (const auto& [node, added] : added_) {
      const auto transport = world.transport();
      rpc::Client client(*transport, {world.address(node)}, {.seed = 1});
      const Result<Sum> sum = client.call<Sum>(
          "Counter.Add", Add{0}, bound,
          {.timeout = std::chrono::seconds(30), .repeat = rpc::Repeat::idempotent});
      if (!sum.ok()) return sum.status();
      if (sum->value < added.surely || sum->value > added.surely + added.perhaps) {
        return Status::data_loss(fmt::format("{} says {}, and {} were added, and perhaps {} more",
                                             node, sum->value, added.surely, added.perhaps));
      }
    }
    return {};
  }

 private:
  static constexpr std::size_t kNodes = 3;

  struct Added {
    int surely = 0;
    int perhaps = 0;
  };

  rpc::Repeat repeat_;
  std::map<std::string, Added> added_;  // to each node
};

}  // namespace conclave::simulation
