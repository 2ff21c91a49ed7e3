/// @file
/// A network in memory, for tests: it loses, repeats, delays and so reorders messages, as its seed says.
///
/// Laws, beside those of transport.hpp
///  1. The same seed and the same schedule are the same faults.
///  2. Time is that of the run: on a VirtualClock, a delay costs nothing.
///  3. A transport that is destroyed takes what was on its way to it along; one that listens at the same address later
///     is another end.
///
/// Call from any goroutine of one run(); the network outlives its transports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "channels/chan.hpp"
#include "common/random.hpp"
#include "goroutines/clock.hpp"
#include "rpc/transport.hpp"

namespace conclave::rpc {

/// What befalls messages.
struct Faults {
  double lost = 0;       ///< the share of the messages that never arrive
  double twice = 0;      ///< of the rest, the share that arrives twice
  Duration delay_min{};  ///< how long a message takes
  Duration delay_max{};  ///< and how long at most: drawn anew for each, so that later ones overtake
};

class MemoryTransport;

/// A network in memory.
class MemoryNetwork {
 public:
  /// A network whose faults are drawn from `seed`.
  explicit MemoryNetwork(std::uint64_t seed = 1, const Faults& faults = {});
  MemoryNetwork(const MemoryNetwork&) = delete;
  MemoryNetwork& operator=(const MemoryNetwork&) = delete;
  ~MemoryNetwork();

  /// What befalls messages from now on.
  void set(const Faults& faults) { faults_ = faults; }

 private:
  friend class MemoryTransport;
  struct End;

  [[nodiscard]] std::shared_ptr<End> find(const Peer& peer) const;
  void carry(const End& sender, const std::shared_ptr<End>& to, const Frames& message);

  Random random_;
  Faults faults_;
  std::uint64_t ends_made_ = 0;
  std::map<std::string, std::shared_ptr<End>> listening_;  // by address
  std::map<std::string, std::weak_ptr<End>> ends_;         // by id
  Chan<Signal> somebody_listens_ = make_chan<Signal>();    // closed at the next listen()
};

/// One end of a network in memory.
class MemoryTransport final : public Transport {
 public:
  /// An end that does not listen.
  /// @param received_max   how many messages wait for recv(); those that find no place are lost
  explicit MemoryTransport(MemoryNetwork& network, std::size_t received_max = 256);
  ~MemoryTransport() override;

  /// @param address   any name
  Result<std::string> listen(const std::string& address) override;
  Result<Peer> connect(const std::string& address) override;
  void disconnect(const Peer& peer) override;
  Status send(const Peer& to, Frames message, const Context& context) override;
  Status try_send(const Peer& to, Frames& message) override;
  Result<Received> recv(const Context& context) override;
  void close() override;

 private:
  MemoryNetwork& network_;
  std::shared_ptr<MemoryNetwork::End> end_;
};

}  // namespace conclave::rpc
