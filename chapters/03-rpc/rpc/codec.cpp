#include "rpc/codec.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace conclave::rpc::detail {

namespace {

/// Whether a string is referred to rather than copied: `bytes` live as long as what is read from them.
bool stays_where_it_is(msgpack::type::object_type /*type*/, std::size_t /*size*/,
                       void* /*unused*/) {
  return true;
}

/// Reads a value and keeps nothing of it: says what is wrong with the bytes before memory is taken for them, and without an
/// exception, since whoever sends garbage does not wait for us.
///
/// The library takes memory as soon as it has read a length, and arrays within each other may promise as many elements, each,
/// as there are bytes.  What has been read to its end has kept its promises.
class Check : public msgpack::null_visitor {
 public:
  explicit Check(std::size_t depth_max) : depth_left_(depth_max) {}

  /// Ok, or what is wrong.
  [[nodiscard]] const Status& status() const { return status_; }

  bool start_array(std::uint32_t /*elements*/) { return open(); }
  bool start_map(std::uint32_t /*pairs*/) { return open(); }
  bool end_array() { return close(); }
  bool end_map() { return close(); }

  void insufficient_bytes(std::size_t /*read*/, std::size_t /*at*/) {
    static_cast<void>(refuse("the value is cut short"));
  }
  void parse_error(std::size_t /*read*/, std::size_t at) {
    static_cast<void>(refuse(fmt::format("byte {} of the value begins nothing", at)));
  }

 private:
  bool open() {
    if (depth_left_ == 0) return refuse("the value is nested too deeply");
    --depth_left_;
    return true;
  }

  bool close() {
    ++depth_left_;
    return true;
  }

  bool refuse(std::string why) {
    status_ = Status::invalid_argument(std::move(why));
    return false;
  }

  std::size_t depth_left_;
  Status status_{};
};

}  // namespace

Result<msgpack::object_handle> parse(std::string_view bytes, const DecodeLimits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return Status::invalid_argument(
        fmt::format("the value has {} bytes, and may have {}", bytes.size(), limits.bytes_max),
        "send less at a time");
  }
  Check check(limits.depth_max);
  std::size_t end = 0;
  static_cast<void>(msgpack::parse(bytes.data(), bytes.size(), end, check));
  if (!check.status().ok()) return check.status();
  if (end != bytes.size()) {
    return Status::invalid_argument(fmt::format("{} bytes stand behind the value, of {} in all",
                                                bytes.size() - end, bytes.size()));
  }
  constexpr std::size_t kAny = 0xffffffff;  // they have been checked
  const msgpack::unpack_limit unlimited(kAny, kAny, kAny, kAny, kAny, kAny);
  try {
    return msgpack::unpack(bytes.data(), bytes.size(), stays_where_it_is, nullptr, unlimited);
  } catch (const std::exception& error) {
    return refuse(error);
  }
}

Status refuse(const std::exception& error) {
  if (dynamic_cast<const msgpack::type_error*>(&error) != nullptr)
    return Status::invalid_argument("the value is of another type, or a number does not fit");
  return Status::invalid_argument(fmt::format("the value cannot be read: {}", error.what()));
}

}  // namespace conclave::rpc::detail
