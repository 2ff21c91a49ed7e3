// The laws of codec.hpp.
#include "rpc/codec.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.hpp"
#include "memory.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

using testing::HasSubstr;

struct Entry {
  std::string key;
  std::int64_t value = 0;
  MSGPACK_DEFINE(key, value)
};

struct Request {
  std::uint8_t kind = 0;
  std::vector<Entry> entries;
  std::map<std::string, double> weights;
  std::optional<std::string> note;
  MSGPACK_DEFINE(kind, entries, weights, note)
};

/// The same, as it was before.
struct OldEntry {
  std::string key;
  MSGPACK_DEFINE(key)
};

constexpr const char* kCutShort = "the value is cut short";

std::string refusal(std::string_view bytes, const DecodeLimits& limits = {}) {
  const Result<Request> request = decode<Request>(bytes, limits);
  EXPECT_FALSE(request.ok());
  if (request.ok()) return "";
  EXPECT_EQ(request.status().code(), Code::invalid_argument);
  return std::string(request.status().message());
}

const Request& example() {
  static const Request request{
      .kind = 255,
      .entries = {{"a", std::numeric_limits<std::int64_t>::min()}, {std::string("\0b", 2), 1}},
      .weights = {{"x", 0.5}},
      .note = "n"};
  return request;
}

TEST(Codec, GivesBackWhatItWasGiven) {  // law 1
  const Result<Request> same = decode<Request>(encode(example()));

  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->kind, 255);
  ASSERT_EQ(same->entries.size(), 2U);
  EXPECT_EQ(same->entries[0].value, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(same->entries[1].key, std::string("\0b", 2));
  EXPECT_EQ(same->weights.at("x"), 0.5);
  EXPECT_EQ(same->note, "n");
}

TEST(Codec, OldAndNewReadEachOther) {
  const Result<OldEntry> by_old = decode<OldEntry>(encode(Entry{"a", 7}));
  const Result<Entry> by_new = decode<Entry>(encode(OldEntry{"a"}));

  ASSERT_TRUE(by_old.ok()) << by_old.status();
  EXPECT_EQ(by_old->key, "a");
  ASSERT_TRUE(by_new.ok()) << by_new.status();
  EXPECT_EQ(by_new->key, "a");
  EXPECT_EQ(by_new->value, 0);
}

TEST(Codec, RefusesWhatIsCutShort) {  // law 2
  const std::string bytes = encode(example());

  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(refusal(bytes.substr(0, size)), kCutShort);
}

TEST(Codec, RefusesWhatStandsBehindTheValue) {  // law 4
  EXPECT_EQ(
      refusal(encode(example()) + "x"),
      fmt::format("1 bytes stand behind the value, of {} in all", encode(example()).size() + 1));
}

TEST(Codec, RefusesAnotherType) {
  EXPECT_THAT(refusal(encode(7)), HasSubstr("of another type"));
  EXPECT_THAT(refusal(encode(std::vector<int>{300})), HasSubstr("a number does not fit"));
  EXPECT_THAT(refusal(encode(std::vector<int>{-1})), HasSubstr("a number does not fit"));
}

TEST(Codec, RefusesWhatIsTooLongOrTooDeep) {
  EXPECT_EQ(refusal(std::string(11, '\x90'), {.bytes_max = 10}),
            "the value has 11 bytes, and may have 10");
  EXPECT_EQ(refusal(std::string(33, '\x91') + "\xc0"), "the value is nested too deeply");
  EXPECT_EQ(refusal(std::string(1'000'000, '\x91')), "the value is nested too deeply");
}

/// The memory that this process has asked for at most, in bytes.
std::size_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

TEST(Codec, BelievesNoLength) {  // law 3; the library's own limits take 96 GB for the first
  const std::size_t before = peak_bytes();
  for (const std::string& head :
       {std::string("\xdd\xff\xff\xff\xff", 5), std::string("\xdd\x04\0\0\0", 5),
        std::string("\xdf\xff\xff\xff\xff", 5), std::string("\xdb\xff\xff\xff\xff", 5),
        std::string("\xc6\xff\xff\xff\xff", 5), std::string("\xc9\xff\xff\xff\xff", 5)}) {
    EXPECT_EQ(refusal(head), kCutShort);
    EXPECT_EQ(refusal("\x92" + head), kCutShort);
  }
  std::string nested;  // each level takes what a level may take
  for (int i = 0; i < 30; ++i) nested += std::string("\xdd\0\x0f\xff\xff", 5);
  refusal(nested + std::string(1 << 20, '\xc0'));

  EXPECT_LT(peak_bytes() - before, std::size_t{64} << 20U);
}

