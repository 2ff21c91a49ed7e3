#include "rpc/wire.hpp"

#include <algorithm>
#include <array>
#include <source_location>
#include <utility>

#include <fmt/format.h>

#include "common/assert.hpp"
#include "rpc/codec.hpp"

namespace conclave::rpc {

namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_metadata_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_lower_or_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

bool is_method_name(std::string_view name) {
  constexpr std::size_t kLengthMax = 128;
  return !name.empty() && name.size() <= kLengthMax && std::ranges::all_of(name, [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
  });
}

Status check(const Metadata& metadata) {
  constexpr std::size_t kBytesMax = 4 * 1024;
  std::size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    if (!is_metadata_name(name)) {
      return Status::invalid_argument(fmt::format("metadata has the name \"{}\"", name),
                                      "want a to z, 0 to 9, '-', '_' and '.'");
    }
    bytes += name.size() + value.size();
  }
  if (bytes <= kBytesMax) return {};
  return Status::invalid_argument(
      fmt::format("metadata has {} bytes, and may have {}", bytes, kBytesMax),
      "put into the request what is the request's");
}

namespace wire {

namespace {

constexpr std::string_view kMagic = "CV";

enum class Kind : std::uint32_t {
  request = 1,
  reply = 2,
  cancel = 3,
  ping = 4,
  pong = 5,
  go_away = 6,
};

// The headers as they are on the wire.  Each begins with what is in all of them.

struct Prefix {
  std::string magic{kMagic};
  std::uint32_t version = kVersion;
  std::uint32_t kind = 0;
  std::uint64_t call = 0;
  MSGPACK_DEFINE(magic, version, kind, call)
};

struct OnceOnWire {
  std::uint64_t session = 0;
  std::uint64_t sequence = 0;
  std::uint64_t first_unfinished = 1;
  MSGPACK_DEFINE(session, sequence, first_unfinished)
};

struct RequestOnWire {
  Prefix prefix{};
  std::string method{};
  std::uint64_t remaining_us = 0;
  std::uint32_t attempt = 1;
  std::optional<OnceOnWire> once{};
  msgpack::type::assoc_vector<std::string, std::string> metadata{};
  MSGPACK_DEFINE(prefix.magic, prefix.version, prefix.kind, prefix.call, method, remaining_us,
                 attempt, once, metadata)
};

struct ReplyOnWire {
  Prefix prefix{};
  std::uint32_t attempt = 1;
  std::uint32_t code = 0;
  std::string message{};
  std::string what_to_do{};
  bool maybe_executed = true;
  MSGPACK_DEFINE(prefix.magic, prefix.version, prefix.kind, prefix.call, attempt, code, message,
                 what_to_do, maybe_executed)
};

struct PongOnWire {
  Prefix prefix{};
  bool is_serving = true;
  MSGPACK_DEFINE(prefix.magic, prefix.version, prefix.kind, prefix.call, is_serving)
};

Prefix prefix_of(Kind kind, std::uint64_t call) {
  return {.kind = static_cast<std::uint32_t>(kind), .call = call};
}

/// A text that leaves room for the rest of a header.
std::string shortened(std::string_view text) {
  constexpr std::size_t kTextMax = 2 * 1024;
  return std::string(text.substr(0, kTextMax));
}

/// A header, for which there is room at once.
template <class T>
std::string encode_header(const T& header) {
  constexpr std::size_t kUsualBytes = 96;
  return encode(header, kUsualBytes);
}

/// Packs what each kind of message says.
struct Packer {
  std::uint64_t call;

  std::string operator()(const Request& request) const {
    RequestOnWire header{.prefix = prefix_of(Kind::request, call),
                         .method = request.method,
                         .remaining_us = static_cast<std::uint64_t>(request.remaining.count()),
                         .attempt = request.attempt};
    if (request.once) {
      header.once =
          OnceOnWire{request.once->session, request.once->sequence, request.once->first_unfinished};
    }
    header.metadata.assign(request.metadata.begin(), request.metadata.end());
    return encode_header(header);
  }

  std::string operator()(const Reply& reply) const {
    return encode_header(ReplyOnWire{.prefix = prefix_of(Kind::reply, call),
                                     .attempt = reply.attempt,
                                     .code = static_cast<std::uint32_t>(reply.status.code()),
                                     .message = shortened(reply.status.message()),
                                     .what_to_do = shortened(reply.status.what_to_do()),
                                     .maybe_executed = reply.status.maybe_executed()});
  }

  std::string operator()(const Cancel& /*cancel*/) const {
    return encode(prefix_of(Kind::cancel, call));
  }
  std::string operator()(const Ping& /*ping*/) const { return encode(prefix_of(Kind::ping, call)); }
  std::string operator()(const Pong& pong) const {
    return encode(PongOnWire{prefix_of(Kind::pong, call), pong.is_serving});
  }
  std::string operator()(const GoAway& /*go_away*/) const {
    return encode(prefix_of(Kind::go_away, call));
  }

