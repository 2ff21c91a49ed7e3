/// @file
/// Nemesis: does to a cluster what the seed has drawn.
/// @internal
///
/// Laws
///  1. It does nothing that was not drawn.
///  2. When run() returns, nothing that it has begun goes on; what it has done is mended by Cluster::heal().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "simulation/cluster.hpp"
#include "simulation/faults.hpp"

namespace conclave::simulation {

/// What befalls messages, as the seed draws it.
[[nodiscard]] NetworkFaults draw_network_faults(Random random, const Faults& drawn);

/// Does to a cluster what was drawn.
class Nemesis {
 public:
  Nemesis(Cluster& cluster, Random random, const Faults& drawn, std::size_t clients);

  /// Parks for `time`, or until the run has failed.
  void run(Duration time);

 private:
  void act(Fault fault);
  void later(Duration pause, std::function<void()> f);
  void slow_down(std::size_t node);
  void restart_one_by_one();
  void cut(Fault fault);
  void fill_disk(std::size_t node);
  [[nodiscard]] std::size_t some_node() { return random_.below(cluster_.nodes()); }
  [[nodiscard]] std::size_t some_host() { return random_.below(hosts_); }
  [[nodiscard]] Ends some_end();
  [[nodiscard]] Duration some_time(Duration typical);

  Cluster& cluster_;
  Random random_;
  Faults drawn_;
  std::size_t hosts_;  // nodes and clients
  std::vector<Fault> actions_;
  GoroutineGroup group_{"nemesis"};
};

}  // namespace conclave::simulation
