/// @file
/// Five nodes that tell each other again and again that they live, by calls.  What is promised: once nothing fails any more, each
/// knows of all the others; and while something fails, nobody hears of a life that was not.
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

/// Five nodes that tell each other that they live.
class Heartbeats final : public Program {
 public:
  /// @param every   the pause between two beats
  explicit Heartbeats(Duration every) : every_(every) {}

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
  std::array<std::uint64_t, kNodes> lives_{};  // that there were
  std::string wrong_;
};

}  // namespace conclave::simulation
