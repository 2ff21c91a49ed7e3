#include "common/status.hpp"

#include <array>
#include <sstream>

#include <gtest/gtest.h>

namespace conclave {
namespace {

TEST(Status, OfSuccessIsOkAndSaysNothing) {
  const Status status;

  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::ok);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.what_to_do(), "");
  EXPECT_EQ(to_string(status), "ok");
}

TEST(Status, OfFailureHasCodeMessageAndAdvice) {
  const Status status = Status::not_found("no lock named \"a\"", "acquire it first");

  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::not_found);
  EXPECT_EQ(status.message(), "no lock named \"a\"");
  EXPECT_EQ(status.what_to_do(), "acquire it first");
  EXPECT_EQ(to_string(status), "not_found: no lock named \"a\"; acquire it first");
  EXPECT_EQ(to_string(Status::aborted("lost the race")), "aborted: lost the race");
}

TEST(Status, HasTheSeventeenCanonicalCodesInTheirOrder) {
  constexpr std::array<std::string_view, 17> kCanonical = {"ok",
                                                           "cancelled",
                                                           "unknown",
                                                           "invalid_argument",
                                                           "deadline_exceeded",
                                                           "not_found",
                                                           "already_exists",
                                                           "permission_denied",
                                                           "resource_exhausted",
                                                           "failed_precondition",
                                                           "aborted",
                                                           "out_of_range",
                                                           "unimplemented",
                                                           "internal",
                                                           "unavailable",
                                                           "data_loss",
                                                           "unauthenticated"};
  for (std::size_t i = 0; i < kCanonical.size(); ++i) {
    EXPECT_EQ(to_string(static_cast<Code>(i)), kCanonical[i]);
  }
}

TEST(Status, HasAConstructorForEachCode) {
  const std::array<Status, 16> all = {Status::cancelled("m"),
                                      Status::unknown("m"),
                                      Status::invalid_argument("m"),
                                      Status::deadline_exceeded("m"),
                                      Status::not_found("m"),
                                      Status::already_exists("m"),
                                      Status::permission_denied("m"),
                                      Status::resource_exhausted("m"),
                                      Status::failed_precondition("m"),
                                      Status::aborted("m"),
                                      Status::out_of_range("m"),
                                      Status::unimplemented("m"),
                                      Status::internal("m"),
                                      Status::unavailable("m"),
                                      Status::data_loss("m"),
                                      Status::unauthenticated("m")};
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].code(), static_cast<Code>(i + 1));
}

TEST(Status, IsEqualWhenAllThreeAre) {
  EXPECT_EQ(Status(), Status());
  EXPECT_EQ(Status::aborted("a", "b"), Status::aborted("a", "b"));
  EXPECT_NE(Status::aborted("a", "b"), Status::aborted("a", "c"));
  EXPECT_NE(Status::aborted("a", "b"), Status::unavailable("a", "b"));
  EXPECT_NE(Status::aborted("a"), Status());
}

TEST(Status, SaysWhetherTheSameRequestMayWorkInAMoment) {
  for (int number = 1; number <= 16; ++number) {
    const auto code = static_cast<Code>(number);
    EXPECT_EQ(Status(code, "m").retryable(),
              code == Code::unavailable || code == Code::resource_exhausted)
        << code;
  }
  EXPECT_FALSE(Status().retryable());
}

TEST(Status, OfFailureMayHaveHadAnEffectUntilSomebodyKnowsBetter) {
  const Status error = Status::unavailable("no answer", "wait");

  EXPECT_TRUE(error.maybe_executed());
  EXPECT_FALSE(error.not_executed().maybe_executed());
  EXPECT_TRUE(error.not_executed().perhaps_executed().maybe_executed());
  EXPECT_EQ(error.not_executed().perhaps_executed(), error);
  EXPECT_NE(error.not_executed(), error);
  EXPECT_EQ(to_string(error.not_executed()), to_string(error));
}

TEST(Status, OfSuccessWasExecuted) {
  EXPECT_TRUE(Status().maybe_executed());
  EXPECT_TRUE(Status().not_executed().ok());
}

TEST(Status, PrintsByFmtAndByStream) {
  std::ostringstream out;
  out << Code::aborted << ", " << Status::aborted("lost");

  EXPECT_EQ(out.str(), "aborted, aborted: lost");
  EXPECT_EQ(fmt::format("{:>9}, {}", Code::aborted, Status::aborted("lost")),
            "  aborted, aborted: lost");
}

TEST(StatusDeathTest, OfFailureNeedsACodeAndAMessage) {
  EXPECT_DEATH(static_cast<void>(Status(Code::ok, "fine")),
               "a status with a message is not ok .message \"fine\"");
  EXPECT_DEATH(static_cast<void>(Status::internal("")),
               "a status that is not ok has a message .code internal");
  EXPECT_DEATH(static_cast<void>(to_string(static_cast<Code>(17))),
               "a code is one of the canonical 0 to 16 .it is 17");
}

}  // namespace
}  // namespace conclave
