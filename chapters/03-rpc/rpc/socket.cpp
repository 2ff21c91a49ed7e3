#include "rpc/socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <deque>
#include <thread>
#include <utility>
#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>
#include <zmq.hpp>

#include "channels/chan.hpp"
#include "channels/select.hpp"
#include "goroutines/clock.hpp"
#include "goroutines/descriptor.hpp"
#include "goroutines/goroutine_group.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave::rpc {

namespace {

using conclave::detail::RuntimeCode;

constexpr std::size_t kCopiedMax =
    8 * 1024;  // a longer frame is handed to ZeroMQ's thread as it is

int to_ms(Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

Status closed() { return Status::failed_precondition("the socket is closed"); }

/// What an error of ZeroMQ's means for `what`, as in "bind tcp://…".
Status explain(int error, const std::string& what) {
  std::string message = fmt::format("{}: {}", what, zmq_strerror(error));
  switch (error) {
    case EADDRINUSE:
      return Status::already_exists(std::move(message),
                                    "end who has it, or take another port: * takes a free one");
    case EMFILE:
      return Status::resource_exhausted(std::move(message),
                                        "close some sockets, or make an Io for more");
    case EINVAL:
    case EPROTONOSUPPORT:
    case ENOCOMPATPROTO:
    case EADDRNOTAVAIL:
    case ENODEV:
      return Status::invalid_argument(std::move(message),
                                      "an endpoint looks like tcp://127.0.0.1:5555");
    default:
      return Status::unavailable(std::move(message));
  }
}

/// Whether it is tcp with a port that no machine has; ZeroMQ's connect takes any.
bool has_wrong_port(std::string_view endpoint) {
  constexpr int kPortMax = 65'535;
  if (!endpoint.starts_with("tcp://")) return false;
  const std::string_view text = endpoint.substr(endpoint.rfind(':') + 1);
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error != std::errc() || end != text.data() + text.size() || port < 1 || port > kPortMax;
}

/// A frame for ZeroMQ.  A long one is not copied: it moves to the message, which its thread destroys.
class OutgoingFrame {
 public:
  explicit OutgoingFrame(std::string& frame) : frame_(frame) {
    if (frame.size() <= kCopiedMax) {
      message_.rebuild(frame.data(), frame.size());
      return;
    }
    moved_ = new std::string(std::move(frame));
    message_.rebuild(
        moved_->data(), moved_->size(),
        [](void*, void* moved) {
          const RuntimeCode runtime;  // on its thread; ordered by ZeroMQ, which tells nobody
          delete static_cast<std::string*>(moved);
        },
        moved_);
  }

  /// Sends it; gives the frame back when there is no room.
  /// @return 0, or the error
  int send(zmq::socket_t& socket, bool is_last) {
    const int flags = ZMQ_DONTWAIT | (is_last ? 0 : ZMQ_SNDMORE);
    if (zmq_msg_send(message_.handle(), socket.handle(), flags) >= 0) return 0;
    const int error = zmq_errno();
    if (moved_ != nullptr) frame_ = std::move(*moved_);
    return error;
  }

 private:
  std::string& frame_;
  std::string* moved_ = nullptr;
  zmq::message_t message_;
};

zmq::socket_type type_of(SocketKind kind) {
  constexpr std::array kTypes = {zmq::socket_type::dealer, zmq::socket_type::router,
                                 zmq::socket_type::pub,    zmq::socket_type::sub,
                                 zmq::socket_type::push,   zmq::socket_type::pull};
  return kTypes.at(static_cast<std::size_t>(kind));
}

/// For the race detector: a send happens before each later receive in this process, whatever they carry.
/// @rule{Go, package syscall, ioSync: a write happens before each later read; of which bytes, nobody knows}
conclave::detail::Edge& sent_before_received() {
  static conclave::detail::Edge edge;
  return edge;
}

bool sends(SocketKind kind) { return kind != SocketKind::sub && kind != SocketKind::pull; }
bool receives(SocketKind kind) { return kind != SocketKind::pub && kind != SocketKind::push; }

Status check(const SocketOptions& options) {
  constexpr std::size_t kFrameBytesMax = std::size_t{1} << 31U;
  if (options.frame_bytes_max == 0 || options.frame_bytes_max > kFrameBytesMax) {
    return Status::invalid_argument(fmt::format("frame_bytes_max is {}", options.frame_bytes_max),
                                    "want 1 to 2 GiB");
  }
  if (options.frames_max == 0) return Status::invalid_argument("frames_max is 0", "want 1 or more");
  if (options.queue_max < 1) {
    return Status::invalid_argument(fmt::format("queue_max is {}", options.queue_max),
                                    "want 1 or more: 0 would be without a bound");
  }
  return {};
}

void set(zmq::socket_t& socket, SocketKind kind, const SocketOptions& options) {
  namespace opt = zmq::sockopt;
  socket.set(opt::linger, to_ms(options.linger));
  socket.set(opt::sndhwm, options.queue_max);
  socket.set(opt::rcvhwm, options.queue_max);
  socket.set(opt::maxmsgsize, static_cast<std::int64_t>(options.frame_bytes_max));
  socket.set(opt::backlog, options.backlog);
  socket.set(opt::handshake_ivl, to_ms(options.handshake_max));
  socket.set(opt::reconnect_ivl, to_ms(options.reconnect_min));
  socket.set(opt::reconnect_ivl_max, to_ms(options.reconnect_max));
  // Or a message waits in the queue of a connection that may never be there.
  socket.set(opt::immediate, true);
  // Or a message to an unknown peer vanishes.
  if (kind == SocketKind::router) socket.set(opt::router_mandatory, true);
}

/// The key by which the ZAP handler has admitted the sender of `frame`.
std::string key_of_sender(zmq::message_t& frame) {
  const char* key = zmq_msg_gets(frame.handle(), "User-Id");
  return key == nullptr ? std::string() : key;
}

}  // namespace

std::string_view to_string(SocketKind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"dealer", "router", "pub",
                                                      "sub",    "push",   "pull"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Io::Io(int sockets_max)
    : context_(std::make_shared<zmq::context_t>()), handler_(std::make_shared<Handler>()) {
  context_->set(zmq::ctxopt::max_sockets, sockets_max);
}

/// A socket, those who wait for it, and the goroutine that watches for them.
///
/// ZeroMQ has one descriptor for both directions, which becomes readable when there is news for the socket, and any call
/// of any goroutine may take in that news.  So whoever has used the socket sees to it that the others are looked after
/// (serve()): by another goroutine, a little later and before the thread can wait, since a look costs a system call, and
/// many calls of many goroutines need only one.
class Socket::State : public std::enable_shared_from_this<Socket::State> {
 public:
  State(std::shared_ptr<zmq::context_t> context, SocketKind kind, const SocketOptions& options,
        const std::optional<Curve>& curve)
      : context_(std::move(context)),
        kind_(kind),
        frames_max_(options.frames_max),
        authenticates_(curve && !curve->server),
        socket_(*context_, type_of(kind)) {
    set(socket_, kind, options);
    if (curve) secure(*curve);
    // A number of our own for ZeroMQ's descriptor: closing it ends the wait, and never touches what is ZeroMQ's.
    news_ = Descriptor(::dup(socket_.get(zmq::sockopt::fd)));
    group_.go(Name("watcher"), [this] {
      const RuntimeCode runtime;
      while (wait_readable(news_.get()).ok()) {
        serve();
        yield();  // those that were served come first: to wait again costs a system call
      }
    });
    group_.go(Name("looker"), [this] {
      const RuntimeCode runtime;
      for (;;) {
        static_cast<void>(look_wanted_.recv());
        is_look_due_ = false;
        serve();
      }
    });
    if (options.check_every > Duration{}) {
      group_.go(Name("check"), [this, every = options.check_every] {
        const RuntimeCode runtime;
        for (;;) {
          const std::uint64_t before = looks_;
          sleep_for(every);
          if (looks_ == before) look_for_a_missed_wakeup();  // or somebody has looked just now
        }
      });
    }
  }

  Result<std::string> bind(const std::string& endpoint) {
    if (Status status = check_use(true); !status.ok()) return status;
    const int error = zmq_bind(socket_.handle(), endpoint.c_str()) != 0 ? zmq_errno() : 0;
    look_soon();  // it may have taken in news
    if (error != 0) return explain(error, fmt::format("bind {}", endpoint));
    bound_.push_back(socket_.get(zmq::sockopt::last_endpoint));
    return bound_.back();
  }

  Status connect(const std::string& endpoint) {
    if (Status status = check_use(true); !status.ok()) return status;
    if (has_wrong_port(endpoint)) return explain(EINVAL, fmt::format("connect {}", endpoint));
    const int error = zmq_connect(socket_.handle(), endpoint.c_str()) != 0 ? zmq_errno() : 0;
    look_soon();  // it may have taken in news
    return error == 0 ? Status() : explain(error, fmt::format("connect {}", endpoint));
  }

  Status subscribe(std::string_view prefix) {
    if (Status status = check_use(kind_ == SocketKind::sub); !status.ok()) return status;
    socket_.set(zmq::sockopt::subscribe, prefix);
    return {};
  }

  Status try_send(Frames& message) {
    if (Status status = check_use(sends(kind_)); !status.ok()) return status;
    if (message.empty()) return Status::invalid_argument("a message has one frame or more");
    if (!senders_.empty()) return no_room(message);  // they came first
    Status status = put(message);
    look_soon();
    return status;
  }

  Status send(Frames message, const Context& context, std::source_location place) {
    if (Status status = context.status(); !status.ok()) return status;
    Status status = try_send(message);
    const bool waits = kind_ == SocketKind::dealer || kind_ == SocketKind::push;
    if (!waits || status.code() != Code::resource_exhausted) return status;
    Authenticated sent{.message = std::move(message)};
    return wait(senders_, sent, context, place);
  }

  std::optional<Authenticated> try_recv() {
    if (!check_use(receives(kind_)).ok() || !receivers_.empty()) return std::nullopt;
    Authenticated received;
    const bool has_one = take(received);
    look_soon();
    if (!has_one) return std::nullopt;
    sent_before_received().acquire();
    return received;
  }

  Result<Authenticated> recv(const Context& context, std::source_location place) {
    if (Status status = check_use(receives(kind_)); !status.ok()) return status;
    if (Status status = context.status(); !status.ok()) return status;
    if (std::optional<Authenticated> received = try_recv()) return *std::move(received);
    Authenticated received;
    if (Status status = wait(receivers_, received, context, place); !status.ok()) return status;
    sent_before_received().acquire();
    return received;
  }

  void close() {
    if (std::exchange(is_closed_, true)) return;
    for (auto* waiting : {&senders_, &receivers_}) {
      while (!waiting->empty()) end_first(*waiting, closed());
    }
    news_.close();
    // ZeroMQ closes on its own thread; a name of this process is free as soon as this has returned.
    for (const std::string& endpoint : bound_) {
      if (endpoint.starts_with("inproc:")) zmq_unbind(socket_.handle(), endpoint.c_str());
    }
    socket_.close();
  }

  [[nodiscard]] SocketCounters counters() const { return counters_; }

 private:
  /// A goroutine that waits; lives on its stack.
  struct Waiting {
    Authenticated& content;
    Status outcome{};
    bool has_ended = false;
    Chan<Signal> woken = make_chan<Signal>(1);
  };
  using Queue = std::deque<Waiting*>;

  /// Whether the socket can be used so, here and now.
  Status check_use(bool is_of_kind) const {
    if (std::this_thread::get_id() != thread_)
      panic("a socket is used on the thread of the run() that made it, and on no other");
    if (is_closed_) return closed();
    if (!is_of_kind) {
      return Status::failed_precondition(
          fmt::format("a {} socket does not do that", to_string(kind_)));
    }
    return {};
  }

  void secure(const Curve& curve) {
    namespace opt = zmq::sockopt;
    socket_.set(opt::curve_secretkey, curve.keys.secret_key());
    if (!authenticates_) {
      socket_.set(opt::curve_publickey, curve.keys.public_key().text());
      socket_.set(opt::curve_serverkey, curve.server.text());
      return;
    }
    socket_.set(opt::curve_server, true);
    socket_.set(opt::zap_domain, curve.zap_domain);
  }

  Status no_room(const Frames& message) const {
    if (kind_ == SocketKind::router) {
      return Status::resource_exhausted(
          fmt::format("a peer does not keep up: the message of {} frames finds its queue full",
                      message.size()));
    }
    return Status::resource_exhausted(
        fmt::format("a {} socket has no connection with room", to_string(kind_)));
  }

  Status wait(Queue& queue, Authenticated& content, const Context& context,
              std::source_location place) {
    const std::shared_ptr<State> alive = shared_from_this();
    Waiting waiting{.content = content};
    queue.push_back(&waiting);
    struct Leave {  // also when the goroutine is unwound
      Queue& queue;
      Waiting& waiting;
      ~Leave() { std::erase(queue, &waiting); }
    } const leave{queue, waiting};
    // There may be room by now: put() takes no news in.  There is no message, or take() would have had it.
    if (&queue == &senders_) serve();
    if (!waiting.has_ended)
      select(conclave::recv(waiting.woken, place), conclave::recv(context.done(), place));
    if (waiting.has_ended) return waiting.outcome;  // even if the context has ended meanwhile
    const Status status = context.status();
    return status.ok() ? Status::cancelled("the goroutine ends") : status;
  }

  static void end_first(Queue& queue, Status outcome) {
    Waiting& first = *queue.front();
    queue.pop_front();
    first.outcome = std::move(outcome);
    first.has_ended = true;
    static_cast<void>(first.woken.try_send(Signal{}));
  }

  /// Has others looked after, once this goroutine and those that are ready have used the socket.
  void look_soon() {
    if (!anybody_waits() || std::exchange(is_look_due_, true)) return;
    static_cast<void>(look_wanted_.try_send(Signal{}));
  }

  [[nodiscard]] bool anybody_waits() const { return !receivers_.empty() || !senders_.empty(); }

  /// Serves those who wait, as far as it goes.  Every call of ZeroMQ's may take in news, and ZMQ_EVENTS is what it comes
  /// to: so it is read last, whatever was done before, while anybody waits.  With nobody to serve it is read once all the
  /// same, or the descriptor would stay readable.
  void serve() {
    ++looks_;
    for (bool is_first = true; !is_closed_ && (is_first || anybody_waits()); is_first = false) {
      const int events = socket_.get(zmq::sockopt::events);
      const bool can_receive = somebody_can_receive(events);
      const bool can_send = somebody_can_send(events);
      if (!can_receive && !can_send) return;
      if (can_receive && take(receivers_.front()->content)) end_first(receivers_, {});
      if (!can_send) continue;
      Status status = put(senders_.front()->content.message);
      if (status.code() != Code::resource_exhausted) end_first(senders_, std::move(status));
    }
  }

  [[nodiscard]] bool somebody_can_receive(int events) const {
    return (events & ZMQ_POLLIN) != 0 && !receivers_.empty();
  }
  [[nodiscard]] bool somebody_can_send(int events) const {
    return (events & ZMQ_POLLOUT) != 0 && !senders_.empty();
  }

  /// Receives a message, if there is one.
  bool take(Authenticated& received) {
    Frames& message = received.message;
    for (;;) {
      message.clear();
      message.reserve(3);  // as many as most have: a router's peer, a header and a body
      std::size_t count = 0;
      zmq::message_t frame;
      do {
        if (zmq_msg_recv(frame.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) return false;
        if (++count <= frames_max_) message.emplace_back(frame.data<char>(), frame.size());
      } while (frame.more());
      if (authenticates_) received.key = key_of_sender(frame);
      if (count <= frames_max_) break;
      ++counters_.dropped;
    }
    ++counters_.received;
    return true;
  }

  /// Sends a message, if there is room: then its frames are gone, else they are as they were.
  Status put(Frames& message) {
    for (std::size_t i = 0; i < message.size(); ++i) {
      const int error = OutgoingFrame(message[i]).send(socket_, i + 1 == message.size());
      if (error == 0) continue;
      if (error == EAGAIN) return no_room(message);
      if (error == EHOSTUNREACH)
        return Status::not_found("no such peer is connected: it has gone, or never was");
      return explain(error, "send");
    }
    ++counters_.sent;
    return {};
  }

  /// Whether somebody waits though there is something for them, and no news would tell.  To ask what there is takes the
  /// news in; so what is found some time after the look at the descriptor may have come meanwhile, and does not count.
  void look_for_a_missed_wakeup() {
    constexpr auto kMeanwhile = std::chrono::microseconds(5);
    if (is_closed_ || is_look_due_ || !anybody_waits()) return;
    const auto looked = std::chrono::steady_clock::now();
    pollfd news{news_.get(), POLLIN, 0};
    if (::poll(&news, 1, 0) != 0) return;  // the watcher is about to wake
    const int events = socket_.get(zmq::sockopt::events);
    ++counters_.checked;
    const bool is_at_once = std::chrono::steady_clock::now() - looked < kMeanwhile;
    const bool is_missed = somebody_can_receive(events) || somebody_can_send(events);
    const std::uint64_t before = counters_.received + counters_.sent;
    serve();
    if (is_at_once && is_missed && counters_.received + counters_.sent != before)
      ++counters_.wakeups_missed;
  }

  const std::shared_ptr<zmq::context_t> context_;
  const SocketKind kind_;
  const std::size_t frames_max_;
  const bool authenticates_;
  const std::thread::id thread_ = std::this_thread::get_id();
  zmq::socket_t socket_;
  Descriptor news_;
  bool is_closed_ = false;
  std::vector<std::string> bound_;
  Queue receivers_;
  Queue senders_;
  SocketCounters counters_;
  std::uint64_t looks_ = 0;   // how often serve() was called
  bool is_look_due_ = false;  // whether the looker is about to call it
  Chan<Signal> look_wanted_ = make_chan<Signal>(1);
  GoroutineGroup group_{"socket"};  // last: its goroutines use all of the above
};

Result<Socket> Socket::open(const Io& io, SocketKind kind, const SocketOptions& options) {
  return open(io, kind, options, std::nullopt);
}

Result<Socket> Socket::open(const Io& io, SocketKind kind, const SocketOptions& options,
                            const std::optional<Curve>& curve) {
  const RuntimeCode runtime;
  if (Status status = check(options); !status.ok()) return status;
  try {
    return Socket(std::make_shared<State>(io.context_, kind, options, curve));
  } catch (const zmq::error_t& error) {
    return explain(error.num(), fmt::format("a {} socket", to_string(kind)));
  }
}

Socket::Socket(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    const RuntimeCode runtime;
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}

Socket::~Socket() {
  const RuntimeCode runtime;
  if (state_) state_->close();
  state_.reset();
}

Result<std::string> Socket::bind(const std::string& endpoint) {
  const RuntimeCode runtime;
  return state_->bind(endpoint);
}

Status Socket::connect(const std::string& endpoint) {
  const RuntimeCode runtime;
  return state_->connect(endpoint);
}

Status Socket::subscribe(std::string_view prefix) {
  const RuntimeCode runtime;
  return state_->subscribe(prefix);
}

Status Socket::send(Frames message, const Context& context, std::source_location place) {
  const conclave::detail::Releases order(sent_before_received());
  return state_->send(std::move(message), context, place);
}

Status Socket::try_send(Frames& message) {
  const conclave::detail::Releases order(sent_before_received());
  return state_->try_send(message);
}

Result<Frames> Socket::recv(const Context& context, std::source_location place) {
  const RuntimeCode runtime;
  Result<Authenticated> received = state_->recv(context, place);
  if (!received.ok()) return received.status();
  return std::move(received->message);
}

Result<Socket::Authenticated> Socket::recv_authenticated() {
  const RuntimeCode runtime;
  return state_->recv({}, std::source_location::current());
}

std::optional<Frames> Socket::try_recv() {
  const RuntimeCode runtime;
  std::optional<Authenticated> received = state_->try_recv();
  return received ? std::optional(std::move(received->message)) : std::nullopt;
}

void Socket::close() {
  const RuntimeCode runtime;
  state_->close();
}

SocketCounters Socket::counters() const {
  const RuntimeCode runtime;
  return state_->counters();
}

}  // namespace conclave::rpc
