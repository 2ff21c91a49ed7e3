/// @file
/// World: all that a node may know of what is outside of it.  A node is a function of its world.
///
///     void node(World& world) {
///       const auto transport = world.transport();
///       static_cast<void>(transport->listen(world.address(world.name())));
///       Result<std::unique_ptr<Journal>> journal = Journal::open(world.disk(), "log", found);
///       ...
///     }
///
/// The same function runs on machines of ZeroMQ and files (real_world.hpp), and on one thread where everything fails that can
/// (simulate.hpp).  Time it has from clock.hpp: now(), sleep_for(), deadlines and timers are those of its world.
///
/// Laws
///  1. What a node learns from outside, it learns here or from clock.hpp: so a world that repeats itself makes it repeat itself.
///  2. A world is one incarnation's.  When that has crashed, nothing it still does has an effect: its transports are closed, its
///     disk answers unavailable, its traces are dropped.
///  3. random(purpose) is determined by the node, its incarnation and the purpose: a draw for one purpose shifts no other's.
///
/// Call from the goroutines of the node.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/random.hpp"
#include "rpc/transport.hpp"
#include "simulation/disk.hpp"

namespace conclave {

/// The time of day, as a machine believes it: it may be wrong, and jump, also back.  For people, never for a decision.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// All that a node may know of what is outside of it.
class World {
 public:
  virtual ~World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Which node this is.
  [[nodiscard]] virtual const std::string& name() const = 0;

  /// How often this node has been started, this time included: 1, 2, …
  [[nodiscard]] virtual std::uint64_t incarnation() const = 0;

  /// A source of random numbers for one purpose.
  [[nodiscard]] virtual Random random(std::string_view purpose) = 0;

  /// A new end of the network.  Does not block.
  [[nodiscard]] virtual std::unique_ptr<rpc::Transport> transport() = 0;

  /// Where the node of that name listens, for listen() and connect().
  [[nodiscard]] virtual std::string address(const std::string& node) const = 0;

  /// Its disk.
  [[nodiscard]] virtual Disk& disk() = 0;

  /// The time of day.
  [[nodiscard]] virtual WallTime wall_time() = 0;

  /// Tells whoever looks on what has happened, in words.  Does not block.
  virtual void trace(std::string_view what) = 0;

 protected:
  World() = default;
};

}  // namespace conclave
