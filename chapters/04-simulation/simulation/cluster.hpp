/// @file
/// Cluster: the hosts of a run, and what can be done to them.
/// @internal
///
/// Laws
///  1. A host that has crashed has no goroutine left, and its disk, network and trace serve its dead no more.
///  2. What is done to a host that is down, or was started anew, is done to nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channels/chan.hpp"
#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "simulation/faults.hpp"
#include "simulation/host.hpp"
#include "simulation/simulate.hpp"
#include "simulation/simulated_disk.hpp"
#include "simulation/simulated_network.hpp"
#include "simulation/trace.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {

/// The hosts of a run.
class Cluster {
 public:
  /// @param drawn   the faults of this run; how strong those of disks and clocks are, is drawn here
  Cluster(const Options& options, Program& program, const Random& random, Trace& trace,
          const Faults& drawn);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  /// Nodes first, then clients, then the observer.
  [[nodiscard]] std::size_t nodes() const { return nodes_; }
  [[nodiscard]] bool is_up(std::size_t host) const { return hosts_[host]->group != nullptr; }

  void start(std::size_t host);
  /// A process that is down cannot be killed; a machine can lose power.
  /// @param why   the fault that counts if something ran on it
  void crash(std::size_t host, Ends what, std::optional<Fault> why);
  /// Starts it after a while, unless somebody else does.
  void start_after(std::size_t host, Duration pause);
  /// Crashes it before its `turns`-th turn from now, or of its next life when it is down, unless it crashes before; and starts it
  /// again after a while.
  void crash_at_turn(std::size_t host, std::uint64_t turns, Ends what, Duration pause);
  /// Pauses it.
  /// @return what ends this pause, and no other one that has begun meanwhile
  [[nodiscard]] std::function<void()> pause(std::size_t host, Fault why = Fault::pause);
  void jump_wall_clock(std::size_t host, Duration by);

  /// Runs `client` on each client, and then calls `done`.
  void start_clients(const Context& faults, const std::function<void()>& done);
  /// Runs `f` on the observer.
  void observe(std::function<void(World&)> f);

  /// Disks and processes work from now on; nodes that are down are started.
  void heal();

  /// Between two turns.
  void turn_comes(const Turn& turn);
  /// An exception has left a goroutine's function.
  void uncaught(const Turn& turn, const std::string& what);

  [[nodiscard]] SimulatedNetwork& network() { return network_; }
  [[nodiscard]] SimulatedDisk& disk(std::size_t host) { return hosts_[host]->disk; }
  [[nodiscard]] const std::string& name(std::size_t host) const { return hosts_[host]->name; }
  [[nodiscard]] Trace& trace() { return trace_; }
  [[nodiscard]] PerFault<std::uint64_t>& happened() { return happened_; }
  /// Adds what network and disks have counted.
  [[nodiscard]] PerFault<std::uint64_t> all_that_happened() const;
  [[nodiscard]] const DiskFaults& disk_faults() const { return disk_faults_; }
  /// How many turns anybody has had.
  [[nodiscard]] std::uint64_t turns() const { return turns_; }

  /// The first thing that has gone wrong, if anything; freezes all.  May be called between two turns.
  void fail(Verdict verdict, std::string what);
  struct Failure {
    Verdict verdict;
    std::string what;
  };
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
  [[nodiscard]] RecvChan<Signal> failed() const { return failed_; }

 private:
  [[nodiscard]] Host* host_of(const Turn& turn) const;
  void boot(Host& host);
  void end(Host& host);
  void resume(Host& host);
  void supervise();
  void add_host(const std::string& name, const Random& random, const Faults& drawn);
  void run_on(Host& host, std::function<void(World&)> f, std::function<void()> returned);

  const Options& options_;
  Program& program_;
  Trace& trace_;
  const std::size_t nodes_;
  DiskFaults disk_faults_;
  std::uint64_t turns_ = 0;
  TimePoint last_turn_at_{};
  std::vector<std::unique_ptr<Host>> hosts_;
  SimulatedNetwork network_;
  PerFault<std::uint64_t> happened_;
  std::optional<Failure> failure_;
  Chan<Signal> failed_ = make_chan<Signal>();
  /// Who has returned, or is at the turn where it is to be crashed.
  struct Leaver {
    std::size_t host;
    std::uint64_t incarnation;
    bool at_turn;
  };
  Chan<Leaver> leavers_ = make_chan<Leaver>(1024);
  GoroutineGroup supervisors_{"simulation"};
};

}  // namespace conclave::simulation
