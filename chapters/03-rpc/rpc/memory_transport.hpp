/// @file
/// A network in memory: it loses, repeats, delays and so reorders messages, as its seed says, or whoever derives from it.
///
/// Laws, beside those of transport.hpp
///  1. The same seed and the same schedule are the same faults.
///  2. Time is that of the run: on a VirtualClock, a delay costs nothing.
///  3. A transport that is closed takes what was on its way to it along; one that listens at the same address later
///     is another end.  What it has sent still arrives.
///
/// Call from any goroutine of one run(); the network outlives its transports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

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

/// A message on its way.
struct Passage {
  std::size_t from = 0;    ///< the host of the end that sends it
  std::size_t to = 0;      ///< and of the one that gets it
  std::uint64_t mark = 0;  ///< what befalls() sets, arrived() finds
};

class MemoryTransport;

/// A network in memory.
class MemoryNetwork {
 public:
  /// A network whose faults are drawn from `seed`.
  explicit MemoryNetwork(std::uint64_t seed = 1, const Faults& faults = {});
  MemoryNetwork(const MemoryNetwork&) = delete;
  MemoryNetwork& operator=(const MemoryNetwork&) = delete;
  virtual ~MemoryNetwork();

  /// What befalls messages from now on.
  void set(const Faults& faults) { faults_ = faults; }

  /// Closes all ends of a host.  Does not block.
  void close_ends_of(std::size_t host);

 protected:
  /// A message leaves: adds to `delays` after how long each copy of it arrives; with none it is lost.  Must not park.
  virtual void befalls(Passage& passage, const Frames& message, std::vector<Duration>& delays);
  /// A copy has arrived, and was taken unless the end is closed or has too many already.  Must not park; no goroutine's turn.
  virtual void arrived(const Passage& /*passage*/, bool /*is_taken*/) {}

 private:
  friend class MemoryTransport;
  struct End;
  class Copy;

  [[nodiscard]] std::shared_ptr<End> find(const Peer& peer) const;
  void close(End& end);
  void carry(const End& sender, const std::shared_ptr<End>& to, Frames& message);
  void deliver(const Passage& passage, Received received, const std::shared_ptr<End>& to,
               Duration delay);

  Random random_;
  Faults faults_;
  std::shared_ptr<const bool> lives_ = std::make_shared<bool>(true);  // as long as the network
  std::uint64_t ends_made_ = 0;
  std::map<std::string, std::shared_ptr<End>> listening_;  // by address
  std::map<std::string, std::weak_ptr<End>> ends_;         // by id
  std::vector<Duration> delays_;                           // of the message that leaves
  Chan<Signal> somebody_listens_ = make_chan<Signal>();    // closed at the next listen()
};

/// One end of a network in memory.
class MemoryTransport final : public Transport {
 public:
  /// An end that does not listen.
  /// @param host           on which machine, for what befalls messages
  /// @param received_max   how many messages wait for recv(); those that find no place are lost
  explicit MemoryTransport(MemoryNetwork& network, std::size_t host = 0,
                           std::size_t received_max = 256);
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