// Arrays in each other, each of which promises no more than there are bytes: together they would be 3 GB.
TEST(Codec, BelievesNoLengthsThatAreTogetherTooLong) {  // law 3
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer needs all the address space there is";
  std::string nested;
  for (int i = 0; i < 31; ++i) nested += std::string("\xdd\0\x3f\xff\0", 5);
  nested.resize(4 * 1024 * 1024, '\xc0');
  const AddressSpaceLimit limit(std::size_t{256} << 20U);

  EXPECT_EQ(refusal(nested), kCutShort);
}

/// Any bytes, of which many begin a value.
std::string some_bytes(Random& random) {
  std::string bytes;
  for (std::uint64_t left = random.between(1, 12); left > 0; --left) {
    const bool is_head = random.below(2) == 0;
    bytes += static_cast<char>(is_head ? 0xc0 + random.below(0x20) : random.below(0x100));
  }
  return bytes;
}

TEST(Codec, ReadsWhatTheLibraryReads) {  // and refuses what it refuses
  Random random(seed_of_this_test());
  constexpr std::size_t kDepthMax = 3;
  int read = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string bytes = some_bytes(random);
    std::optional<msgpack::object_handle> theirs;
    try {
      std::size_t end = 0;
      constexpr std::size_t kAny = 64 * 1024;  // a longer one is refused before memory is taken
      theirs = msgpack::unpack(bytes.data(), bytes.size(), end, nullptr, nullptr,
                               msgpack::unpack_limit(kAny, kAny, kAny, kAny, kAny, kDepthMax));
      if (end != bytes.size()) theirs.reset();
    } catch (const std::exception&) {
    }

    detail::Room room;
    const auto ours = detail::parse(bytes, {.depth_max = kDepthMax}, room);

    ASSERT_EQ(ours.ok(), theirs.has_value()) << "round " << i;
    if (!ours.ok()) continue;
    std::ostringstream said[2];  // also what is not equal to itself, NaN
    said[0] << *ours;
    said[1] << theirs->get();
    ASSERT_EQ(said[0].str(), said[1].str()) << "round " << i;
    ++read;
  }
  EXPECT_GT(read, 1000);
}

struct Small {
  std::int8_t small = 0;
  std::uint64_t large = 0;
  MSGPACK_DEFINE(small, large)
};

// Other languages choose among the formats as they like.
TEST(Codec, ReadsANumberInAnyFormatAndNarrowsNone) {
  const auto array_of = [](std::string_view small, std::string_view large) {
    return std::string("\x92") + std::string(small) + std::string(large);
  };
  using namespace std::string_view_literals;

  const Result<Small> in_formats_with_a_sign = decode<Small>(array_of("\xd1\0\5"sv, "\xd0\7"sv));

  ASSERT_TRUE(in_formats_with_a_sign.ok()) << in_formats_with_a_sign.status();
  EXPECT_EQ(in_formats_with_a_sign->small, 5);
  EXPECT_EQ(in_formats_with_a_sign->large, 7U);
  EXPECT_FALSE(decode<Small>(array_of("\xd1\1\x2c"sv, "\7"sv)).ok());  // 300
  EXPECT_FALSE(decode<Small>(array_of("\xd3\0\0\0\0\xff\xff\xff\xff"sv, "\7"sv)).ok());
  EXPECT_FALSE(decode<Small>(array_of("\1"sv, "\xff"sv)).ok());  // -1
}

TEST(Codec, ReadsAnyBytes) {  // law 2
  for_each_seed(20, [](std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 2'000; ++i) {
      std::string bytes = encode(example());
      for (int changes = random.between(1, 4); changes > 0; --changes) {
        const auto at =
            static_cast<std::size_t>(random.between(0, static_cast<int>(bytes.size()) - 1));
        bytes[at] = static_cast<char>(random.between(0, 255));
      }
      static_cast<void>(decode<Request>(bytes));
    }
  });
}

}  // namespace
}  // namespace conclave::rpc
