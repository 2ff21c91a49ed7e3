// The laws of poller.hpp, on the poller alone.
#include "goroutines/poller.hpp"

#include <chrono>
#include <thread>
#include <sys/resource.h>

#include <gtest/gtest.h>

namespace conclave::detail {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Poller, WaitsNoShorterThanItsLimitWithOneSystemCall) {  // law 1
  Poller poller;
  rusage before{};
  rusage after{};
  const auto start = std::chrono::steady_clock::now();
  ::getrusage(RUSAGE_THREAD, &before);
  poller.wait(milliseconds(20));
  ::getrusage(RUSAGE_THREAD, &after);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(20));
  EXPECT_LE(after.ru_nvcsw - before.ru_nvcsw, 5);
}

TEST(Poller, ReturnsAtOnceForNoTime) {
  Poller poller;
  poller.wait(Duration::zero());
  poller.wait(Duration(1));
}

TEST(Poller, NotifyEndsTheNextWaitIfNobodyWaits) {  // law 2
  Poller poller;
  poller.notify();
  poller.wait(hours(1));
  poller.notify();
  poller.notify();  // as good as one
  poller.wait(Duration::max());
}

TEST(Poller, NotifyFromAnotherThreadEndsTheWait) {  // law 2
  Poller poller;
  for (int round = 0; round < 100; ++round) {
    std::thread other([&] { poller.notify(); });
    poller.wait(hours(1));
    other.join();
  }
}

TEST(Poller, ANotificationEndsOneWaitOnly) {  // law 2
  Poller poller;
  poller.notify();
  poller.wait(hours(1));
  const auto start = std::chrono::steady_clock::now();
  poller.wait(milliseconds(2));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(2));
}

}  // namespace
}  // namespace conclave::detail
