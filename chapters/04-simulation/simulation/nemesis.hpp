/// @file
/// Nemesis: does to a cluster what the seed has drawn.
/// @internal
///
/// Each fault that somebody has to bring about has a goroutine here, with a source of chance of its own: one fault more or less
/// shifts nothing of another.
///
/// Laws
///  1. It does nothing that was not drawn.
///  2. When run() returns, nothing that it has begun goes on; what it has done is mended by Cluster::heal().
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "simulation/cluster.hpp"
#include "simulation/faults.hpp"

namespace conclave::simulation {

/// What befalls messages, as the seed draws it.
[[nodiscard]] NetworkFaults draw_network_faults(const Random& random, const Faults& drawn);

/// Does to a cluster what was drawn.
class Nemesis {
 public:
  Nemesis(Cluster& cluster, const Random& random, const Faults& drawn, std::size_t clients);

  /// Parks for `time`, or until the run has failed.
  void run(Duration time);

 private:
  using Links = std::vector<std::pair<std::size_t, std::size_t>>;  // from, to

  void haunt(Fault fault, Duration time);
  void act(Fault fault, Random& random);
  void crash(Random& random);
  void lose_power(Random& random);
  void pause(Random& random);
  void slow_down(Random& random);
  void restart_one_by_one(Random& random);
  void clog(Random& random);
  void cut(Fault fault, Random& random);
  void jump(Random& random);
  void fill_disk(Random& random);
  [[nodiscard]] Links links_cut_one_way(Random& random) const;
  [[nodiscard]] Links links_cut(Fault fault, Random& random) const;
  [[nodiscard]] std::size_t some_node(Random& random) const {
    return random.below(cluster_.nodes());
  }
  [[nodiscard]] std::size_t some_host(Random& random) const { return random.below(hosts_); }
  [[nodiscard]] Ends some_end(Random& random) const;

  Cluster& cluster_;
  const Random random_;
  const Faults drawn_;
  const std::size_t hosts_;  // nodes and clients
  GoroutineGroup group_{"nemesis"};
};

}  // namespace conclave::simulation
