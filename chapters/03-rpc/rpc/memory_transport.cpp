#include "rpc/memory_transport.hpp"

#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "channels/chan.hpp"
#include "channels/select.hpp"
#include "goroutines/alarm.hpp"

namespace conclave::rpc {

namespace {

// What a Peer's link says here: how its id is meant.
constexpr std::uint64_t kByNumber = 0;   // the number of an end, which has sent something
constexpr std::uint64_t kByAddress = 1;  // whoever listens at an address now

Status closed() { return Status::failed_precondition("the transport is closed"); }

}  // namespace

/// One end, as the network knows it.
struct MemoryNetwork::End {
  std::string id;  // a number
  std::size_t host = 0;
  Chan<Received> received;
  std::string address{};              // empty: does not listen
  std::set<std::string> connected{};  // addresses that this end calls
  bool is_closed = false;
  Chan<Signal> closed = make_chan<Signal>();

  bool take(Received message) { return !is_closed && received.try_send(std::move(message)); }
};

/// A copy of a message that is on its way.  It arrives also when whoever has sent it is no more, and keeps itself until then.
class MemoryNetwork::Copy final : public conclave::detail::Alarm {
 public:
  Copy(MemoryNetwork& network, const Passage& passage, Received received,
       const std::shared_ptr<End>& to)
      : Alarm(Lapses::with_run),
        network_(network),
        network_lives_(network.lives_),
        passage_(passage),
        received_(std::move(received)),
        end_(to) {}

  static void send_off(std::unique_ptr<Copy> copy, TimePoint arrival) {
    Copy& it = *copy;
    it.set_on_run(arrival);
    if (it.is_set()) it.self_ = std::move(copy);
  }

 private:
  void fire() noexcept override {
    const std::unique_ptr<Copy> self = std::move(self_);
    if (network_lives_.expired()) return;
    const std::shared_ptr<End> there = end_.lock();
    network_.arrived(passage_, there && there->take(std::move(received_)));
  }
  void lapse() noexcept override { const std::unique_ptr<Copy> self = std::move(self_); }

