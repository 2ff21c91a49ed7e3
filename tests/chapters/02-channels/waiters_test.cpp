// waiters.hpp: who is found first, and what becomes of those who were served elsewhere.
#include "channels/waiters.hpp"

#include <gtest/gtest.h>

namespace conclave::detail {
namespace {

TEST(Waiters, DeadLettersLeaveTheQueueSoThatNobodyPassesOverThemTwice) {
  Operation served{nullptr};
  Operation open{nullptr};
  Waiter here;
  Waiter elsewhere;
  Waiter behind;
  here.operation = elsewhere.operation = &served;
  behind.operation = &open;
  Waiters one;
  Waiters other;
  one.push(here);
  other.push(elsewhere);
  other.push(behind);

  one.first()->claim();

  EXPECT_EQ(one.first(), nullptr);
  EXPECT_EQ(other.first(), &behind);
  EXPECT_FALSE(elsewhere.is_linked())
      << "a thousand of them would cost every operation a thousand looks";
  EXPECT_EQ(other.first(), &behind);
}

}  // namespace
}  // namespace conclave::detail
