#include "rpc/zap.hpp"

#include <array>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>
#include <zmq.h>

#include <fmt/format.h>

#include "goroutines/race_detector.hpp"

namespace conclave::rpc {

namespace {

using conclave::detail::RuntimeCode;

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";

// RFC 27, "Detailed Specification": the frames of a request, after those that lead back to who asks.
enum Request : std::size_t {
  kAsker,
  kEmpty,
  kVersion,
  kId,
  kDomain,
  kAddress,
  kIdentity,
  kMechanism,
  kKey,
  kFrames
};

constexpr std::size_t kKeyBytes = 32;

/// A key of 32 bytes, as text.
Result<PublicKey> key_of(const std::string& bytes) {
  if (bytes.size() != kKeyBytes) return Status::invalid_argument("a key has 32 bytes");
  std::array<char, 41> text{};
  zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return PublicKey::parse(text.data());
}

Status cannot_enforce(const std::string& reason) {
  return Status::failed_precondition(
      fmt::format("mutual authentication cannot be enforced: {}", reason),
      "make another Io: one has one handler at inproc://zeromq.zap.01, for one run() at a time");
}

}  // namespace

bool Gate::admits(const PublicKey& key, const std::string& address) {
  if (lists(key.text())) {
    ++counters_.admitted;
    return true;
  }
  ++counters_.denied;
  counters_.last_denied = Denial{key, address};
  if (denials_) static_cast<void>(denials_.try_send(Denial{key, address}));
  return false;
}

std::optional<std::string> Gate::sender(const std::string& key) {
  std::optional<std::string> name = clients_.name_of(key);
  if (!name) ++counters_.dropped;
  return name;
}

Result<std::shared_ptr<ZapHandler>> ZapHandler::of(const Io& io) {
  const RuntimeCode runtime;
  Io::Handler& slot = *io.handler_;
  const std::lock_guard lock(slot.mutex);
  if (!slot.handler.expired()) {
    if (slot.thread != std::this_thread::get_id())
      return cannot_enforce("a run() on another thread has the handler of this Io");
    return slot.handler.lock();
  }
  Result<Socket> socket = Socket::open(io, SocketKind::router);
  if (!socket.ok()) return cannot_enforce(to_string(socket.status()));
  if (Result<std::string> bound = socket->bind(kEndpoint); !bound.ok())
    return cannot_enforce(to_string(bound.status()));
  const std::shared_ptr<ZapHandler> handler(new ZapHandler(*std::move(socket)));
  slot.handler = handler;
  slot.thread = std::this_thread::get_id();
  return handler;
}

ZapHandler::ZapHandler(Socket socket) : socket_(std::move(socket)) {
  group_.go(Name("ZAP handler"), [this] { serve(); });
}

std::string ZapHandler::add(std::shared_ptr<Gate> gate) {
  std::string domain = fmt::format("transport {}", ++domains_made_);
  gates_.emplace(domain, std::move(gate));
  return domain;
}

void ZapHandler::serve() {
  const RuntimeCode runtime;
  for (;;) {
    const Result<Frames> request = socket_.recv();
    if (!request.ok()) return;
    if (request->size() <= kId) continue;               // nobody could be answered
    static_cast<void>(socket_.send(answer(*request)));  // who asked may have gone
  }
}

Frames ZapHandler::answer(const Frames& request) {
  const auto reply = [&](const char* code, const char* text, const std::string& user) {
    return Frames{request[kAsker], "", "1.0", request[kId], code, text, user, ""};
  };
  if (request.size() != kFrames || request[kVersion] != "1.0" || request[kMechanism] != "CURVE")
    return reply("400", "only CURVE", "");
  const auto gate = gates_.find(request[kDomain]);
  const Result<PublicKey> key = key_of(request[kKey]);
  if (gate == gates_.end() || !key.ok()) return reply("400", "nobody to ask", "");
  // RFC 27 has 400 for this.  ZeroMQ's client then gives up for ever and in silence; after 300, "temporary", it tries again,
  // and gets in when it has been listed.
  if (!gate->second->admits(*key, request[kAddress])) return reply("300", "not listed", "");
  return reply("200", "OK", key->text());
}

}  // namespace conclave::rpc
