#include "03-6-break-the-decoder/decoders.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <variant>

#include <fmt/format.h>

#include "common/assert.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/wire.hpp"

namespace conclave {
namespace {

// --- the chapter's

Verdict verdict_of(const Status& why) {
  const std::string_view message = why.message();
  const auto says = [&](std::string_view part) {
    return message.find(part) != std::string_view::npos;
  };
  if (says("is of version")) return Verdict::version;
  if (says("cut short")) return Verdict::too_short;
  if (says("nested too deeply")) return Verdict::too_deep;
  if (says("stand behind the value")) return Verdict::too_much;
  if (says("another type, or a number")) return Verdict::misfit;
  if (says("twice")) return Verdict::name_twice;
  if (says("method is a name") || says("metadata has the name")) return Verdict::no_name;
  return Verdict::other;
}

// --- the others

enum class Mistake {
  none,
  trusts_a_length,     // takes memory for what a length promises
  no_depth_limit,      // reads arrays within arrays as deep as they come
  takes_what_follows,  // bytes behind the value are passed over
  narrows,             // the upper half of a number is cut off
  any_version,         // another version is read as this one
  refuses_additions,   // an element more than are known is an error
  last_one_wins,       // a name that is there twice has its last value
  nul_ends_a_text,     // a text ends at its first zero
};

struct Refused {
  Verdict verdict;
  std::string why;
};

/// A value of MessagePack, as far as a header needs it.
struct Value {
  enum class Type { nil, boolean, number, text, array, map, anything_else };
  Type type = Type::nil;
  std::uint64_t number = 0;
  std::string text{};
  std::vector<Value> items{};  // of a map: names and values in turn
};

constexpr std::size_t kHeaderMax = 8 * 1024;
constexpr std::size_t kMemoryMax = 1024 * 1024;

class Reader {
 public:
  Reader(const std::string& bytes, Mistake mistake) : bytes_(bytes), mistake_(mistake) {}

  Value value(std::size_t depth = 1) {
    const std::uint8_t first = byte();
    if (first <= 0x7f) return {.type = Value::Type::number, .number = first};
    if (first <= 0x8f) return items(Value::Type::map, first & 0x0fU, depth);
    if (first <= 0x9f) return items(Value::Type::array, first & 0x0fU, depth);
    if (first <= 0xbf) return text(first & 0x1fU);
    switch (first) {
      case 0xc0:
        return {};
      case 0xc1:
        throw Refused{Verdict::other, "0xc1 begins no value"};
      case 0xc2:
      case 0xc3:
        return {.type = Value::Type::boolean, .number = first & 1U};
      case 0xc4:  // binary, which passes for a text
      case 0xd9:
        return text(number(1));
      case 0xc5:
      case 0xda:
        return text(number(2));
      case 0xc6:
      case 0xdb:
        return text(number(4));
      case 0xc7:  // extensions: a length, a type, and so many bytes
      case 0xc8:
      case 0xc9:
        return skip(1 + number(std::size_t{1} << (first - 0xc7U)));
      case 0xca:
        return skip(4);
      case 0xcb:
        return skip(8);
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return {.type = Value::Type::number, .number = number(std::size_t{1} << (first - 0xccU))};
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return signed_number(std::size_t{1} << (first - 0xd0U));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return skip(1 + (std::size_t{1} << (first - 0xd4U)));
      case 0xdc:
        return items(Value::Type::array, number(2), depth);
      case 0xdd:
        return items(Value::Type::array, number(4), depth);
      case 0xde:
        return items(Value::Type::map, number(2), depth);
      case 0xdf:
        return items(Value::Type::map, number(4), depth);
      default:  // 0xe0 and above: a negative number in one byte
        return {.type = Value::Type::anything_else};
    }
  }

  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

 private:
  [[noreturn]] static void too_short() {
    throw Refused{Verdict::too_short, "the bytes end before the value does"};
  }

  /// What a decoder that believes a promise allocates for it.
  void take_memory(std::uint64_t promised, std::size_t each) const {
    if (promised > kMemoryMax / each) {
      panic(fmt::format("out of memory: {} bytes for a header of {}", promised * each,
                        bytes_.size()));
    }
  }

  std::uint8_t byte() {
    if (left() == 0) too_short();
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }

  std::uint64_t number(std::size_t size) {
    std::uint64_t sum = 0;
    for (; size > 0; --size) sum = sum << 8U | byte();
    return sum;
  }

