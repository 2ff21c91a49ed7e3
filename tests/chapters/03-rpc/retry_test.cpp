// The laws of retry.hpp.
#include "rpc/retry.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST(Retry, OfWhatMayHaveBeenExecutedOnlyWhereThatDoesNoHarm) {  // law 1
  const Status unanswered = Status::unavailable("no answer");

  EXPECT_FALSE(may_retry(unanswered, true, Repeat::never));
  EXPECT_TRUE(may_retry(unanswered, false, Repeat::never));
  EXPECT_TRUE(may_retry(unanswered, true, Repeat::idempotent));
  EXPECT_TRUE(may_retry(unanswered, true, Repeat::once));
}

TEST(Retry, NeverOfWhatWillFailAgain) {
  for (int number = 1; number <= 16; ++number) {
    const Status status(static_cast<Code>(number), "m");
    EXPECT_EQ(may_retry(status, false, Repeat::idempotent), status.retryable()) << status;
  }
}

TEST(Retry, PausesDoubleUpToTheLongest) {  // law 3
  const RetryPolicy policy{.backoff_min = 50ms, .backoff_max = 1s, .jitter = 0};
  Random random(seed_of_this_test());

  EXPECT_EQ(backoff(policy, 2, random), 50ms);
  EXPECT_EQ(backoff(policy, 3, random), 100ms);
  EXPECT_EQ(backoff(policy, 6, random), 800ms);
  EXPECT_EQ(backoff(policy, 7, random), 1s);
  EXPECT_EQ(backoff(policy, 1'000'000, random), 1s);
}

TEST(Retry, PausesAreDrawn) {  // law 3
  const RetryPolicy policy{.backoff_min = 100ms, .jitter = 0.2};
  Random random(seed_of_this_test());
  Duration shortest = 1s;
  Duration longest{};

  for (int i = 0; i < 1000; ++i) {
    const Duration pause = backoff(policy, 2, random);
    shortest = std::min(shortest, pause);
    longest = std::max(longest, pause);
  }

  EXPECT_GE(shortest, 80ms);
  EXPECT_LT(shortest, 85ms);
  EXPECT_LE(longest, 120ms);
  EXPECT_GT(longest, 115ms);
}

TEST(RetryBudget, IsHalfSpentWhenEverythingFails) {  // law 4
  RetryBudget budget({.budget_max = 100, .budget_ratio = 0.1});
  int retries = 0;

  for (int call = 0; call < 1000; ++call) retries += budget.take() ? 1 : 0;

  EXPECT_EQ(retries, 49);
}

/// How many of 1,000 calls of which each `nth` fails may be retried, after a time when everything has failed.
int retries_when_each(int nth) {
  RetryBudget budget({.budget_max = 100, .budget_ratio = 0.1});
  while (budget.tokens() > 0) static_cast<void>(budget.take());
  int retries = 0;
  for (int call = 1; call <= 1000; ++call) {
    if (call % nth != 0) {
      budget.give_back();
    } else if (budget.take()) {
      ++retries;
    }
  }
  return retries;
}

TEST(RetryBudget, LetsWhatFailsRarelyBeRetried) {  // law 4
  EXPECT_GT(retries_when_each(100), 0);
  EXPECT_EQ(retries_when_each(5), 0);
}

TEST(RetryBudget, HoldsNoMoreThanItsMaximum) {
  RetryBudget budget({.budget_max = 10, .budget_ratio = 0.1});

  for (int call = 0; call < 1000; ++call) budget.give_back();

  EXPECT_EQ(budget.tokens(), 10);
}

}  // namespace
}  // namespace conclave::rpc
