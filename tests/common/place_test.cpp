#include "common/place.hpp"

#include <gtest/gtest.h>

namespace conclave {
namespace {

TEST(Place, IsNamedFromTheRootOfTheBook) {
  const std::source_location here = std::source_location::current();

  EXPECT_EQ(to_string(here), "tests/common/place_test.cpp:" + std::to_string(here.line()));
  EXPECT_EQ(from_the_root(__FILE__), "tests/common/place_test.cpp");
}

TEST(Place, OutsideTheBookKeepsItsName) {
  EXPECT_EQ(from_the_root("/usr/include/fmt/core.h"), "/usr/include/fmt/core.h");
  EXPECT_EQ(from_the_root(""), "");
}

}  // namespace
}  // namespace conclave
