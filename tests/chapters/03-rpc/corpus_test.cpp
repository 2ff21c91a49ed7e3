// Each file of the kept corpus goes through the decoder: it is read, or refused with what is wrong with it, within memory in
// proportion to its bytes.
#include "corpus.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fuzz/values.hpp"
#include "memory.hpp"
#include "rpc/codec.hpp"
#include "rpc/wire.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace conclave::rpc {
namespace {

using testing::HasSubstr;

constexpr const char* kRead = "";  // and not refused
constexpr const char* kOtherType = "of another type, or a number does not fit";
constexpr const char* kCutShort = "cut short";
constexpr const char* kTooDeep = "nested too deeply";
constexpr const char* kBehind = "behind the value";
constexpr const char* kNoArray = "an array of four elements or more";
constexpr const char* kUnreadable = "of the value begins nothing";

using Expected = std::map<std::string, const char*>;  // by the name of a file: what is said of it

const Expected& expected_of_headers() {
  static const Expected expected = {
      {"another-magic", "does not begin with \"CV\""},
      {"array-of-4-billion", kCutShort},
      {"array-of-4-billion-after-the-prefix", kCutShort},
      {"attempt-of-64-bits", kOtherType},
      {"call-0", "the number 0"},
      {"call-nan", kOtherType},
      {"call-negative", kOtherType},
      {"cancel", kRead},
      {"depth-8192", kTooDeep},
      {"elements-of-a-later-version", kRead},
      {"empty", kCutShort},
      {"go-away", kRead},
      {"http", kBehind},
      {"kind-0", "of kind 0"},
      {"kind-99", "of kind 99"},
      {"map-instead-of-array", kNoArray},
      {"metadata-map-of-4-billion", kCutShort},
      {"metadata-of-numbers", kOtherType},
      {"metadata-that-is-an-array", kOtherType},
      {"metadata-with-a-repeated-name", "\"user\" twice"},
      {"metadata-with-an-upper-case-name", "the name \"User\""},
      {"method-longer-than-the-frame", kCutShort},
      {"method-of-129-bytes", "a name of 129 bytes"},
      {"method-that-is-an-ext", kOtherType},
      {"method-with-a-nul", "a name of 3 bytes"},
      {"most-names-of-metadata", kRead},
      {"nested-5-deep", kTooDeep},
      {"never-used-byte", kUnreadable},
      {"nil", kNoArray},
      {"once-empty", kRead},
      {"once-of-strings", kOtherType},
      {"ping", kRead},
      {"pong", kRead},
      {"remaining-negative", kOtherType},
      {"reply", kRead},
      {"reply-with-a-code-of-a-later-version", kRead},
      {"reply-with-an-error", kRead},
      {"request", kRead},
      {"request-cut-after-the-method", kRead},
      {"request-once-with-metadata", kRead},
      {"three-elements", kNoArray},
      {"time-left-of-584942-years", kRead},
      {"tls-client-hello", kBehind},
      {"trailing-byte", kBehind},
      {"two-headers", kBehind},
      {"version-2", "of version 2"},
      {"version-of-64-bits", kOtherType},
  };
  return expected;
}

const Expected& expected_of_bodies() {
  static const Expected expected = {
      {"array-of-4-billion", kCutShort},
      {"array-with-nothing-in-it", kCutShort},
      {"bin-longer-than-the-frame", kCutShort},
      {"depth-32", kOtherType},
      {"depth-33", kTooDeep},
      {"depth-of-maps-1000", kTooDeep},
      {"empty", kCutShort},
      {"everything", kRead},
      {"everything-missing", kRead},
      {"ext-longer-than-the-frame", kCutShort},
      {"ext-of-no-bytes", kOtherType},
      {"four-for-an-array-of-three", kOtherType},
      {"infinity", kRead},
      {"key-that-is-a-map", kOtherType},
      {"lengths-together-too-long", kCutShort},
      {"map-of-4-billion", kCutShort},
      {"map-with-repeated-key", kRead},
      {"map-without-its-last-value", kCutShort},
      {"nan", kRead},
      {"negative-unsigned", kOtherType},
      {"never-used-byte", kUnreadable},
      {"records-of-4-billion", kCutShort},
      {"signed-too-large", kOtherType},
      {"str-for-an-array", kOtherType},
      {"str-longer-than-the-frame", kCutShort},
      {"text-of-invalid-utf-8", kRead},
      {"timestamp", kOtherType},
      {"trailing-bytes", kBehind},
      {"unsigned-too-large", kOtherType},
  };
  return expected;
}

/// Feeds each file of `folder` to `refusal`, which returns what is said of it.
template <class Refusal>
void expect_of(std::string_view folder, const Expected& expected, Refusal refusal) {
  std::set<std::string> read;
  for (const CorpusFile& file : corpus(folder)) {
    SCOPED_TRACE(file.name);
    read.insert(file.name);
    const auto said = expected.find(file.name);
    if (said == expected.end()) {
      ADD_FAILURE() << "say in this test what is to become of it";
      continue;
    }
    const std::string refused = refusal(file.bytes);
    EXPECT_EQ(refused.empty(), said->second == kRead) << refused;
    EXPECT_THAT(refused, HasSubstr(said->second));
  }
  EXPECT_EQ(read.size(), expected.size()) << "a file is missing";
}

/// How much may be mapped for a file of the corpus, the largest of which has 8 KiB; as long as this lives.
AddressSpaceLimit little_memory() { return AddressSpaceLimit(std::size_t{4} << 20U); }

TEST(Corpus, OfHeadersIsReadOrRefused) {
  const auto refusal = [](const std::string& header) -> std::string {
    const auto limit = little_memory();
    const wire::Message message = wire::unpack({header, ""});
    const auto* unreadable = std::get_if<wire::Unreadable>(&message.content);
    return unreadable == nullptr ? "" : to_string(unreadable->why);
  };

  expect_of("wire", expected_of_headers(), refusal);
}

TEST(Corpus, OfBodiesIsReadOrRefused) {
  const auto refusal = [](const std::string& body) -> std::string {
    const auto limit = little_memory();
    const Result<Everything> value = decode<Everything>(body);
    return value.ok() ? "" : to_string(value.status());
  };

  expect_of("body", expected_of_bodies(), refusal);
}

// The fuzzer itself asserts; this keeps it in use, and what it has found found.
TEST(Corpus, PassesTheFuzzer) {
  for (const char* folder : {"wire", "body", "found"}) {
    for (const CorpusFile& file : corpus(folder)) {
      SCOPED_TRACE(file.name);
      EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(file.bytes.data()),
                                       file.bytes.size()),
                0);
    }
  }
}

// Anybody can send this: it is not a file because it is long.
TEST(Corpus, OfDepthsIsRefusedWithoutAStackOverflow) {
  constexpr std::size_t kDeep = 1'000'000;
  for (const char* head : {"\x91", "\x81"}) {
    std::string body;
    for (std::size_t i = 0; i < kDeep; ++i) body += head;
    EXPECT_THAT(to_string(decode<Everything>(body).status()), HasSubstr(kTooDeep));
    EXPECT_THAT(to_string(decode<Everything>(body + '\xc0').status()), HasSubstr(kTooDeep));
  }
}

}  // namespace
}  // namespace conclave::rpc