  Value signed_number(std::size_t size) {
    const std::uint64_t bits = number(size);
    const bool is_negative = (bits >> (8 * size - 1) & 1U) != 0;
    if (is_negative) return {.type = Value::Type::anything_else};
    return {.type = Value::Type::number, .number = bits};
  }

  Value skip(std::uint64_t size) {
    if (size > left()) too_short();
    at_ += size;
    return {.type = Value::Type::anything_else};
  }

  Value text(std::uint64_t size) {
    if (mistake_ == Mistake::trusts_a_length) take_memory(size, 1);
    if (size > left()) too_short();
    std::string text = bytes_.substr(at_, size);
    at_ += size;
    if (mistake_ == Mistake::nul_ends_a_text) text = text.c_str();
    return {.type = Value::Type::text, .text = std::move(text)};
  }

  Value items(Value::Type type, std::uint64_t count, std::size_t depth) {
    constexpr std::size_t kDepthMax = 4;
    if (mistake_ == Mistake::trusts_a_length) take_memory(count, sizeof(Value));
    if (count > bytes_.size()) too_short();
    if (depth > kDepthMax && mistake_ != Mistake::no_depth_limit) {
      throw Refused{Verdict::too_deep, fmt::format("arrays and maps are {} deep", depth)};
    }
    Value all{.type = type};
    if (type == Value::Type::map) count *= 2;
    for (; count > 0; --count) all.items.push_back(value(depth + 1));
    return all;
  }

  const std::string& bytes_;
  Mistake mistake_;
  std::size_t at_ = 0;
};

class OtherDecoder {
 public:
  explicit OtherDecoder(Mistake mistake) : mistake_(mistake) {}

  Opinion operator()(const std::string& header) const {
    try {
      read(header);
      return {Verdict::read, ""};
    } catch (const Refused& refused) {
      return {refused.verdict, refused.why};
    }
  }

 private:
  void read(const std::string& bytes) const {
    if (bytes.size() > kHeaderMax) throw Refused{Verdict::other, "a header has 8 KiB at most"};
    Reader reader(bytes, mistake_);
    const Value header = reader.value();
    if (reader.left() != 0 && mistake_ != Mistake::takes_what_follows) {
      throw Refused{Verdict::too_much, fmt::format("{} bytes follow", reader.left())};
    }
    if (header.type != Value::Type::array || header.items.size() < 4)
      throw Refused{Verdict::other, "a header is an array of four elements or more"};
    const std::string& magic = text(header.items[0]);
    const std::uint64_t version = number(header.items[1], kBits32);
    const std::uint64_t kind = number(header.items[2], kBits32);
    const std::uint64_t call = number(header.items[3], kBits64);
    if (magic != "CV") throw Refused{Verdict::other, "a header begins with \"CV\""};
    if (version != 1 && mistake_ != Mistake::any_version)
      throw Refused{Verdict::version, fmt::format("it is of version {}", version)};
    if (kind != 1) throw Refused{Verdict::other, fmt::format("it is of kind {}", kind)};
    request(header, call);
  }

