/// @file
/// Host: a machine of a run, and the world that the node on it sees.
/// @internal
///
/// Laws
///  1. What is not `is_alive` any more has no effect: its disk and its files answer unavailable, its transports are closed, its
///     traces dropped.
///  2. When end() returns, no goroutine of the incarnation is left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "simulation/simulated_disk.hpp"
#include "simulation/simulated_network.hpp"
#include "simulation/trace.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {

/// What ends: a process is killed, or a machine loses power.
enum class Ends : std::uint8_t { process, machine };

/// A machine of a run.
struct Host {
  Host(std::string its_name, std::size_t its_index, const Random& its_random, std::int64_t drift,
       const DiskFaults& faults)
      : name(std::move(its_name)),
        index(its_index),
        random(its_random),
        drift_ppm(drift),
        disk(its_random.stream("disk"), faults) {}

  /// A new incarnation begins, without a goroutine.
  /// @param uptime_max   what its clock may say
  void boot(SimulatedNetwork& network, Trace& trace, Duration uptime_max);

  /// Nobody on it takes a turn any more.
  void freeze();

  /// Unwinds what runs on it.
  /// @pre it is not alive any more, nor is its end of the network
  void end();

  // Fixed.
  const std::string name;
  const std::size_t index;
  const Random random;
  const std::int64_t drift_ppm;  // of both of its clocks

  // Survives a crash, as far as its machine does.
  SimulatedDisk disk;
  Duration wall_offset{};
  std::uint64_t incarnation = 0;

  // Of this incarnation.
  std::shared_ptr<bool> is_alive{};
  std::unique_ptr<World> world{};
  std::unique_ptr<GoroutineGroup> group{};  // null: it is down
  std::uint64_t turns_left = 0;             // before it is frozen, to be crashed; 0: it is not
  bool is_at_its_end = false;               // it is frozen
  unsigned pauses = 0;                      // that have begun and not ended
  Ends ends = Ends::process;                // in that case
  Duration ends_for{};                      // likewise
};

}  // namespace conclave::simulation