  MemoryNetwork& network_;
  std::weak_ptr<const bool> network_lives_;
  Passage passage_;
  Received received_;
  std::weak_ptr<End> end_;
  std::unique_ptr<Copy> self_;  // while it is set
};

MemoryNetwork::MemoryNetwork(std::uint64_t seed, const Faults& faults)
    : random_(seed), faults_(faults) {}

MemoryNetwork::~MemoryNetwork() = default;

std::shared_ptr<MemoryNetwork::End> MemoryNetwork::find(const Peer& peer) const {
  if (peer.link == kByAddress) {
    const auto found = listening_.find(peer.id);
    return found == listening_.end() ? nullptr : found->second;
  }
  const auto found = ends_.find(peer.id);
  const std::shared_ptr<End> end = found == ends_.end() ? nullptr : found->second.lock();
  return end && !end->is_closed ? end : nullptr;
}

void MemoryNetwork::carry(const End& sender, const std::shared_ptr<End>& to, Frames& message) {
  const bool is_called = !sender.address.empty() && to->connected.contains(sender.address);
  const Peer from = is_called ? Peer{kByAddress, sender.address} : Peer{kByNumber, sender.id};
  Passage passage{.from = sender.host, .to = to->host};
  delays_.clear();
  befalls(passage, message, delays_);
  for (std::size_t copy = 0; copy < delays_.size(); ++copy) {
    const bool is_last = copy + 1 == delays_.size();
    deliver(passage, {from, is_last ? std::move(message) : message}, to, delays_[copy]);
  }
}

void MemoryNetwork::deliver(const Passage& passage, Received received,
                            const std::shared_ptr<End>& to, Duration delay) {
  if (delay <= Duration{}) return arrived(passage, to->take(std::move(received)));
  auto copy = std::make_unique<Copy>(*this, passage, std::move(received), to);
  Copy::send_off(std::move(copy), conclave::detail::run_time() + delay);
}

void MemoryNetwork::befalls(Passage& /*passage*/, const Frames& /*message*/,
                            std::vector<Duration>& delays) {
  if (random_.chance(faults_.lost)) return;
  const int copies = random_.chance(faults_.twice) ? 2 : 1;
  for (int i = 0; i < copies; ++i)
    delays.emplace_back(random_.between(faults_.delay_min.count(), faults_.delay_max.count()));
}

void MemoryNetwork::close_ends_of(std::size_t host) {
  for (const auto& [id, end] : ends_) {
    const std::shared_ptr<End> there = end.lock();
    if (there && there->host == host) close(*there);
  }
}

void MemoryNetwork::close(End& end) {
  if (std::exchange(end.is_closed, true)) return;
  if (!end.address.empty()) listening_.erase(end.address);
  end.closed.close();
}

MemoryTransport::MemoryTransport(MemoryNetwork& network, std::size_t host, std::size_t received_max)
    : network_(network),
      end_(std::make_shared<MemoryNetwork::End>(
          MemoryNetwork::End{.id = std::to_string(++network.ends_made_),
                             .host = host,
                             .received = make_chan<Received>(received_max)})) {
  network_.ends_[end_->id] = end_;
}

MemoryTransport::~MemoryTransport() {
  close();
  network_.ends_.erase(end_->id);
}

Result<std::string> MemoryTransport::listen(const std::string& address) {
  if (end_->is_closed) return closed();
  if (address.empty()) return Status::invalid_argument("the address is empty", "any name will do");
  if (!end_->address.empty()) {
    return Status::failed_precondition(fmt::format("this end listens at {} already", end_->address),
                                       "make another end");
  }
  if (!network_.listening_.emplace(address, end_).second)
    return Status::already_exists(fmt::format("somebody listens at {} already", address));
  end_->address = address;
  std::exchange(network_.somebody_listens_, make_chan<Signal>()).close();
  return address;
}

Result<Peer> MemoryTransport::connect(const std::string& address) {
  if (end_->is_closed) return closed();
  if (address.empty()) return Status::invalid_argument("the address is empty", "any name will do");
  end_->connected.insert(address);
  return Peer{.link = kByAddress, .id = address};
}

void MemoryTransport::disconnect(const Peer& peer) { end_->connected.erase(peer.id); }

Status MemoryTransport::try_send(const Peer& to, Frames& message) {
  if (message.empty()) return Status::invalid_argument("a message has one frame or more");
  if (end_->is_closed) return closed();
  if (const std::shared_ptr<MemoryNetwork::End> there = network_.find(to)) {
    network_.carry(*end_, there, message);
    return {};
  }
  return to.link == kByNumber ? Status::not_found("the peer has gone")
                              : Status::resource_exhausted("nobody listens there");
}

Status MemoryTransport::send(const Peer& to, Frames message, const Context& context) {
  const std::shared_ptr<MemoryNetwork::End> end = end_;  // this may be destroyed while we wait
  for (;;) {
    if (end->is_closed) return closed();
    if (Status status = context.status(); !status.ok()) return status;
    if (Status status = try_send(to, message); status.code() != Code::resource_exhausted)
      return status;
    if (select(conclave::recv(network_.somebody_listens_), conclave::recv(context.done()),
               conclave::recv(end->closed)) < 0)
      return Status::cancelled("the goroutine ends");
  }
}

Result<Received> MemoryTransport::recv(const Context& context) {
  const std::shared_ptr<MemoryNetwork::End> end = end_;  // as in send()
  if (end->is_closed) return closed();
  if (Status status = context.status(); !status.ok()) return status;
  std::optional<Received> received;
  select(conclave::recv(end->received,
                        [&](std::optional<Received> one) { received = std::move(one); }),
         conclave::recv(context.done()), conclave::recv(end->closed));
  if (received) return *std::move(received);
  if (end->is_closed) return closed();
  Status status = context.status();
  return status.ok() ? Status::cancelled("the goroutine ends") : status;
}

void MemoryTransport::close() { network_.close(*end_); }

}  // namespace conclave::rpc
