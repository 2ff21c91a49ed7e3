#include "rpc/zmq_transport.hpp"

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "channels/chan.hpp"
#include "channels/select.hpp"
#include "goroutines/go.hpp"
#include "goroutines/goroutine_group.hpp"
#include "goroutines/race_detector.hpp"
#include "rpc/zap.hpp"

namespace conclave::rpc {

namespace {

using conclave::detail::RuntimeCode;

constexpr std::size_t kKeyCharacters = 40;

Status closed() { return Status::failed_precondition("the transport is closed"); }
Status disconnected() { return Status::not_found("the peer has been disconnected"); }

void add(SocketCounters& sum, const SocketCounters& more) {
  sum.sent += more.sent;
  sum.received += more.received;
  sum.dropped += more.dropped;
  sum.checked += more.checked;
  sum.wakeups_missed += more.wakeups_missed;
}

Status incomplete(const char* what) {
  return Status::failed_precondition(fmt::format("the security of this transport has {}", what),
                                     "give it all, or leave it out to trust everybody");
}

/// Whether ZeroMQ connects there without asking anybody for keys.
bool has_no_handshake(const std::string& address) { return address.starts_with("inproc:"); }

}  // namespace

/// The sockets by the number of their link, and a goroutine for each that receives.
class ZmqTransport::State {
 public:
  State(Io io, const ZmqTransportOptions& options)
      : io_(std::move(io)),
        options_(options),
        received_(make_chan<Received>(options.received_max)) {}

  Result<std::string> listen(const std::string& address) {
    if (is_closed_) return closed();
    auto curve = server_curve(address);
    if (!curve.ok()) return curve.status();
    auto link = open(SocketKind::router, *curve);
    if (!link.ok()) return link.status();
    Result<std::string> bound = links_.at(*link)->socket.bind(address);
    if (!bound.ok()) drop(*link);
    return bound;
  }

  Result<Peer> connect(const std::string& address) {
    if (is_closed_) return closed();
    auto curve = client_curve(address);
    if (!curve.ok()) return curve.status();
    auto link = open(SocketKind::dealer, *curve);
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
    if (Status status = context.status(); !status.ok()) return status;
    const Status status = try_send(to, message);
    const bool may_wait = to.id.empty();
    if (status.code() != Code::resource_exhausted || !may_wait) return status;
    const auto found = links_.find(to.link);
    if (found == links_.end()) return is_closed_ ? closed() : disconnected();
    const std::shared_ptr<Link> link = found->second;  // also when it is dropped meanwhile
    return link->socket.send(std::move(message), context);
  }

  Status try_send(const Peer& to, Frames& message) {
    if (is_closed_) return closed();
    if (message.empty()) return Status::invalid_argument("a message has one frame or more");
    const auto found = links_.find(to.link);
    if (found == links_.end()) return disconnected();
    const std::shared_ptr<Link> link = found->second;  // also when it is dropped meanwhile
    if (link->kind == SocketKind::dealer) return link->socket.try_send(message);
    std::string id = to.id;
    if (gate_) {
      if (id.size() < kKeyCharacters || !gate_->lists(id.substr(id.size() - kKeyCharacters)))
        return Status::not_found("the peer's key is not in the allow-list any more");
      id.resize(id.size() - kKeyCharacters);
    }
    message.insert(message.begin(), std::move(id));
    Status status = link->socket.try_send(message);  // a router never waits
    if (!status.ok()) message.erase(message.begin());
    return status;
  }

  Result<Received> recv(const Context& context) {
    if (is_closed_) return closed();
    if (Status status = context.status(); !status.ok()) return status;
    if (auto received = received_.try_recv()) return std::move(*received);
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
    if (handler_) handler_->remove(domain_);
    handler_.reset();
  }

  [[nodiscard]] SocketCounters counters() const {
    SocketCounters sum = gone_;
    for (const auto& [number, link] : links_) add(sum, link->socket.counters());
    return sum;
  }

  [[nodiscard]] SecurityCounters security_counters() const {
    return gate_ ? gate_->counters() : SecurityCounters{};
  }

 private:
  struct Link {
    SocketKind kind;
    Socket socket;
  };

  using Curve = std::optional<Socket::Curve>;

