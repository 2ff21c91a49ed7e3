/// @file
/// SimulatedNetwork: a network of hosts that fails on purpose.
///
/// Laws
///  1. Those of transport.hpp and memory_transport.hpp.
///  2. A link that is cut loses everything in its direction, until it has been mended as often as it was cut; what was on its
///     way arrives.  From a host to itself nothing is ever lost, doubled or late.
///  3. A link that is clogged until some time delivers nothing before it.
///  4. Where messages may not overtake each other, they arrive in the order in which a link got them; but for those that are
///     on their way when heal() is called, which others may overtake.
///  5. What a host has sent arrives also when it has crashed meanwhile.
///  6. Each link draws from a source of its own: what befalls one shifts nothing on another.
///
/// Call from any goroutine of one run(); the network outlives its transports.
/// Source: Cachin, Guerraoui, Rodrigues, "Introduction to Reliable and Secure Distributed Programming", §2.4; Dean and
/// Barroso, "The Tail at Scale", CACM 2013 (delays); Alfatafta et al., "Toward a Generic Fault Tolerance Technique for Partial
/// Network Partitioning", OSDI 2020.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/random.hpp"
#include "goroutines/clock.hpp"
#include "rpc/memory_transport.hpp"
#include "simulation/faults.hpp"
#include "simulation/trace.hpp"

namespace conclave::simulation {

/// What befalls messages between two hosts.
struct NetworkFaults {
  double lost = 0;   ///< the share that never arrives
  double twice = 0;  ///< of the rest, the share that arrives twice
  Duration delay_min = std::chrono::microseconds(50);  ///< how long a message takes
  Duration delay_typical =
      std::chrono::microseconds(100);                   ///< half of them take less more than that
  Duration delay_max = std::chrono::microseconds(400);  ///< and all of them at most
  bool in_order = true;                                 ///< a message never overtakes another
};

/// How often it has happened.
struct NetworkCounters {
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;      ///< copies that somebody took
  std::uint64_t lost = 0;         ///< by chance
  PerFault<std::uint64_t> cut{};  ///< because a link was, by the fault that has cut it
  std::uint64_t twice = 0;
  std::uint64_t late = 0;      ///< copies that took more than ten times the typical delay
  std::uint64_t overtook = 0;  ///< copies
  std::uint64_t clogged = 0;   ///< copies that waited for a link
  std::uint64_t of_dead = 0;   ///< copies that arrived when who had sent them was no more
  std::uint64_t refused = 0;   ///< copies that arrived where nobody was any more, or nobody kept up
};

/// A network of hosts that fails on purpose.
class SimulatedNetwork final : public rpc::MemoryNetwork {
 public:
  /// A network without faults.
  /// @param hosts   their names; a host is its place among them
  /// @param trace   is told what happens
  SimulatedNetwork(Random random, std::vector<std::string> hosts, Trace& trace);

  /// From now on other faults, on all links.
  void set_faults(const NetworkFaults& faults) { faults_ = faults; }

  /// Cuts the link in one direction, once more.  One of a host to itself cannot be cut.
  void cut(std::size_t from, std::size_t to, Fault why = Fault::partition);

  /// Takes one of the cuts back.
  void mend(std::size_t from, std::size_t to);

  /// Holds back until then what is sent on the link.
  void clog(std::size_t from, std::size_t to, TimePoint until);

  /// Takes all cuts and clogs back.
  void heal();

  /// The host has crashed: its ends are closed (law 5).
  void crash(std::size_t host);

  /// What has happened so far.
  [[nodiscard]] const NetworkCounters& counters() const { return counters_; }

 private:
  struct Link {
    Random random;
    unsigned cuts = 0;
    Fault cut_by = Fault::partition;  // the last time
    TimePoint clogged_until{};
    TimePoint last_arrival{};
  };

  Link& link(std::size_t from, std::size_t to) { return links_[from * hosts_.size() + to]; }
  void befalls(rpc::Passage& passage, const rpc::Frames& message,
               std::vector<Duration>& delays) override;
  void arrived(const rpc::Passage& passage, bool is_taken) override;
  Duration delay(Link& link, TimePoint time);

  std::vector<std::string> hosts_;
  std::vector<Link> links_;
  std::vector<std::uint64_t> crashes_;  // of each host
  Trace& trace_;
  NetworkFaults faults_;
  NetworkCounters counters_;
};

/// A delay between these bounds, half of the time at most `typical` more than the least, and each doubling of what is above
/// that half as often as the one before: the mean is dominated by the few.
[[nodiscard]] Duration heavy_tailed(Random& random, Duration min, Duration typical, Duration max);

}  // namespace conclave::simulation
