/// @file
/// The wire: what client and server say to each other, as frames.
///
/// A message has two frames, a header and a body.  The header is a MessagePack array, the body the bytes of one value:
///
///     ["CV", 1, kind, call, ...]     and then, by kind,
///       1 request     method, remaining_us, attempt, once, metadata        body: the request
///       2 reply       attempt, code, message, what_to_do, maybe_executed    body: the reply, of code 0
///       3 cancel      (nothing)                                             nobody waits for this call any more
///       4 ping        (nothing)                                             is your loop alive?
///       5 pong        is_serving                                            it is
///       6 go_away     (nothing)                                             I shall end: take your next call elsewhere
///
/// `call` is a number that the client gives to each of its calls, never 0; ping and pong carry a number of their own.  What is
/// sent back carries the number of what it answers.
///
/// Laws
///  1. unpack(pack(x)) is x.
///  2. Whatever the frames are, unpack() returns; what is no message is Unreadable, and says why.
///  3. To change a header, append to it: what is missing is left as it was made, and what is unknown is passed over.  The
///     first four elements are those of every version.
///  4. A header has at most 8 KiB.
///
/// Call from anywhere; nothing here blocks.  The page chapters/03-rpc/wire.md says the same without C++.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/status.hpp"
#include "rpc/frames.hpp"
#include "rpc/request_id.hpp"

namespace conclave::rpc {

/// What travels beside a request: names and values, as "traceparent".  Names are of a to z, 0 to 9, '-', '_' and '.'.
using Metadata = std::map<std::string, std::string>;

/// Whether `name` can be a method's: 1 to 128 letters, digits, '_' and '.', as in "Counter.Add".
[[nodiscard]] bool is_method_name(std::string_view name);

/// Ok, or what is wrong with these names; or that they are more than 4 KiB in all.
Status check(const Metadata& metadata);

namespace wire {

/// Which version of it this is.
inline constexpr std::uint32_t kVersion = 1;
/// How long a header may be, in bytes.
inline constexpr std::size_t kHeaderBytesMax = 8 * 1024;

/// Asks for a call.
struct Request {
  std::string method{};                   ///< "Counter.Add"
  std::chrono::microseconds remaining{};  ///< of the caller's time, when this was sent
  std::uint32_t attempt = 1;              ///< which sending of the call this is, from 1
  std::optional<RequestId> once{};        ///< of a call that shall take effect once
  Metadata metadata{};                    ///< what travels beside it

  bool operator==(const Request&) const = default;  ///< member by member
};

/// Answers a call.
struct Reply {
  std::uint32_t attempt = 1;  ///< which sending it answers
  Status status{};            ///< how the call ended, with what is known of its effect

  bool operator==(const Reply&) const = default;  ///< member by member
};

/// Takes a call back, as far as it goes.
struct Cancel {
  bool operator==(const Cancel&) const = default;  ///< always
};

/// Asks whether the other's loop is alive.
struct Ping {
  bool operator==(const Ping&) const = default;  ///< always
};

/// Says that it is.
struct Pong {
  bool is_serving = true;  ///< whether it takes new calls

  bool operator==(const Pong&) const = default;  ///< member by member
};

/// Says that new calls will be refused here.
struct GoAway {
  bool operator==(const GoAway&) const = default;  ///< always
};

/// What unpack() makes of anything else; never sent.
struct Unreadable {
  Status why{};  ///< invalid_argument; unimplemented of another version or kind

  bool operator==(const Unreadable&) const = default;  ///< by the reason
};

/// One message.
struct Message {
  std::uint64_t call = 0;  ///< which call it is about; 0 when that cannot be read, or there is none
  std::variant<Request, Reply, Cancel, Ping, Pong, GoAway, Unreadable> content{};  ///< what it says
  std::string body{};  ///< of a request or a reply

  bool operator==(const Message&) const = default;  ///< member by member
};

/// The frames of a message.
/// @pre it is not Unreadable, and its header fits: see kHeaderBytesMax
[[nodiscard]] Frames pack(Message message);

/// The message of these frames.
[[nodiscard]] Message unpack(Frames frames);

/// What a message says, for people: "request ..7875: Counter.Add, attempt 2", with the end of the call's number.
[[nodiscard]] std::string describe(const Message& message);

}  // namespace wire
}  // namespace conclave::rpc