  void request(const Value& header, std::uint64_t call) const {
    const auto element = [&](std::size_t i) {
      return i < header.items.size() ? &header.items[i] : nullptr;
    };
    no_more_than(9, header);
    const std::string method = element(4) != nullptr ? text(*element(4)) : "";
    if (element(5) != nullptr) check(*element(5), kBits64);
    if (element(6) != nullptr) check(*element(6), kBits32);
    if (element(7) != nullptr && element(7)->type != Value::Type::nil) once(*element(7));
    std::vector<std::pair<std::string, std::string>> pairs;
    if (element(8) != nullptr) pairs = texts_by_texts(*element(8));

    if (call == 0) throw Refused{Verdict::other, "a request has the number 0"};
    if (!rpc::is_method_name(method)) throw Refused{Verdict::no_name, "a method's name is none"};
    rpc::Metadata metadata;
    for (const auto& [name, value] : pairs) {
      if (!metadata.emplace(name, value).second && mistake_ != Mistake::last_one_wins)
        throw Refused{Verdict::name_twice, fmt::format("\"{}\" is there twice", name)};
    }
    std::size_t size = 0;
    for (const auto& [name, value] : metadata) {
      if (name.empty() ||
          name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") != std::string::npos)
        throw Refused{Verdict::no_name, "a name in metadata is none"};
      size += name.size() + value.size();
    }
    constexpr std::size_t kMetadataMax = 4 * 1024;
    if (size > kMetadataMax) throw Refused{Verdict::other, "metadata has 4 KiB at most"};
  }

  void once(const Value& value) const {
    if (value.type != Value::Type::array) misfit();
    no_more_than(3, value);
    for (std::size_t i = 0; i < value.items.size() && i < 3; ++i) check(value.items[i], kBits64);
  }

  void no_more_than(std::size_t count, const Value& value) const {
    if (mistake_ == Mistake::refuses_additions && value.items.size() > count) {
      throw Refused{Verdict::other,
                    fmt::format("{} elements, and {} are known", value.items.size(), count)};
    }
  }

  static std::vector<std::pair<std::string, std::string>> texts_by_texts(const Value& value) {
    if (value.type != Value::Type::map) misfit();
    std::vector<std::pair<std::string, std::string>> pairs;
    for (std::size_t i = 0; i < value.items.size(); i += 2)
      pairs.emplace_back(text(value.items[i]), text(value.items[i + 1]));
    return pairs;
  }

  static const std::string& text(const Value& value) {
    if (value.type != Value::Type::text) misfit();
    return value.text;
  }

  [[nodiscard]] std::uint64_t number(const Value& value, std::uint64_t max) const {
    if (value.type != Value::Type::number) misfit();
    if (mistake_ == Mistake::narrows) return value.number & max;
    if (value.number > max) misfit();
    return value.number;
  }

  void check(const Value& value, std::uint64_t max) const { static_cast<void>(number(value, max)); }

  [[noreturn]] static void misfit() {
    throw Refused{Verdict::misfit, "an element is of another type, or a number does not fit"};
  }

  static constexpr std::uint64_t kBits32 = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint64_t kBits64 = std::numeric_limits<std::uint64_t>::max();

  Mistake mistake_;
};

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::read:
      return "read";
    case Verdict::too_short:
      return "too_short";
    case Verdict::too_deep:
      return "too_deep";
    case Verdict::too_much:
      return "too_much";
    case Verdict::version:
      return "version";
    case Verdict::misfit:
      return "misfit";
    case Verdict::no_name:
      return "no_name";
    case Verdict::name_twice:
      return "name_twice";
    case Verdict::other:
      break;
  }
  return "other";
}

std::string bytes(std::string_view text) {
  const auto digit = [&](char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::size_t value = kDigits.find(c);
    if (value == std::string_view::npos)
      panic(
          fmt::format("bytes(\"{}\"): want pairs of hex digits, and text between single quotes, "
                      "where '{}' is",
                      text, c));
    return value;
  };
  std::string all;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text[i] == '\'') {
      const std::size_t end = std::min(text.find('\'', i + 1), text.size());
      all += text.substr(i + 1, end - i - 1);
      i = end;
    } else {
      const std::size_t high = digit(text[i]);
      ++i;
      all += static_cast<char>(high << 4U | digit(i < text.size() ? text[i] : ' '));
    }
  }
  return all;
}

Decoder our_decoder() {
  return [](const std::string& header) -> Opinion {
    const rpc::wire::Message message = rpc::wire::unpack({header, ""});
    if (const auto* unreadable = std::get_if<rpc::wire::Unreadable>(&message.content))
      return {verdict_of(unreadable->why), std::string(unreadable->why.message())};
    if (std::holds_alternative<rpc::wire::Request>(message.content)) return {Verdict::read, ""};
    return {Verdict::other, "it is no request"};
  };
}

Decoder other_decoder() { return OtherDecoder(Mistake::none); }

std::vector<std::pair<std::string, Decoder>> planted_decoders() {
  return {
      {"it takes memory for what a length promises", OtherDecoder(Mistake::trusts_a_length)},
      {"it reads arrays within arrays as deep as they come", OtherDecoder(Mistake::no_depth_limit)},
      {"it passes over bytes that stand behind the value",
       OtherDecoder(Mistake::takes_what_follows)},
      {"it cuts off the upper half of a number that does not fit", OtherDecoder(Mistake::narrows)},
      {"it reads another version as if it were this one", OtherDecoder(Mistake::any_version)},
      {"it refuses an element that a later version has appended",
       OtherDecoder(Mistake::refuses_additions)},
      {"a name that is there twice has its last value", OtherDecoder(Mistake::last_one_wins)},
      {"a text ends at its first zero byte", OtherDecoder(Mistake::nul_ends_a_text)},
  };
}

}  // namespace conclave
