#include "rpc/codec.hpp"

#include <bit>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace conclave::rpc::detail {

namespace {

/// Reads one value into the library's tree of objects; strings stay where they are.
///
/// The library's own reader goes on where bytes end, and asks four times for memory for the smallest value; here all bytes
/// are there, and say how many elements there can be at most.
class Reader {
 public:
  Reader(std::string_view bytes, std::size_t depth_max, Room& room)
      : rest_(bytes), elements_max_(bytes.size()), depth_max_(depth_max), room_(room) {}

  /// @throws the library's exceptions, which refuse() explains
  void read(msgpack::object& value, std::size_t depth = 0) {
    const auto head = number<std::uint8_t>();
    if (head < 0x80) return unsigned_integer(value, head);
    if (head < 0x90) return map(value, head & 0x0fU, depth);
    if (head < 0xa0) return array(value, head & 0x0fU, depth);
    if (head < 0xc0) return string(value, head & 0x1fU);
    if (head >= 0xe0) return integer(value, static_cast<std::int8_t>(head));
    read_long(value, head, depth);
  }

  /// What stands behind the value.
  [[nodiscard]] std::size_t bytes_left() const { return rest_.size(); }

 private:
  /// What the first byte alone does not tell.  @rule{MessagePack specification, "Formats", "Overview"}
  void read_long(msgpack::object& value, std::uint8_t head, std::size_t depth) {
    switch (head) {
      case 0xc0:
        value.type = msgpack::type::NIL;
        return;
      case 0xc2:
      case 0xc3:
        value.type = msgpack::type::BOOLEAN;
        value.via.boolean = head == 0xc3;
        return;
      case 0xc4:
        return binary(value, number<std::uint8_t>());
      case 0xc5:
        return binary(value, number<std::uint16_t>());
      case 0xc6:
        return binary(value, number<std::uint32_t>());
      case 0xc7:
        return extension(value, number<std::uint8_t>());
      case 0xc8:
        return extension(value, number<std::uint16_t>());
      case 0xc9:
        return extension(value, number<std::uint32_t>());
      case 0xca:
        value.type = msgpack::type::FLOAT32;
        value.via.f64 = std::bit_cast<float>(number<std::uint32_t>());
        return;
      case 0xcb:
        value.type = msgpack::type::FLOAT64;
        value.via.f64 = std::bit_cast<double>(number<std::uint64_t>());
        return;
      case 0xcc:
        return unsigned_integer(value, number<std::uint8_t>());
      case 0xcd:
        return unsigned_integer(value, number<std::uint16_t>());
      case 0xce:
        return unsigned_integer(value, number<std::uint32_t>());
      case 0xcf:
        return unsigned_integer(value, number<std::uint64_t>());
      case 0xd0:
        return integer(value, static_cast<std::int8_t>(number<std::uint8_t>()));
      case 0xd1:
        return integer(value, static_cast<std::int16_t>(number<std::uint16_t>()));
      case 0xd2:
        return integer(value, static_cast<std::int32_t>(number<std::uint32_t>()));
      case 0xd3:
        return integer(value, static_cast<std::int64_t>(number<std::uint64_t>()));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return extension(value, 1U << (head - 0xd4U));
      case 0xd9:
        return string(value, number<std::uint8_t>());
      case 0xda:
        return string(value, number<std::uint16_t>());
      case 0xdb:
        return string(value, number<std::uint32_t>());
      case 0xdc:
        return array(value, number<std::uint16_t>(), depth);
      case 0xdd:
        return array(value, number<std::uint32_t>(), depth);
      case 0xde:
        return map(value, number<std::uint16_t>(), depth);
      case 0xdf:
        return map(value, number<std::uint32_t>(), depth);
      default:
        throw msgpack::parse_error("a byte begins no value");
    }
  }

  static void unsigned_integer(msgpack::object& value, std::uint64_t number) {
    value.type = msgpack::type::POSITIVE_INTEGER;
    value.via.u64 = number;
  }

  static void integer(msgpack::object& value, std::int64_t number) {
    if (number >= 0) return unsigned_integer(value, static_cast<std::uint64_t>(number));
    value.type = msgpack::type::NEGATIVE_INTEGER;
    value.via.i64 = number;
  }

  void string(msgpack::object& value, std::uint32_t size) {
    value.type = msgpack::type::STR;
    value.via.str = {size, bytes(size)};
  }

  void binary(msgpack::object& value, std::uint32_t size) {
    value.type = msgpack::type::BIN;
    value.via.bin = {size, bytes(size)};
  }

  void extension(msgpack::object& value, std::uint32_t size) {
    value.type = msgpack::type::EXT;
    value.via.ext = {size, bytes(std::size_t{1} + size)};  // its type stands before it
  }

  void array(msgpack::object& value, std::uint32_t size, std::size_t depth) {
    descend(size, depth);
    value.type = msgpack::type::ARRAY;
    value.via.array = {size, room_.take<msgpack::object>(size)};
    for (std::uint32_t i = 0; i < size; ++i) read(value.via.array.ptr[i], depth + 1);
  }

  void map(msgpack::object& value, std::uint32_t size, std::size_t depth) {
    descend(std::size_t{2} * size, depth);
    value.type = msgpack::type::MAP;
    value.via.map = {size, room_.take<msgpack::object_kv>(size)};
    for (std::uint32_t i = 0; i < size; ++i) {
      read(value.via.map.ptr[i].key, depth + 1);
      read(value.via.map.ptr[i].val, depth + 1);
    }
  }

  /// An element takes a byte or more, so of all arrays together there are no more than bytes: more is a lie, for which no
  /// memory is taken.
  void descend(std::size_t size, std::size_t depth) {
    if (size > elements_max_) throw msgpack::array_size_overflow("too many elements");
    elements_max_ -= size;
    if (depth >= depth_max_) throw msgpack::depth_size_overflow("too deep");
  }

  const char* bytes(std::size_t size) {
    if (size > rest_.size()) throw msgpack::insufficient_bytes("cut short");
    const char* begin = rest_.data();
    rest_.remove_prefix(size);
    return begin;
  }

  /// The most significant byte comes first.
  template <class T>
  T number() {
    const char* from = bytes(sizeof(T));
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      number = number << 8U | static_cast<unsigned char>(from[i]);
    return static_cast<T>(number);
  }

  std::string_view rest_;
  std::size_t elements_max_;  // how many there can still be
  std::size_t depth_max_;
  Room& room_;
};

}  // namespace

Result<msgpack::object> parse(std::string_view bytes, const DecodeLimits& limits, Room& room) {
  if (bytes.size() > limits.bytes_max) {
    return Status::invalid_argument(
        fmt::format("the value has {} bytes, and may have {}", bytes.size(), limits.bytes_max),
        "send less at a time");
  }
  try {
    msgpack::object value;
    Reader reader(bytes, limits.depth_max, room);
    reader.read(value);
    if (reader.bytes_left() == 0) return value;
    return Status::invalid_argument(fmt::format("{} bytes stand behind the value, of {} in all",
                                                reader.bytes_left(), bytes.size()));
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
