// Ends: a server, a client or a caller that ends while something is under way.
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {
namespace {

using testing::HasSubstr;

CallOptions once() { return {.repeat = Repeat::once}; }

/// Looks at nothing, for an hour.
Status sleeps(const Add& /*add*/, const Context& /*context*/) {
  sleep_for(1h);
  return {};
}

TEST(Shutdown, TwiceEndsTwice) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1});
    calls.counting.before = sleeps;
    go([&] { static_cast<void>(calls.add(1)); });
    sleep_for(1ms);
    const auto [grace, cancel] = with_timeout({}, 1s);
    EXPECT_EQ(calls.counting.server.shutdown(grace).code(), Code::resource_exhausted);
    const TimePoint start = now();

    EXPECT_TRUE(calls.counting.server.shutdown({}).ok());

    EXPECT_EQ(now(), start);
  });
}

TEST(Shutdown, OfTwoGoroutinesEndsBoth) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    go([&] { static_cast<void>(calls.add(1)); });
    sleep_for(1ms);
    WaitGroup group;

    for (int i = 0; i < 2; ++i)
      group.go([&] { EXPECT_TRUE(calls.counting.server.shutdown({}).ok()); });
    group.wait();

    EXPECT_EQ(calls.counting.value, 1);
  });
}

TEST(Shutdown, WithTheShorterGraceEndsTheOther) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1});
    calls.counting.before = sleeps;
    go([&] { static_cast<void>(calls.add(1)); });
    sleep_for(1ms);
    const TimePoint start = now();
    WaitGroup group;

    group.go([&] { static_cast<void>(calls.counting.server.shutdown({})); });
    group.go([&] {
      const auto [grace, cancel] = with_timeout({}, 1s);
      static_cast<void>(calls.counting.server.shutdown(grace));
    });
    group.wait();

    EXPECT_EQ(now() - start, 1100ms);
  });
}

// Who watches a server that is not well, as balancers do, has nothing more to wait for.
TEST(Shutdown, DoesNotWaitForWhoeverWatchesTheHealth) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1});
    calls.counting.server.set_serving("", false);
    std::optional<Status> watched;
    go([&] {
      watched =
          calls.client.call<Health>("Health.Watch", HealthSeen{"", "not_serving"}, {}, {}).status();
    });
    sleep_for(1ms);
    const TimePoint start = now();

    EXPECT_TRUE(calls.counting.server.shutdown({}).ok());
    sleep_for(1ms);

    EXPECT_EQ(now() - start, 1ms);
    ASSERT_TRUE(watched.has_value());
    EXPECT_EQ(watched->code(), Code::unavailable);
  });
}

// What it remembers is no new call.
TEST(Shutdown, StillAnswersWhatItRemembers) {
  in_virtual_time([] {
    Calls calls({.attempt_timeout = 100ms, .seed = 1});
    ASSERT_TRUE(calls.add(1, once()).ok());
    calls.counting.before = [&](const Add& add, const Context&) {
      if (add.delta == 3) sleep_for(1s);
      if (add.delta == 2) calls.network.set({.lost = 1});  // the answer
      return Status();
    };
    after_func(50ms, [&] { calls.network.set({}); });
    go([&] { static_cast<void>(calls.add(3)); });  // so that the server has still to end
    std::optional<Result<Sum>> sum;
    go([&] { sum = calls.add(2, once()); });
    sleep_for(60ms);

    EXPECT_TRUE(calls.counting.server.shutdown({}).ok());

    ASSERT_TRUE(sum.has_value());
    EXPECT_TRUE(sum->ok()) << sum->status();
  });
}

/// What serve() returns when its server goes, with its transport, right after `ends` was called.
std::optional<Status> served_until(const std::function<void(Server&)>& ends) {
  MemoryNetwork network;
  std::optional<Status> ended;
  {
    MemoryTransport transport(network);
    Server server(transport);
    EXPECT_TRUE(transport.listen("server").ok());
    go([&, &server = server] { ended = server.serve(); });
    yield();
    ends(server);
  }
  yield();
  return ended;
}

// As the example in server.hpp has it: serve() is still to return when the server is gone.
TEST(Server, MayGoBeforeItsServeHasReturned) {
  in_virtual_time([] {
    const std::optional<Status> ended =
        served_until([](Server& server) { EXPECT_TRUE(server.shutdown({}).ok()); });

    ASSERT_TRUE(ended.has_value());
    EXPECT_TRUE(ended->ok()) << *ended;
  });
}

TEST(Server, MayGoWithoutShutdownBeforeItsServeHasReturned) {
  in_virtual_time([] { EXPECT_TRUE(served_until([](Server&) {}).has_value()); });
}

TEST(Client, MayGoBeforeItsCallsHaveReturned) {
  in_virtual_time([] {
    MemoryNetwork network;
    std::vector<Status> ended;
    {
      MemoryTransport transport(network);
      Client client(transport, {"nobody"}, {.seed = 1});
      for (int i = 0; i < 3; ++i) {
        go([&, i, &client = client] {
          const CallOptions options{.repeat = i == 2 ? Repeat::once : Repeat::idempotent};
          ended.push_back(client.call<Sum>("Counter.Add", Add{"a", 1}, {}, options).status());
        });
      }
      sleep_for(500ms);
    }
    sleep_for(10s);

    ASSERT_EQ(ended.size(), 3U);
    for (const Status& status : ended) EXPECT_EQ(status.code(), Code::cancelled) << status;
  });
}

// One goroutine opens the session, the next waits for its turn, and is ended in the moment in which it gets it.
TEST(Client, WhoseCallerIsEndedLetsOthersOpenTheSession) {
  in_virtual_time([] {
    Calls calls;
    calls.network.set({.delay_min = 10ms, .delay_max = 10ms});
    GoroutineGroup first("first");
    GoroutineGroup second("second");
    first.go([&] { static_cast<void>(calls.add(1, once())); });
    yield();
    second.go([&] { static_cast<void>(calls.add(1, once())); });
    sleep_for(1ms);
    first.end();
    second.end();

    EXPECT_TRUE(calls.add(1, once()).ok());
  });
}

TEST(Client, WhoseCallersAreEndedForgetsTheirCalls) {
  in_virtual_time([] {
    Calls calls;
    ASSERT_TRUE(calls.add(1, once()).ok());
    calls.network.set({.delay_min = 10ms, .delay_max = 10ms});
    GoroutineGroup callers("callers");
    for (int i = 0; i < 10; ++i) callers.go([&] { static_cast<void>(calls.add(1, once())); });
    sleep_for(15ms);  // the answers are on their way

    callers.end();
    sleep_for(1s);

    EXPECT_EQ(calls.client.counters().late_replies, 10U);
    EXPECT_TRUE(calls.add(1, once()).ok());
    EXPECT_EQ(calls.counting.server.sessions().answers(), 1U);
  });
}

}  // namespace
}  // namespace conclave::rpc
