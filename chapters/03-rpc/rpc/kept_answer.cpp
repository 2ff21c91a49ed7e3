#include "rpc/kept_answer.hpp"

#include <cstdint>
#include <utility>

#include "common/assert.hpp"
#include "rpc/codec.hpp"

namespace conclave::rpc {

namespace {

struct Kept {
  std::uint32_t code = 0;
  std::string message{};
  std::string what_to_do{};
  std::string body{};
  MSGPACK_DEFINE(code, message, what_to_do, body)
};

}  // namespace

std::string pack_answer(const Result<std::string>& answer) {
  const Status status = answer.status();
  return encode(Kept{static_cast<std::uint32_t>(status.code()), std::string(status.message()),
                     std::string(status.what_to_do()), answer.value_or("")});
}

Result<std::string> unpack_answer(const std::string& bytes) {
  Result<Kept> kept = decode<Kept>(bytes, {.bytes_max = bytes.size()});
  ensure(kept.ok(), "a kept answer can be read ({})", kept.status());
  if (kept->code == 0) return std::move(kept->body);
  return Status(static_cast<Code>(kept->code), std::move(kept->message),
                std::move(kept->what_to_do));
}

}  // namespace conclave::rpc
