// What the coach reads in the words of tools/exercise.
#include "coach/engine.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session.hpp"

namespace conclave::coach {
namespace {

TEST(Engine, NamesTheLineThatItCannotRead) {
  const Result<std::vector<Exercise>> read = parse_status("a note\nhello\tyou\n");

  ASSERT_FALSE(read.ok());
  EXPECT_THAT(std::string(read.status().message()), testing::HasSubstr("line 2: \"hello"));
}

TEST(Engine, FindsTheTaskOfAReadme) {
  EXPECT_EQ(
      task_in(
          "# 1.2\n\nText.\n\n**Write** the body of `f` in\n[`a.cpp`](a.cpp). Its contract\n\nMore"),
      "Write the body of f in a.cpp.");
}

TEST(Engine, FindsThePlaceThatAReportNames) {
  EXPECT_EQ(place_in(kNotCompiling, "exercises/01-2-wait-for-all/for_all.cpp"), 12U);
  EXPECT_EQ(place_in(kNotCompiling, "exercises/01-2-wait-for-all/other.cpp"), 0U);
  EXPECT_EQ(place_in("  a warning      : e/a.cpp:3: x\n  at             : e/a.cpp:7\n", "e/a.cpp"),
            7U);
  EXPECT_EQ(place_in("  at             : e/b.hpp:7\n  because of     : e/a.cpp:3\n", "e/a.cpp"),
            3U);
  EXPECT_EQ(place_in("yours: e/a.cpp\ne/a.cpp: 3\ne/a.cpp:99999999999999999999\n", "e/a.cpp"), 0U);
}

TEST(Engine, HearsThePhases) {
  EXPECT_EQ(phase_in("a note\n@compiling\n"), Phase::compiling);
  EXPECT_EQ(phase_in("@compiling\n@testing\nFAIL"), Phase::testing);
  EXPECT_EQ(phase_in("@compiling\n@testing"), Phase::compiling);  // not all of the line yet
  EXPECT_EQ(phase_in(" @testing\n@testing it\n"), Phase::unknown);
  EXPECT_EQ(without_phases("@compiling\n@testing\nFAIL  @testing\n"), "FAIL  @testing\n");
}

TEST(Engine, FindsWhereToBegin) {
  EXPECT_EQ(beginning_in("# Write it in place of each ?\n\none: ?\n"), 3U);
  EXPECT_EQ(beginning_in("#include \"common/todo.hpp\"\n\n  todo(\"1.2\");\n"), 3U);
  EXPECT_EQ(beginning_in("done\n"), 0U);
}

}  // namespace
}  // namespace conclave::coach
