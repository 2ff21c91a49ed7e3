#include "common/todo.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace conclave {
namespace {

TEST(TodoDeathTest, EndsTheProgramWithItsStatusAndSaysWhatAndWhere) {
  EXPECT_EXIT(todo("1.2: start one goroutine for each item"), testing::ExitedWithCode(70),
              "^TODO 1.2: start one goroutine for each item\n  at .*todo_test.cpp:[0-9]+\n$");
}

TEST(TodoDeathTest, RunsNoDestructorOnItsWay) {
  const auto try_it = [] {
    std::atexit([] { std::_Exit(3); });
    todo("1.2: anything");
  };
  EXPECT_EXIT(try_it(), testing::ExitedWithCode(70), "");
}

}  // namespace
}  // namespace conclave
