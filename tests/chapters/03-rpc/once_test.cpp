// Law 5 of client.hpp and law 4 of server.hpp: a call takes effect once, whatever is lost, repeated or late, and whoever
// crashes.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.hpp"
#include "rpc/services.hpp"
#include "rpc/wire.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

using testing::HasSubstr;

constexpr Faults kNothingArrives{.lost = 1};
CallOptions once(Duration timeout = 5s) { return {.timeout = timeout, .repeat = Repeat::once}; }

TEST(Once, TheAnswerIsLostAndTheCallIsNotExecutedAgain) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [&](const Add&, const Context&) {
      calls.network.set(kNothingArrives);
      after_func(500ms, [&] { calls.network.set({}); });
      return Status();
    };

    EXPECT_EQ(calls.add(1, once()).value().value, 1);

    EXPECT_EQ(calls.counting.executed, 1);
    EXPECT_EQ(calls.counting.server.counters().answered_again, 1U);
  });
}

TEST(Once, ARefusalIsNotRemembered) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [&](const Add&, const Context&) {
      return calls.counting.executed == 1 ? Status::unavailable("not yet").not_executed()
                                          : Status();
    };

    EXPECT_EQ(calls.add(1, once()).value().value, 1);

    EXPECT_EQ(calls.counting.executed, 2);
  });
}

TEST(Once, AnErrorThatMayHaveHadAnEffectIsRemembered) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [&](const Add&, const Context&) {
      return Status::unavailable("half of it is done");
    };

    EXPECT_EQ(calls.add(1, once()).status().code(), Code::unavailable);

    EXPECT_EQ(calls.counting.executed, 1);
  });
}

TEST(Once, ACallThatStillRunsAnswersWhoHasAskedLast) {
  in_virtual_time([] {
    Calls calls({.attempt_timeout = 100ms, .seed = 1});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(250ms);
      return Status();
    };

    EXPECT_EQ(calls.add(1, once()).value().value, 1);

    EXPECT_EQ(calls.counting.executed, 1);
    EXPECT_GE(calls.counting.server.counters().repeated, 1U);
  });
}

TEST(Once, AnswersAreDroppedWhenTheClientHasThem) {
  in_virtual_time([] {
    Calls calls;

    for (int i = 0; i < 100; ++i) ASSERT_TRUE(calls.add(1, once()).ok());

    EXPECT_EQ(calls.counting.server.sessions().answers(), 1U);
    EXPECT_EQ(calls.counting.server.sessions().size(), 1U);
  });
}

TEST(Once, AClientThatFinishesLeavesNoSession) {
  in_virtual_time([] {
    Calls calls;
    ASSERT_TRUE(calls.add(1, once()).ok());

    calls.client.finish({});

    EXPECT_EQ(calls.counting.server.sessions().size(), 0U);
  });
}

TEST(Once, ASessionThatWasIdleMakesRoomAndIsOpenedAnew) {
  in_virtual_time([] {
    Calls calls({.seed = 1}, {.sessions = {.sessions_max = 1}, .session_idle_max = 10min});
    MemoryTransport transport(calls.network);
    Client second(transport, {"server"}, {.retry = {.attempts_max = 1}, .seed = 2});
    ASSERT_TRUE(calls.add(1, once()).ok());
    const auto add = [&] { return second.call<Sum>("Counter.Add", Add{"a", 1}, {}, once()); };
    EXPECT_EQ(add().status().code(), Code::resource_exhausted);

    sleep_for(11min);

    EXPECT_TRUE(add().ok());
    EXPECT_EQ(calls.counting.executed, 2);
    sleep_for(11min);
    EXPECT_TRUE(
        calls.add(1, once()).ok());  // forgotten, and provably not executed: in a new session
    EXPECT_EQ(calls.counting.executed, 3);
  });
}

