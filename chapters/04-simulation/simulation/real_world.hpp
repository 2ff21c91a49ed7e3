/// @file
/// RealWorld: this machine as a node's world: ZeroMQ, a folder, the machine's clocks.
///
/// Laws
///  1. Those of world.hpp, as far as the machine keeps them: its clock may be wrong, its disk may lie.
///  2. The incarnation is durable before open() returns: no two lives of a node in one folder have the same.
///
/// Call from any goroutine of one run() on the real clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/random.hpp"
#include "common/result.hpp"
#include "rpc/zmq_transport.hpp"
#include "simulation/real_disk.hpp"
#include "simulation/world.hpp"

namespace conclave {

/// What a real world is made of.
struct RealWorldOptions {
  std::string name;    ///< of the node
  std::string folder;  ///< its disk: is there, and belongs to this node alone
  std::map<std::string, std::string> addresses{};  ///< of all nodes, by name: "tcp://10.0.0.1:5555"
  std::uint64_t seed = fresh_seed();               ///< of its random numbers
  rpc::ZmqTransportOptions transport{};            ///< of each of its transports
  /// Is told what the node traces.  Unset: nobody.
  std::function<void(std::string_view)> trace{};
};

/// This machine as a node's world.
class RealWorld final : public World {
 public:
  /// Opens the folder, and begins another life.  Parks.
  /// @return as RealDisk::open_folder(); data_loss when the number of its lives cannot be read
  static Result<std::unique_ptr<RealWorld>> open(RealWorldOptions options);

  [[nodiscard]] const std::string& name() const override { return options_.name; }
  [[nodiscard]] std::uint64_t incarnation() const override { return incarnation_; }
  [[nodiscard]] Random random(std::string_view purpose) override;
  [[nodiscard]] std::unique_ptr<rpc::Transport> transport() override;
  /// @return the name itself for a node that is not in the list, which no transport takes for an address
  [[nodiscard]] std::string address(const std::string& node) const override;
  [[nodiscard]] Disk& disk() override { return *disk_; }
  [[nodiscard]] WallTime wall_time() override;
  void trace(std::string_view what) override;

 private:
  RealWorld(RealWorldOptions options, std::unique_ptr<RealDisk> disk, std::uint64_t incarnation);

  const RealWorldOptions options_;
  const std::unique_ptr<RealDisk> disk_;
  const std::uint64_t incarnation_;
  const rpc::Io io_;
};

}  // namespace conclave
