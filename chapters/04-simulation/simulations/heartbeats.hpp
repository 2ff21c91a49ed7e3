/// @file
/// Five nodes that tell each other again and again that they live, by calls.  What is promised: once nothing fails any more, each
/// knows of all the others; and while something fails, nobody takes a node that has started anew for the one that has died.
#pragma once

#include <array>
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
inline constexpr std::size_t kNodes = 5;
inline constexpr Duration kSilenceMax =
    std::chrono::milliseconds(500);  // then a node is taken for dead

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

inline std::string node_name(std::size_t node) { return fmt::format("n{}", node + 1); }

/// What a node has heard of the others.
class Heard {
 public:
  /// @param believes_late   also who has died meanwhile
  explicit Heard(bool believes_late) : believes_late_(believes_late) {}

  void beat(const Beat& beat) {
    if (beat.node >= kNodes) return;
    if (beat.incarnation < lives_.at(beat.node) && !believes_late_) return;
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
  bool believes_late_;
  std::array<std::uint64_t, kNodes> lives_{};
  std::array<TimePoint, kNodes> last_{};
};

/// Five nodes that tell each other that they live.
class Heartbeats final : public Program {
 public:
  /// @param every           the pause between two beats
  /// @param believes_late   a mistake: a late beat of a life that has ended counts
  explicit Heartbeats(Duration every, bool believes_late = false)
      : every_(every), believes_late_(believes_late) {}

  void node(World& world) override {
    const auto self = static_cast<std::size_t>(std::stoul(world.name().substr(1))) - 1;
    lives_.at(self) = world.incarnation();
    Heard heard(believes_late_);
    const auto transport = world.transport();
    rpc::Server server(*transport);
    server.handle("Pulse.Beat", [&](const Beat& beat, const Context&) -> Result<View> {
      if (beat.node >= kNodes) return Status::invalid_argument("there is no such node");
      const std::uint64_t before = heard.view().incarnations[beat.node];
      heard.beat(beat);
      const std::uint64_t after = heard.view().incarnations[beat.node];
      if (after < before)
        wrong_ = fmt::format("{} takes {} back from life {} to {}", world.name(),
                             node_name(beat.node), before, after);
      return View();
    });
    server.handle("Pulse.View",
                  [&](const View&, const Context&) -> Result<View> { return heard.view(); });
    if (!transport->listen(world.address(world.name())).ok()) return;

    ErrGroup beats;
    for (std::size_t other = 0; other < kNodes; ++other) {
      if (other != self) beats.go([this, &world, self, other] { return beat(world, self, other); });
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
        sleep_for(every_);
      }
    }
    return {};
  }

 private:
  Status beat(World& world, std::size_t self, std::size_t other) {
    const auto transport = world.transport();
    rpc::Client client(*transport, {world.address(node_name(other))},
                       {.seed = world.random("beats to " + node_name(other))()});
    for (;; sleep_for(every_)) {
      static_cast<void>(client.call<View>("Pulse.Beat", Beat{self, world.incarnation()}, {},
                                          {.timeout = every_}));
    }
  }

  [[nodiscard]] bool knows_all(const View& view, std::size_t self) const {
    for (std::size_t node = 0; node < kNodes; ++node) {
      if (node != self && view.incarnations[node] != lives_.at(node)) return false;
    }
    return true;
  }

  const Duration every_;
  const bool believes_late_;
  std::array<std::uint64_t, kNodes> lives_{};  // that there were
  std::string wrong_;
};

}  // namespace conclave::simulation