TEST(Once, AnAnswerAsLongAsMayBeIsRemembered) {
  in_virtual_time([] {
    MemoryNetwork network;
    MemoryTransport transport(network);
    Server server(transport, {.body_bytes_max = 8 * 1024 * 1024});
    ASSERT_TRUE(transport.listen("server").ok());
    int executed = 0;
    server.handle_bytes("Long", [&](const std::string&, const Context&) {
      if (++executed == 1) network.set({.lost = 1});  // the answer
      after_func(100ms, [&] { network.set({}); });
      return Result<std::string>(std::string(8 * 1024 * 1024, 'x'));
    });
    GoroutineGroup group("server");
    group.go([&] { static_cast<void>(server.serve()); });
    MemoryTransport here(network);
    Client client(here, {"server"}, {.seed = 1});

    const Result<std::string> answer = client.call_bytes("Long", "", {}, once());

    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->size(), 8U * 1024 * 1024);
    EXPECT_EQ(executed, 1);
  });
}

// Of a client that has died, nobody will ever say that it has its answers.
TEST(Once, AnswersOfASessionThatWasIdleMakeRoom) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1},
                {.sessions = {.answer_bytes_max = 1}, .session_idle_max = 10min});
    MemoryTransport transport(calls.network);
    Client dead(transport, {"server"}, {.seed = 2});
    ASSERT_TRUE(dead.call<Sum>("Counter.Add", Add{"a", 1}, {}, once()).ok());

    EXPECT_EQ(calls.add(1, once()).status().code(), Code::resource_exhausted);
    sleep_for(11min);
    EXPECT_TRUE(calls.add(1, once()).ok());

    EXPECT_EQ(calls.counting.executed, 2);
    EXPECT_EQ(calls.counting.server.sessions().size(), 1U);
  });
}

// A handler's own failed_precondition is no word about the session.
TEST(Once, AHandlersErrorLeavesTheSessionAsItIs) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add&, const Context&) {
      return Status::failed_precondition("not before noon").not_executed();
    };

    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(calls.add(1, once()).status().code(), Code::failed_precondition);

    EXPECT_EQ(calls.counting.server.sessions().size(), 1U);
    EXPECT_EQ(calls.counting.executed, 5);
  });
}

TEST(Once, ASessionThatIsAtWorkMakesNoRoom) {
  in_virtual_time([] {
    Calls calls({.seed = 1}, {.sessions = {.sessions_max = 1}, .session_idle_max = 10min});
    MemoryTransport transport(calls.network);
    Client second(transport, {"server"}, {.retry = {.attempts_max = 1}, .seed = 2});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(20min);
      return Status();
    };
    MemoryTransport stranger(calls.network);
    const Peer server = *stranger.connect("server");
    ASSERT_TRUE(
        stranger
            .send(server,
                  wire::pack({.call = 1,
                              .content = wire::Request{.method = "Session.Open", .remaining = 1s},
                              .body = encode(Session{7})}),
                  {})
            .ok());
    yield();
    ASSERT_TRUE(stranger
                    .send(server,
                          wire::pack({.call = 2,
                                      .content = wire::Request{.method = "Counter.Add",
                                                               .remaining = 1h,
                                                               .once = RequestId{7, 1, 1}},
                                      .body = encode(Add{"a", 1})}),
                          {})
                    .ok());
    sleep_for(11min);

    const Status status = second.call<Sum>("Counter.Add", Add{"a", 1}, {}, once()).status();
    sleep_for(10min);

    EXPECT_EQ(status.code(), Code::resource_exhausted) << status;
    EXPECT_EQ(calls.counting.server.sessions().answers(), 1U);
  });
}

// The server crashes after the call has taken effect, and before it has said so.  What it had not written down is gone, and
// nobody can know whether the call was executed: that is the error.
TEST(Once, AServerThatForgetsMakesItAnError) {
  in_virtual_time([] {
    MemoryNetwork network;
    auto server = std::make_unique<Counting>(network);
    server->before = [&](const Add&, const Context&) {
      network.set(kNothingArrives);
      return Status();
    };
    MemoryTransport transport(network);
    Client client(transport, {"server"}, {.seed = 1});
    after_func(100ms, [&] {
      server = nullptr;
      server = std::make_unique<Counting>(network);
      network.set({});
    });

    const Status status = client.call<Sum>("Counter.Add", Add{"a", 1}, {}, once()).status();

    EXPECT_EQ(status.code(), Code::failed_precondition);
    EXPECT_TRUE(status.maybe_executed());
    EXPECT_EQ(server->executed, 0);
  });
}

