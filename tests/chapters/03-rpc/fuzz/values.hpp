// What the decoder is asked to read: requests as programs have them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rpc/codec.hpp"
#include "rpc/session_record.hpp"

namespace conclave::rpc {

/// A member of each kind that a request may have.
struct Everything {
  std::uint8_t small = 0;
  std::int64_t large = 0;
  bool flag = false;
  double fraction = 0;
  std::string text{};
  std::vector<char> bytes{};
  std::optional<std::string> note{};
  std::array<std::uint16_t, 3> three{};
  std::vector<AnswerRecord> records{};
  std::map<std::string, std::vector<std::int32_t>> lists{};
  MSGPACK_DEFINE(small, large, flag, fraction, text, bytes, note, three, records, lists)
};

/// A single member.
struct OneText {
  std::string text{};
  MSGPACK_DEFINE(text)
};

/// None.
struct Empty {
  MSGPACK_DEFINE()
};

}  // namespace conclave::rpc