  /// How to listen; opens the gate before that.
  Result<Curve> server_curve(const std::string& address) {
    if (!options_.server_security) {
      if (options_.client_security) return incomplete("nothing to listen with: ServerSecurity");
      return Curve();
    }
    const ServerSecurity& security = *options_.server_security;
    if (!security.keys) return incomplete("no keys of the server");
    if (!security.clients) return incomplete("no list of the clients that may connect");
    if (has_no_handshake(address)) return incomplete("no effect on inproc: there is no handshake");
    if (!handler_) {
      auto handler = ZapHandler::of(io_);
      if (!handler.ok()) return handler.status();
      handler_ = *std::move(handler);
      gate_ = std::make_shared<Gate>(security);
      domain_ = handler_->add(gate_);
    }
    return Curve({.keys = security.keys, .zap_domain = domain_});
  }

  /// How to connect.
  Result<Curve> client_curve(const std::string& address) const {
    if (!options_.client_security) {
      if (options_.server_security) return incomplete("nothing to connect with: ClientSecurity");
      return Curve();
    }
    const ClientSecurity& security = *options_.client_security;
    if (!security.keys) return incomplete("no keys of the client");
    if (!security.server) return incomplete("no public key of the server");
    if (has_no_handshake(address)) return incomplete("no effect on inproc: there is no handshake");
    return Curve({.keys = security.keys, .server = security.server});
  }

  /// @return the number of the new link
  Result<std::uint64_t> open(SocketKind kind, const Curve& curve) {
    Result<Socket> socket = Socket::open(io_, kind, options_.socket, curve);
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
    const RuntimeCode runtime;
    // So many are taken in before others have a turn: fewer cost more switches, and more leave the others idle.
    constexpr unsigned kTogether = 16;
    for (unsigned count = 1;; ++count) {
      if (count % kTogether == 0) yield();
      auto authenticated = link.socket.recv_authenticated();
      if (!authenticated.ok()) return;
      Received received{.from = {.link = number}, .message = std::move(authenticated->message)};
      if (link.kind == SocketKind::router) {
        received.from.id = std::move(received.message.front());
        received.message.erase(received.message.begin());
        if (received.message.empty())
          continue;  // a peer may send a message without frames of its own
      }
      if (link.kind == SocketKind::router && gate_) {
        std::optional<std::string> name = gate_->sender(authenticated->key);
        if (!name) continue;
        received.user = *std::move(name);
        received.from.id += authenticated->key;  // send() asks the gate once more
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
  const ZmqTransportOptions options_;
  bool is_closed_ = false;
  std::uint64_t links_made_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Link>> links_;
  SocketCounters gone_;                  // of links that are no more
  std::shared_ptr<ZapHandler> handler_;  // null: does not listen, or trusts everybody
  std::shared_ptr<Gate> gate_;           // also when the handler has gone
  std::string domain_;                   // the gate's
  Chan<Received> received_;
  GoroutineGroup readers_{"transport"};  // last: they use all of the above
};

ZmqTransport::ZmqTransport(Io io, const ZmqTransportOptions& options)
    : state_(std::make_shared<State>(std::move(io), options)) {}

ZmqTransport::~ZmqTransport() {
  const RuntimeCode runtime;
  state_->close();
  state_.reset();
}

Result<std::string> ZmqTransport::listen(const std::string& address) {
  const RuntimeCode runtime;
  return state_->listen(address);
}

Result<Peer> ZmqTransport::connect(const std::string& address) {
  const RuntimeCode runtime;
  return state_->connect(address);
}

void ZmqTransport::disconnect(const Peer& peer) {
  const RuntimeCode runtime;
  state_->disconnect(peer);
}

Status ZmqTransport::send(const Peer& to, Frames message, const Context& context) {
  const RuntimeCode runtime;
  const std::shared_ptr<State> alive = state_;
  return alive->send(to, std::move(message), context);
}

Status ZmqTransport::try_send(const Peer& to, Frames& message) {
  const RuntimeCode runtime;
  const std::shared_ptr<State> alive = state_;
  return alive->try_send(to, message);
}

Result<Received> ZmqTransport::recv(const Context& context) {
  const RuntimeCode runtime;
  const std::shared_ptr<State> alive = state_;
  return alive->recv(context);
}

void ZmqTransport::close() {
  const RuntimeCode runtime;
  state_->close();
}

SocketCounters ZmqTransport::counters() const {
  const RuntimeCode runtime;
  return state_->counters();
}

SecurityCounters ZmqTransport::security_counters() const {
  const RuntimeCode runtime;
  return state_->security_counters();
}

}  // namespace conclave::rpc