/// What a server has written down.
struct Disk {
  std::int64_t value = 0;
  SessionsRecord sessions{};
  int writes = 0;
};

/// A server that writes down its counter and its sessions before it answers.
std::unique_ptr<Counting> start(MemoryNetwork& network, Disk& disk) {
  auto counting = std::make_unique<Counting>(network);
  counting->value = disk.value;
  counting->server.restore(disk.sessions);
  counting->server.save_before_answering([&disk, server = counting.get()] {
    ++disk.writes;
    disk.value = server->value;
    disk.sessions = server->server.sessions().record();
    return Status();
  });
  return counting;
}

TEST(Once, AServerThatWritesDownSurvivesItsCrash) {
  in_virtual_time([] {
    MemoryNetwork network;
    Disk disk;
    std::unique_ptr<Counting> server = start(network, disk);
    server->before = [&](const Add&, const Context&) {
      network.set(kNothingArrives);
      return Status();
    };
    MemoryTransport transport(network);
    Client client(transport, {"server"}, {.seed = 1});
    after_func(100ms, [&] {
      server = nullptr;
      server = start(network, disk);
      network.set({});
    });

    const Result<Sum> sum = client.call<Sum>("Counter.Add", Add{"a", 1}, {}, once());

    ASSERT_TRUE(sum.ok()) << sum.status();
    EXPECT_EQ(sum->value, 1);
    EXPECT_EQ(server->executed, 0);
    EXPECT_EQ(server->value, 1);
  });
}

TEST(Once, WhatCouldNotBeWrittenDownIsNotAnswered) {
  in_virtual_time([] {
    Calls calls;
    ASSERT_TRUE(calls.add(1, once()).ok());
    bool is_full = true;
    calls.counting.server.save_before_answering([&] {
      if (is_full) return Status::resource_exhausted("no space left on device");
      return Status();
    });
    after_func(60ms, [&] { is_full = false; });

    const Result<Sum> sum = calls.add(1, once());

    ASSERT_TRUE(sum.ok()) << sum.status();
    EXPECT_EQ(sum->value, 2);
    EXPECT_EQ(calls.counting.executed, 2);
    EXPECT_GE(calls.client.counters().retries, 1U);
  });
}

/// A client adds 1, `calls` times, one after another, over a network of all faults, to a server that crashes now and then.
void add_under_faults(std::uint64_t seed) {
  Random random(seed);
  MemoryNetwork network(seed, {.lost = 0.2, .twice = 0.2, .delay_min = 1ms, .delay_max = 80ms});
  Disk disk;
  std::unique_ptr<Counting> server = start(network, disk);
  MemoryTransport transport(network);
  Client client(transport, {"server"},
                {.retry = {.attempts_max = 100, .budget_ratio = 10},
                 .attempt_timeout = 200ms,
                 .silence_max = 1h,
                 .seed = seed});
  int sure = 0;
  int unsure = 0;
  WaitGroup group;
  constexpr int kGoroutines = 4;
  constexpr int kCalls = 10;

  for (int i = 0; i < kGoroutines; ++i) {
    group.go([&] {
      for (int call = 0; call < kCalls; ++call) {
        const Result<Sum> sum = client.call<Sum>("Counter.Add", Add{"a", 1}, {}, once(1min));
        if (sum.ok()) ++sure;
        if (!sum.ok() && sum.status().maybe_executed()) ++unsure;
      }
    });
  }
  bool is_over = false;
  go([&] {
    while (!is_over) {
      sleep_for(Duration(random.between<Duration::rep>(1'000'000, 2'000'000'000)));
      if (is_over) return;
      server = nullptr;
      sleep_for(50ms);
      server = start(network, disk);
    }
  });
  group.wait();
  is_over = true;

  EXPECT_EQ(sure, kGoroutines * kCalls);
  EXPECT_EQ(unsure, 0);
  EXPECT_EQ(server == nullptr ? disk.value : server->value, sure);
}

TEST(Once, HoldsUnderAllFaultsAndCrashes) {
  for_each_seed(30, [](std::uint64_t seed) { in_virtual_time([&] { add_under_faults(seed); }); });
}

}  // namespace
}  // namespace conclave::rpc
