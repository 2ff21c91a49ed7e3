#include "common/assert.hpp"

#include <gtest/gtest.h>

namespace conclave {
namespace {

TEST(Assert, SaysNothingWhileTheLawHolds) { ensure(true, "never printed (value {})", 7); }

TEST(AssertDeathTest, NamesTheLawTheValuesAndThePlace) {
  const std::string index = "seven";
  EXPECT_EXIT(ensure(index.empty(), "an index is below the size (index {}, size {})", index, 5),
              testing::KilledBySignal(SIGABRT),
              "assertion failed: an index is below the size .index seven, size 5.\n  at "
              ".*assert_test.cpp:");
}

}  // namespace
}  // namespace conclave
