/// @file
/// What a handler can know of its call, beside the request.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "channels/context.hpp"
#include "rpc/wire.hpp"

namespace conclave::rpc {

/// What is known of a call where it is handled.
struct CallInfo {
  std::string method{};     ///< "Counter.Add"
  std::string user{};       ///< who calls, if the transport knows; else empty
  Metadata metadata{};      ///< what came beside the request
  std::uint32_t attempt{};  ///< which sending of the call this is, from 1
};

namespace detail {
inline constexpr ContextKey<CallInfo> kCallInfo("call");
}

/// What is known of the call that `context` belongs to; null when it belongs to none.  Valid as long as a copy of it lives.
[[nodiscard]] inline const CallInfo* call_info(const Context& context) {
  return context.value(detail::kCallInfo);
}

/// A context of the call that `info` describes.
[[nodiscard]] inline Context with_call_info(const Context& parent, CallInfo info) {
  return with_value(parent, detail::kCallInfo, std::move(info));
}

}  // namespace conclave::rpc
