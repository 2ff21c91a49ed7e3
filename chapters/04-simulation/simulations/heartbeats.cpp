// Five nodes that tell each other every 50 ms that they live, by calls.  What is promised: once nothing fails any more, each knows
// of all the others, soon; and while something fails, nobody hears of a life that was not.
#include <array>
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

constexpr std::size_t kNodes = 5;
constexpr Duration kBeatEvery = 50ms;
constexpr Duration kSilenceMax = 500ms;

/// "I live, and this is my incarnation-th life."
struct Beat {
  std::size_t node = 0;
  std::uint64_t incarnation = 0;
  MSGPACK_DEFINE(node, incarnation)
};

/// Whom a node believes to live, and in which life.
struct View {
  std::vector<std::uint64_t> incarnations =
      std::vector<std::uint64_t>(kNodes);  // 0: not heard of for a while
  MSGPACK_DEFINE(incarnations)
};

std::string node_name(std::size_t node) { return fmt::format("n{}", node + 1); }

/// What a node has heard of the others.
class Heard {
 public:
  void beat(const Beat& beat) {
    if (beat.node >= kNodes || beat.incarnation < lives_.at(beat.node)) return;  // an old one, late
    lives_.at(beat.node) = beat.incarnation;
    last_.at(beat.node) = now();
  }

  [[nodiscard]] View view() const {
    View view;
    for (std::size_t node = 0; node < kNodes; ++node) {
      if (lives_.at(node) != 0 && now() - last_.at(node) <= kSilenceMax)
        view.incarnations[node] = lives_.at(node);
    }
    return view;
  }

 private:
  std::array<std::uint64_t, kNodes> lives_{};
  std::array<TimePoint, kNodes> last_{};
};

class Heartbeats final : public Program {
 public:
  void node(World& world) override {
    const auto self = static_cast<std::size_t>(std::stoul(world.name().substr(1))) - 1;
    lives_.at(self) = world.incarnation();
    Heard heard;
    const auto transport = world.transport();
    rpc::Server server(*transport);
    server.handle("Pulse.Beat", [&](const Beat& beat, const Context&) -> Result<View> {
      heard.beat(beat);
      if (beat.node < kNodes && beat.incarnation > lives_.at(beat.node))
        wrong_ = fmt::format("{} heard of life {} of {}", world.name(), beat.incarnation,
                             node_name(beat.node));
      return View();
    });
    server.handle("Pulse.View",
                  [&](const View&, const Context&) -> Result<View> { return heard.view(); });
    if (!transport->listen(world.address(world.name())).ok()) return;

    ErrGroup beats;
    for (std::size_t other = 0; other < kNodes; ++other) {
      if (other != self) beats.go([&world, self, other] { return beat(world, self, other); });
    }
    static_cast<void>(server.serve());
  }

  Status invariant() override { return wrong_.empty() ? Status() : Status::internal(wrong_); }

  Status converge(World& world, const Context& bound) override {
    for (std::size_t node = 0; node < kNodes; ++node) {
      const auto transport = world.transport();
      rpc::Client client(*transport, {world.address(node_name(node))}, {.seed = 1});
      for (;;) {
        const Result<View> view =
            client.call<View>("Pulse.View", View(), bound, {.repeat = rpc::Repeat::idempotent});
        if (!bound.status().ok()) return bound.status();
        if (view.ok() && knows_all(*view, node)) break;
        sleep_for(kBeatEvery);
      }
    }
    return {};
  }

 private:
  static Status beat(World& world, std::size_t self, std::size_t other) {
    const auto transport = world.transport();
    rpc::Client client(*transport, {world.address(node_name(other))},
                       {.seed = world.random("beats to " + node_name(other))()});
    for (;; sleep_for(kBeatEvery)) {
      static_cast<void>(client.call<View>("Pulse.Beat", Beat{self, world.incarnation()}, {},
                                          {.timeout = kBeatEvery}));
    }
  }

  [[nodiscard]] bool knows_all(const View& view, std::size_t self) const {
    for (std::size_t node = 0; node < kNodes; ++node) {
      if (node != self && view.incarnations[node] != lives_.at(node)) return false;
    }
    return true;
  }

  std::array<std::uint64_t, kNodes> lives_{};  // that there were
  std::string wrong_;
};

}  // namespace
}  // namespace conclave::simulation

int main(int argc, char** argv) {
  using namespace conclave::simulation;  // NOLINT(google-build-using-namespace): a main()
  return command(
      argc, argv,
      {.what = "Five nodes that tell each other that they live.",
       // They keep nothing on a disk.
       .options = {.nodes = kNodes,
                   .clients = 0,
                   .faults = Faults::all().without(
                       {Fault::torn_page, Fault::garbage, Fault::read_error, Fault::write_error,
                        Fault::sync_error, Fault::full, Fault::bit_rot, Fault::disk_latency})},
       .program = [] { return std::make_unique<Heartbeats>(); }});
}
