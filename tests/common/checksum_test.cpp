#include "common/checksum.hpp"

#include <string>

#include <gtest/gtest.h>

namespace conclave {
namespace {

// What xxHash 0.8 prints, `xxhsum -H3`, and thus what is in the files of every journal.
TEST(Checksum, IsTheSameEverywhere) {  // law 1
  EXPECT_EQ(checksum(""), 0x2d06800538d394c2U);
  EXPECT_EQ(checksum("conclave"), 0xb294247ea87e55ddU);
}

TEST(Checksum, TellsEveryFlippedBit) {  // law 2
  std::string bytes(64, 'a');
  const std::uint64_t before = checksum(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(checksum(bytes), before) << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
}

TEST(Checksum, DependsOnTheSeed) { EXPECT_NE(checksum("conclave", 1), checksum("conclave", 2)); }

}  // namespace
}  // namespace conclave
