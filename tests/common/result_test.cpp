#include "common/result.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace conclave {
namespace {

Result<int> parse(std::string_view text) {
  if (text != "7") return Status::invalid_argument("not a 7");
  return 7;
}

TEST(Result, HoldsAValueOrTheReasonWhyNot) {
  const Result<int> seven = parse("7");
  EXPECT_TRUE(seven.ok() && seven.has_value() && seven);
  EXPECT_EQ(seven.value(), 7);
  EXPECT_EQ(*seven, 7);
  EXPECT_EQ(seven.status(), Status());

  const Result<int> none = parse("x");
  EXPECT_FALSE(none.ok() || none.has_value() || none);
  EXPECT_EQ(none.status(), Status::invalid_argument("not a 7"));
  EXPECT_EQ(none.value_or(3), 3);
}

TEST(Result, IsMadeFromWhatMakesItsValue) {
  const Result<std::string> text = "seven";
  EXPECT_EQ(text->size(), 5U);

  const Result<std::shared_ptr<const int>> shared = std::make_unique<int>(7);
  EXPECT_EQ(**shared, 7);

  static_assert(!std::is_convertible_v<int, Result<std::unique_ptr<int>>>);
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> owner = std::make_unique<int>(7);
  Result<std::unique_ptr<int>> next = std::move(owner);
  const std::unique_ptr<int> value = std::move(next).value();

  EXPECT_EQ(*value, 7);
  static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);
}

TEST(Result, LetsItsValueBeChanged) {
  Result<std::string> text = std::string("a");
  text->push_back('b');
  *text += "c";
  text.value() += "d";

  EXPECT_EQ(*text, "abcd");
}

TEST(Result, TransformsAValueAndKeepsAnError) {
  const auto twice = [](int number) { return number * 2.5; };

  EXPECT_EQ(parse("7").transform(twice).value(), 17.5);
  EXPECT_EQ(parse("x").transform(twice).status(), Status::invalid_argument("not a 7"));
}

TEST(Result, ChainsStepsThatMayFail) {
  const auto reverse = [](int number) -> Result<std::string> {
    if (number == 0) return Status::out_of_range("zero");
    return std::to_string(-number);
  };

  EXPECT_EQ(*parse("7").and_then(reverse), "-7");
  EXPECT_EQ(parse("x").and_then(reverse).status().code(), Code::invalid_argument);
  EXPECT_EQ(Result<int>(0).and_then(reverse).status().code(), Code::out_of_range);
}

TEST(Result, MovesItsValueThroughAChain) {
  const auto owned = Result<std::unique_ptr<int>>(std::make_unique<int>(7))
                         .transform([](std::unique_ptr<int> value) { return value; })
                         .and_then([](std::unique_ptr<int> value) {
                           return Result<std::unique_ptr<int>>(std::move(value));
                         });

  EXPECT_EQ(**owned, 7);
}

TEST(ResultDeathTest, NamesTheStatusAndThePlaceWhenAskedForAValueItHasNot) {
  const Result<int> none = parse("x");

  EXPECT_DEATH(static_cast<void>(none.value()),
               "it has invalid_argument: not a 7.*result_test.cpp:");
  EXPECT_DEATH(static_cast<void>(*none), "it has invalid_argument: not a 7");
  EXPECT_DEATH(static_cast<void>(Result<int>{Status()}),
               "a Result without a value has a status that is not ok");
}

}  // namespace
}  // namespace conclave
