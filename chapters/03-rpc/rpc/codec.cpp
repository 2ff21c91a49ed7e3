#include "rpc/codec.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

namespace conclave::rpc::detail {

namespace {

/// Whether a string is referred to rather than copied: `bytes` live as long as what is read from them.
bool stays_where_it_is(msgpack::type::object_type /*type*/, std::size_t /*size*/,
                       void* /*unused*/) {
  return true;
}

}  // namespace

Result<msgpack::object_handle> parse(std::string_view bytes, const DecodeLimits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return Status::invalid_argument(
        fmt::format("the value has {} bytes, and may have {}", bytes.size(), limits.bytes_max),
        "send less at a time");
  }
  // An element takes a byte or more, so a length above what is there is a lie: no memory is taken for it.
  const std::size_t elements_max = bytes.size();
  const msgpack::unpack_limit lengths(elements_max, elements_max, elements_max, elements_max,
                                      elements_max, limits.depth_max);
  // Room for the arrays and maps of a small value: an allocator has such pieces at hand, and not the 8 KiB that are usual.
  constexpr std::size_t kRoom = 512;
  try {
    std::size_t end = 0;
    bool is_referred_to = false;
    auto zone = std::make_unique<msgpack::zone>(kRoom);
    const msgpack::object value =
        msgpack::unpack(*zone, bytes.data(), bytes.size(), end, is_referred_to, stays_where_it_is,
                        nullptr, lengths);
    if (end == bytes.size()) return msgpack::object_handle(value, std::move(zone));
    return Status::invalid_argument(fmt::format("{} bytes stand behind the value, of {} in all",
                                                bytes.size() - end, bytes.size()));
  } catch (const std::exception& error) {
    return refuse(error);
  }
}

Status refuse(const std::exception& error) {
  if (dynamic_cast<const msgpack::insufficient_bytes*>(&error) != nullptr)
    return Status::invalid_argument("the value is cut short");
  if (dynamic_cast<const msgpack::depth_size_overflow*>(&error) != nullptr)
    return Status::invalid_argument("the value is nested too deeply");
  if (dynamic_cast<const msgpack::size_overflow*>(&error) != nullptr)
    return Status::invalid_argument("a length in the value is longer than the value");
  if (dynamic_cast<const msgpack::type_error*>(&error) != nullptr)
    return Status::invalid_argument("the value is of another type, or a number does not fit");
  return Status::invalid_argument(fmt::format("the value cannot be read: {}", error.what()));
}

}  // namespace conclave::rpc::detail
