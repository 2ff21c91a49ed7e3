#include "rpc/codec.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "common/assert.hpp"

namespace conclave::rpc::detail {

namespace {

constexpr std::size_t kDepthMax = 64;

/// Makes a tree of objects of what the library reads; strings stay where they are.
///
/// The library's own way from bytes to objects takes memory as soon as it has read a length, for each of many arrays within
/// each other as much as there are bytes in all, asks for memory where there is nothing to keep, and throws at what is wrong:
/// whoever sends garbage does not wait for us.
class Builder : public msgpack::null_visitor {
 public:
  Builder(std::size_t bytes, std::size_t depth_max, Room& room)
      : elements_left_(bytes), depth_max_(depth_max), room_(room) {
    next_[0] = &value_;
  }

  /// Ok, or what is wrong.
  [[nodiscard]] const Status& status() const { return status_; }
  /// What was read.
  [[nodiscard]] const msgpack::object& value() const { return value_; }

  // What the library finds.

  bool visit_nil() {
    next().type = msgpack::type::NIL;
    return true;
  }
  bool visit_boolean(bool value) {
    next().type = msgpack::type::BOOLEAN;
    next().via.boolean = value;
    return true;
  }
  bool visit_positive_integer(std::uint64_t value) {
    next().type = msgpack::type::POSITIVE_INTEGER;
    next().via.u64 = value;
    return true;
  }
  bool visit_negative_integer(std::int64_t value) {
    if (value >= 0)  // in a format with a sign
      return visit_positive_integer(static_cast<std::uint64_t>(value));
    next().type = msgpack::type::NEGATIVE_INTEGER;
    next().via.i64 = value;
    return true;
  }
  bool visit_float32(float value) {
    next().type = msgpack::type::FLOAT32;
    next().via.f64 = value;
    return true;
  }
  bool visit_float64(double value) {
    next().type = msgpack::type::FLOAT64;
    next().via.f64 = value;
    return true;
  }
  bool visit_str(const char* bytes, std::uint32_t size) {
    next().type = msgpack::type::STR;
    next().via.str = {size, bytes};
    return true;
  }
  bool visit_bin(const char* bytes, std::uint32_t size) {
    next().type = msgpack::type::BIN;
    next().via.bin = {size, bytes};
    return true;
  }
  bool visit_ext(const char* bytes, std::uint32_t size) {  // its type is the first of these
    next().type = msgpack::type::EXT;
    next().via.ext = {size - 1, bytes};
    return true;
  }

  bool start_array(std::uint32_t size) {
    if (!may_open(size)) return false;
    auto* elements = room_.take<msgpack::object>(size);
    next().type = msgpack::type::ARRAY;
    next().via.array = {size, elements};
    return open(elements);
  }
  bool start_map(std::uint32_t size) {
    if (!may_open(2 * std::uint64_t{size})) return false;
    auto* pairs = room_.take<msgpack::object_kv>(size);
    next().type = msgpack::type::MAP;
    next().via.map = {size, pairs};
    return open(reinterpret_cast<msgpack::object*>(pairs));  // a key, its value, the next key
  }
  bool end_array_item() { return step(); }
  bool end_map_key() { return step(); }
  bool end_map_value() { return step(); }
  bool end_array() { return close(); }
  bool end_map() { return close(); }

  void insufficient_bytes(std::size_t /*read*/, std::size_t /*at*/) {
    static_cast<void>(refuse("the value is cut short"));
  }
  void parse_error(std::size_t /*read*/, std::size_t at) {
    static_cast<void>(refuse(fmt::format("byte {} of the value begins nothing", at)));
  }

 private:
  static_assert(sizeof(msgpack::object_kv) == 2 * sizeof(msgpack::object));

  /// An element takes a byte or more, so no value has more elements than bytes, wherever in it they are.
  bool may_open(std::uint64_t elements) {
    if (elements > elements_left_) return refuse("the value is cut short");
    elements_left_ -= static_cast<std::size_t>(elements);
    if (depth_ == depth_max_) return refuse("the value is nested too deeply");
    return true;
  }

  bool open(msgpack::object* elements) {
    next_.at(++depth_) = elements;
    return true;
  }
  bool step() {
    ++next_.at(depth_);
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }
  bool refuse(std::string why) {
    status_ = Status::invalid_argument(std::move(why));
    return false;
  }

  /// Where the next value goes.
  msgpack::object& next() { return *next_.at(depth_); }

  msgpack::object value_{};
  std::array<msgpack::object*, kDepthMax + 1> next_;  // at each depth
  std::size_t depth_ = 0;
  std::size_t elements_left_;  // how many there can still be
  std::size_t depth_max_;
  Room& room_;
  Status status_{};
};

}  // namespace

Result<msgpack::object> parse(std::string_view bytes, const DecodeLimits& limits, Room& room) {
  ensure(limits.depth_max <= kDepthMax, "depth_max is at most {} (it is {})", kDepthMax,
         limits.depth_max);
  if (bytes.size() > limits.bytes_max) {
    return Status::invalid_argument(
        fmt::format("the value has {} bytes, and may have {}", bytes.size(), limits.bytes_max),
        "send less at a time");
  }
  Builder builder(bytes.size(), limits.depth_max, room);
  std::size_t end = 0;
  static_cast<void>(msgpack::parse(bytes.data(), bytes.size(), end, builder));
  if (!builder.status().ok()) return builder.status();
  if (end != bytes.size()) {
    return Status::invalid_argument(fmt::format("{} bytes stand behind the value, of {} in all",
                                                bytes.size() - end, bytes.size()));
  }
  return builder.value();
}

Status refuse(const std::exception& error) {
  if (dynamic_cast<const msgpack::type_error*>(&error) != nullptr)
    return Status::invalid_argument("the value is of another type, or a number does not fit");
  return Status::invalid_argument(fmt::format("the value cannot be read: {}", error.what()));
}

}  // namespace conclave::rpc::detail
