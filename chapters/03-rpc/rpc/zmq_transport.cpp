#include "rpc/zmq_transport.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "channels/chan.hpp"
#include "channels/select.hpp"
#include "goroutines/goroutine_group.hpp"

namespace conclave::rpc {

namespace {

Status closed() { return Status::failed_precondition("the transport is closed"); }

void add(SocketCounters& sum, const SocketCounters& more) {
  sum.sent += more.sent;
  sum.received += more.received;
  sum.dropped += more.dropped;
  sum.wakeups_missed += more.wakeups_missed;
}

}  // namespace

/// The sockets by the number of their link, and a goroutine for each that receives.
class ZmqTransport::State {
 public:
  State(Io io, const ZmqTransportOptions& options)
      : io_(std::move(io)),
        options_(options.socket),
        received_(make_chan<Received>(options.received_max)) {}

  Result<std::string> listen(const std::string& address) {
    auto link = open(SocketKind::router);
    if (!link.ok()) return link.status();
    Result<std::string> bound = links_.at(*link)->socket.bind(address);
    if (!bound.ok()) drop(*link);
    return bound;
  }

  Result<Peer> connect(const std::string& address) {
    auto link = open(SocketKind::dealer);
    if (!link.ok()) return link.status();
    Status status = links_.at(*link)->socket.connect(address);
    if (status.ok()) return Peer{.link = *link};
    drop(*link);
    return status;
  }

  void disconnect(const Peer& peer) {
    const auto found = links_.find(peer.link);
    if (found != links_.end() && found->second->kind == SocketKind::dealer) drop(peer.link);
  }

  Status send(const Peer& to, Frames message, const Context& context) {
    if (is_closed_) return closed();
    if (message.empty()) return Status::invalid_argument("a message has one frame or more");
    const auto found = links_.find(to.link);
    if (found == links_.end()) return Status::not_found("the peer has been disconnected");
    const std::shared_ptr<Link> link = found->second;  // also when it is dropped meanwhile
    if (link->kind == SocketKind::router) message.insert(message.begin(), to.id);
    return link->socket.send(std::move(message), context);
  }

  Result<Received> recv(const Context& context) {
    if (is_closed_) return closed();
    if (Status status = context.status(); !status.ok()) return status;
    std::optional<Received> received;
    select(
        conclave::recv(received_, [&](std::optional<Received> one) { received = std::move(one); }),
        conclave::recv(context.done()));
    if (received) return *std::move(received);
    if (is_closed_) return closed();
    Status status = context.status();
    return status.ok() ? Status::cancelled("the goroutine ends") : status;
  }

  void close() {
    if (std::exchange(is_closed_, true)) return;
    while (!links_.empty()) drop(links_.begin()->first);
    readers_.end();  // one may wait for room
    received_.close();
  }

  [[nodiscard]] SocketCounters counters() const {
    SocketCounters sum = gone_;
    for (const auto& [number, link] : links_) add(sum, link->socket.counters());
    return sum;
  }

 private:
  struct Link {
    SocketKind kind;
    Socket socket;
  };

  /// @return the number of the new link
  Result<std::uint64_t> open(SocketKind kind) {
    if (is_closed_) return closed();
    Result<Socket> socket = Socket::open(io_, kind, options_);
    if (!socket.ok()) return socket.status();
    const std::uint64_t number = ++links_made_;
    const auto link = std::make_shared<Link>(Link{kind, *std::move(socket)});
    links_.emplace(number, link);
    readers_.go(Name(fmt::format("{} {}", to_string(kind), number)),
                [this, number, link] { read(number, *link); });
    return number;
  }

  /// Receives until the socket is closed.
  void read(std::uint64_t number, Link& link) {
    for (;;) {
      Result<Frames> message = link.socket.recv();
      if (!message.ok()) return;
      Received received{.from = {.link = number}, .message = *std::move(message)};
      if (link.kind == SocketKind::router) {
        received.from.id = std::move(received.message.front());
        received.message.erase(received.message.begin());
        if (received.message.empty())
          continue;  // a peer may send a message without frames of its own
      }
      received_.send(std::move(received));
    }
  }

  void drop(std::uint64_t number) {
    const auto found = links_.find(number);
    found->second->socket.close();
    add(gone_, found->second->socket.counters());
    links_.erase(found);
  }

  Io io_;
  SocketOptions options_;
  bool is_closed_ = false;
  std::uint64_t links_made_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Link>> links_;
  SocketCounters gone_;  // of links that are no more
  Chan<Received> received_;
  GoroutineGroup readers_{"transport"};  // last: they use all of the above
};

ZmqTransport::ZmqTransport(Io io, const ZmqTransportOptions& options)
    : state_(std::make_shared<State>(std::move(io), options)) {}

ZmqTransport::~ZmqTransport() { state_->close(); }

Result<std::string> ZmqTransport::listen(const std::string& address) {
  return state_->listen(address);
}

Result<Peer> ZmqTransport::connect(const std::string& address) { return state_->connect(address); }

void ZmqTransport::disconnect(const Peer& peer) { state_->disconnect(peer); }

Status ZmqTransport::send(const Peer& to, Frames message, const Context& context) {
  const std::shared_ptr<State> alive = state_;
  return alive->send(to, std::move(message), context);
}

Result<Received> ZmqTransport::recv(const Context& context) {
  const std::shared_ptr<State> alive = state_;
  return alive->recv(context);
}

void ZmqTransport::close() { state_->close(); }

SocketCounters ZmqTransport::counters() const { return state_->counters(); }

}  // namespace conclave::rpc
