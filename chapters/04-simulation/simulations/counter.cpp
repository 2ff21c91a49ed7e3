// Yesterday's counter, on three machines that fail in every way: each node counts for itself, keeps its sum and what it has answered
// in one file, and clients add 1 to the one or the other.  What is promised: in the end a sum is what was added, once.
//
//   counter                              a thousand worlds
//   counter --only loss --at-least-once  the same with one fault, and clients that ask again without being known
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "simulation/command.hpp"
#include "simulation/simulate.hpp"

namespace conclave::simulation {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

struct Add {
  int delta = 0;
  MSGPACK_DEFINE(delta)
};

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

constexpr const char* kFile = "counter";
constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

Result<State> load(Disk& disk) {
  const Result<std::string> bytes = read_whole(disk, kFile, kFileBytesMax);
  if (bytes.status().code() == Code::not_found) return State();
  if (!bytes.ok()) return bytes.status();
  return rpc::decode<State>(*bytes);
}

class Counter final : public Program {
 public:
  explicit Counter(rpc::Repeat repeat) : repeat_(repeat) {}

  void node(World& world) override {
    Result<State> state = load(world.disk());
    if (!state.ok()) return;  // and the next incarnation tries again
    // What can be read need not be durable: the one before may have ended because it could not sync.
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
            rpc::ClientOptions{
                .retry = {.attempts_max = 1000}, .attempt_timeout = 250ms, .seed = random()});
      }
      const Result<Sum> sum =
          client->call<Sum>("Counter.Add", Add{1}, {}, {.timeout = 20s, .repeat = repeat_});
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
      const Result<Sum> sum = client.call<Sum>("Counter.Add", Add{0}, bound,
                                               {.timeout = 30s, .repeat = rpc::Repeat::idempotent});
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

}  // namespace
}  // namespace conclave::simulation

int main(int argc, char** argv) {
  using namespace conclave::simulation;  // NOLINT(google-build-using-namespace): a main()
  const auto counting = [](conclave::rpc::Repeat repeat) {
    return [repeat] { return std::make_unique<Counter>(repeat); };
  };
  return command(
      argc, argv,
      {.what = "Counters on three machines, and clients that add 1, once.",
       // A bit that has turned in the only copy of something, nobody can turn back.
       .options = {.nodes = 3, .clients = 2, .faults = Faults::all().without({Fault::bit_rot})},
       .program = counting(conclave::rpc::Repeat::once),
       .variants = {{"--at-least-once", "clients that ask again, and are not known",
                     counting(conclave::rpc::Repeat::idempotent)}}});
}
