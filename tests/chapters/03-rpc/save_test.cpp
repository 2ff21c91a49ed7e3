// Law 4 of server.hpp: nobody hears an answer that is not written down, when writing takes its time and fails.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "calls.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

CallOptions once() { return {.timeout = 1min, .repeat = Repeat::once}; }

/// A file that takes its time, longer for what comes first.
struct SlowDisk {
  std::int64_t value = 0;
  int writes = 0;
  Duration takes = 30ms;

  void write(std::int64_t now_is) {
    ++writes;
    sleep_for(std::exchange(takes, 1ms));
    value = now_is;
  }
};

// A write that overtakes the one before would be undone by it.
TEST(Save, IsNotCalledWhileItRuns) {
  in_virtual_time([] {
    Calls calls;
    SlowDisk disk;
    calls.counting.server.save_before_answering([&] {
      disk.write(calls.counting.value);
      return Status();
    });
    WaitGroup group;

    for (int i = 0; i < 3; ++i) {
      group.go([&] {
        EXPECT_TRUE(calls.add(1).ok());
        EXPECT_GE(disk.value, 1);
      });
      sleep_for(1ms);
    }
    group.wait();

    EXPECT_EQ(disk.value, 3);
    EXPECT_EQ(disk.writes, 2);  // one for the first, and one for all who came meanwhile
  });
}

TEST(Save, ThatFailsForOneIsTriedForTheNext) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1});
    int writes = 0;
    calls.counting.server.save_before_answering([&] {
      sleep_for(10ms);
      return ++writes == 1 ? Status::resource_exhausted("no space left on device") : Status();
    });
    std::vector<Status> ended;
    WaitGroup group;

    for (int i = 0; i < 3; ++i) {
      group.go([&] { ended.push_back(calls.add(1).status()); });
      sleep_for(1ms);
    }
    group.wait();

    ASSERT_EQ(ended.size(), 3U);
    EXPECT_EQ(ended[0].code(), Code::unavailable);
    EXPECT_TRUE(ended[0].maybe_executed());
    EXPECT_TRUE(ended[1].ok()) << ended[1];
    EXPECT_TRUE(ended[2].ok()) << ended[2];
  });
}

/// Calls of many goroutines, of which each that has heard an answer looks for it in what is written down.
void hear_only_what_is_written(std::uint64_t seed) {
  Random random(seed);
  Calls calls({.retry = {.attempts_max = 1000, .budget_ratio = 100},
               .attempt_timeout = 50ms,
               .silence_max = 1h,
               .seed = seed});
  calls.network.set({.lost = 0.1, .twice = 0.2, .delay_min = 1ms, .delay_max = 20ms});
  std::int64_t written = 0;
  calls.counting.server.save_before_answering([&] {
    const std::int64_t value = calls.counting.value;
    sleep_for(1ms * random.between(0, 40));
    if (random.chance(0.4)) return Status::resource_exhausted("no space left on device");
    written = value;
    return Status();
  });
  WaitGroup group;
  for (int i = 0; i < 5; ++i) {
    group.go([&] {
      for (int call = 0; call < 10; ++call) {
        const Result<Sum> sum = calls.add(1, once());
        EXPECT_TRUE(sum.ok()) << sum.status();
        EXPECT_LE(sum.value_or(Sum{}).value, written);
      }
    });
  }
  group.wait();
  EXPECT_EQ(calls.counting.executed, 50);
  EXPECT_EQ(written, 50);
}

TEST(Save, IsBeforeEveryAnswerUnderAllFaults) {
  for_each_seed(
      30, [](std::uint64_t seed) { in_virtual_time([&] { hear_only_what_is_written(seed); }); });
}

// While nothing can be written down, who asks again does not pile up.
TEST(Save, ThatDoesNotEndBoundsWhoWaitsForIt) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1}, {.running_max = 4});
    int writes = 0;
    bool is_stuck = false;
    calls.counting.server.save_before_answering([&] {
      if (is_stuck) sleep_for(1h);
      return ++writes > 2 ? Status::unavailable("no disk") : Status();
    });
    ASSERT_TRUE(calls.add(1, once()).ok());  // opens the session
    EXPECT_FALSE(calls.add(1, once()).ok());
    is_stuck = true;
    const std::size_t before = num_goroutines();
    MemoryTransport stranger(calls.network);
    const Peer server = *stranger.connect("server");
    const SessionsRecord record = calls.counting.server.sessions().record();
    const auto again = wire::pack(
        {.call = 1,
         .content = wire::Request{.method = "Counter.Add",
                                  .remaining = 1s,
                                  .once = RequestId{record.sessions.at(0).session, 2, 2}}});

    for (int i = 0; i < 100; ++i) EXPECT_TRUE(stranger.send(server, again, {}).ok());
    sleep_for(10ms);

    EXPECT_LE(num_goroutines(), before + 4);
  });
}

}  // namespace
}  // namespace conclave::rpc