  std::string operator()(const Unreadable& /*unreadable*/) const {
    fail_assertion("an unreadable message is not sent", std::source_location::current());
  }
};

Message unreadable(std::uint64_t call, Status why) {
  return {.call = call, .content = Unreadable{std::move(why)}};
}

Message unpack_request(const msgpack::object& header, std::string body) {
  auto on_wire = header.as<RequestOnWire>();
  const std::uint64_t call = on_wire.prefix.call;
  const auto refuse = [call](std::string what, std::string fix) {
    return unreadable(call, Status::invalid_argument(std::move(what), std::move(fix)));
  };
  if (call == 0) return refuse("a request has the number 0", "number calls from 1");
  if (!is_method_name(on_wire.method)) {
    return refuse(fmt::format("a request's method is a name of {} bytes", on_wire.method.size()),
                  "want 1 to 128 letters, digits, '_' and '.'");
  }

  Request request{.method = std::move(on_wire.method), .attempt = on_wire.attempt};
  constexpr std::uint64_t kYear = 365ULL * 24 * 3600 * 1'000'000;
  request.remaining = std::chrono::microseconds(std::min(on_wire.remaining_us, kYear));
  if (on_wire.once) {
    request.once =
        RequestId{on_wire.once->session, on_wire.once->sequence, on_wire.once->first_unfinished};
  }
  for (auto& [name, value] : on_wire.metadata) {
    const auto [place, is_new] = request.metadata.emplace(std::move(name), std::move(value));
    if (!is_new)
      return refuse(fmt::format("metadata has \"{}\" twice", place->first), "send it once");
  }
  if (Status status = check(request.metadata); !status.ok())
    return unreadable(call, std::move(status));
  return {.call = call, .content = std::move(request), .body = std::move(body)};
}

Status status_of(ReplyOnWire&& reply) {
  constexpr auto kLast = static_cast<std::uint32_t>(Code::unauthenticated);
  if (reply.code == 0) return {};
  // A code of a later version is still an error.
  const Code code = reply.code <= kLast ? static_cast<Code>(reply.code) : Code::unknown;
  if (reply.message.empty()) reply.message = "the server gave no reason";
  const Status status(code, std::move(reply.message), std::move(reply.what_to_do));
  return reply.maybe_executed ? status : status.not_executed();
}

/// What the array says, by its kind.
/// @throws msgpack's exceptions for elements of other types
Message unpack_by_kind(const msgpack::object& header, const Prefix& prefix, std::string body) {
  switch (static_cast<Kind>(prefix.kind)) {
    case Kind::request:
      return unpack_request(header, std::move(body));
    case Kind::reply: {
      auto reply = header.as<ReplyOnWire>();
      const std::uint32_t attempt = reply.attempt;
      return {.call = prefix.call,
              .content = Reply{attempt, status_of(std::move(reply))},
              .body = std::move(body)};
    }
    case Kind::cancel:
      return {.call = prefix.call, .content = Cancel{}};
    case Kind::ping:
      return {.call = prefix.call, .content = Ping{}};
    case Kind::pong: {
      const auto pong = header.as<PongOnWire>();
      return {.call = prefix.call, .content = Pong{pong.is_serving}};
    }
    case Kind::go_away:
      return {.call = prefix.call, .content = GoAway{}};
  }
  return unreadable(prefix.call, Status::unimplemented(
                                     fmt::format("a message is of kind {}", prefix.kind),
                                     "this version knows 1 to 6: update the one that is older"));
}

}  // namespace

Frames pack(Message message) {
  std::string header = std::visit(Packer{message.call}, message.content);
  ensure(header.size() <= kHeaderBytesMax, "a header has at most {} bytes (it has {})",
         kHeaderBytesMax, header.size());
  Frames frames;
  frames.reserve(3);  // a router puts the peer before it
  frames.push_back(std::move(header));
  frames.push_back(std::move(message.body));
  return frames;
}

Message unpack(Frames frames) {
  if (frames.size() != 2) {
    return unreadable(
        0, Status::invalid_argument(fmt::format("a message has {} frames", frames.size()),
                                    "want two: header and body"));
  }
  constexpr std::size_t kDepthMax = 4;
  detail::Room room;
  const Result<msgpack::object> parsed =
      detail::parse(frames[0], {.bytes_max = kHeaderBytesMax, .depth_max = kDepthMax}, room);
  if (!parsed.ok()) return unreadable(0, parsed.status());
  const msgpack::object& header = *parsed;
  constexpr std::size_t kPrefixSize = 4;
  if (header.type != msgpack::type::ARRAY || header.via.array.size < kPrefixSize) {
    return unreadable(
        0, Status::invalid_argument("a header is an array of four elements or more",
                                    "this port speaks Conclave's calls, and nothing else"));
  }

  Prefix prefix;
  try {
    header.convert(prefix);
    if (prefix.magic != kMagic) {
      return unreadable(
          0, Status::invalid_argument("a header does not begin with \"CV\"",
                                      "this port speaks Conclave's calls, and nothing else"));
    }
    if (prefix.version != kVersion) {
      return unreadable(prefix.call, Status::unimplemented(
                                         fmt::format("a message is of version {}, and this is {}",
                                                     prefix.version, kVersion),
                                         "update the one that is older"));
    }
    return unpack_by_kind(header, prefix, std::move(frames[1]));
  } catch (const std::exception& error) {
    return unreadable(prefix.call, detail::refuse(error));
  }
}

std::string describe(const Message& message) {
  struct Words {
    std::string call;
    std::string operator()(const Request& request) const {
      const std::string again =
          request.attempt == 1 ? "" : fmt::format(", attempt {}", request.attempt);
      return fmt::format("request {}: {}{}", call, request.method, again);
    }
    std::string operator()(const Reply& reply) const {
      return fmt::format("reply {}: {}", call, to_string(reply.status.code()));
    }
    std::string operator()(const Cancel& /*cancel*/) const { return "cancel " + call; }
    std::string operator()(const Ping& /*ping*/) const { return "ping " + call; }
    std::string operator()(const Pong& pong) const {
      return fmt::format("pong {}{}", call, pong.is_serving ? "" : ": takes no new calls");
    }
    std::string operator()(const GoAway& /*go_away*/) const { return "go_away"; }
    std::string operator()(const Unreadable& unreadable) const {
      return fmt::format("unreadable: {}", unreadable.why.message());
    }
  };
  return std::visit(Words{fmt::format("..{:04}", message.call % 10'000)}, message.content);
}

}  // namespace wire
}  // namespace conclave::rpc
