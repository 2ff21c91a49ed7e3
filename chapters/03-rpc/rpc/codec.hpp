/// @file
/// Structs as bytes and back: MessagePack, read under limits.
///
///     struct Add {
///       std::string counter;
///       std::int64_t delta = 0;
///       MSGPACK_DEFINE(counter, delta)
///     };
///     const std::string bytes = encode(Add{"visits", 1});
///     const Result<Add> add = decode<Add>(bytes);
///
/// A struct is an array of its members, in their order.  To change it, append members: an old reader passes over what it
/// does not know, and a new one leaves what is missing as it was made.
///
/// Laws
///  1. decode(encode(x)) is x.
///  2. Whatever the bytes are, decode() returns: the value, or an error that says what is wrong with them.
///  3. It takes memory in proportion to the bytes, not to the lengths that stand in them.
///  4. The bytes are one value and nothing behind it.
///
/// Call from anywhere; nothing here blocks.  Source: the MessagePack specification, "Formats".
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <msgpack.hpp>

#include "common/result.hpp"

namespace conclave::rpc {

/// What a value may be at most.
struct DecodeLimits {
  std::size_t bytes_max = 4 * 1024 * 1024;  ///< all of it
  std::size_t depth_max = 32;               ///< arrays and maps within each other; at most 64
};

namespace detail {

/// What the library writes to.
struct StringStream {
  std::string bytes{};
  /// Appends.
  void write(const char* data, std::size_t size) { bytes.append(data, size); }
};

/// Where the arrays and maps of a value lie while it is read: here, as long as they are small.
class Room {
 public:
  Room() = default;
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  /// Room for `count` of them, which have not begun to live.
  template <class T>
  T* take(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) == alignof(msgpack::object));
    const std::size_t bytes = count * sizeof(T);
    if (bytes <= here_.size() - used_)
      return reinterpret_cast<T*>(here_.data() + std::exchange(used_, used_ + bytes));
    return reinterpret_cast<T*>(
        elsewhere_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(bytes)).get());
  }

 private:
  static constexpr std::size_t kBytesHere = 768;
  alignas(std::max_align_t) std::array<std::byte, kBytesHere> here_;
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> elsewhere_;
};

/// Reads one value, which is all of `bytes`; its strings stay where they are, the rest of it is in `room`.
Result<msgpack::object> parse(std::string_view bytes, const DecodeLimits& limits, Room& room);

/// What an exception of the library says of the bytes.
Status refuse(const std::exception& error);

}  // namespace detail

/// A struct that says by MSGPACK_DEFINE what its members are.
template <class T>
concept Packable =
    std::is_default_constructible_v<T> &&
    requires(T& value, const msgpack::object& object) { value.msgpack_unpack(object); };

/// The bytes of a value.
/// @param bytes_expected   room that is made at once
template <class T>
[[nodiscard]] std::string encode(const T& value, std::size_t bytes_expected = 0) {
  detail::StringStream stream;
  stream.bytes.reserve(bytes_expected);
  msgpack::pack(stream, value);
  return std::move(stream.bytes);
}

/// The value in these bytes.
/// @return invalid_argument for bytes that are no T, that are too long or too deep, or that go on behind it
template <class T>
[[nodiscard]] Result<T> decode(std::string_view bytes, const DecodeLimits& limits = {}) {
  detail::Room room;
  const Result<msgpack::object> parsed = detail::parse(bytes, limits, room);
  if (!parsed.ok()) return parsed.status();
  try {
    T value{};
    parsed->convert(value);
    return value;
  } catch (const std::exception& error) {
    return detail::refuse(error);
  }
}

}  // namespace conclave::rpc
