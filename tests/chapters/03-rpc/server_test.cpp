// The laws of server.hpp: overload, health, a good end, and whatever peers may send.
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {
namespace {

using testing::Contains;
using testing::HasSubstr;

Result<Health> health(Client& client, const std::string& service = {}) {
  return client.call<Health>("Health.Check", Service{service});
}

// Law 3: a hundred thousand small requests are no worse than a hundred large ones.
TEST(Overload, IsAlsoOneOfBytes) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1}, {.request_bytes_max = 1000});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    const auto add = [&](std::size_t bytes) {
      return calls.client.call<Sum>("Counter.Add", Add{std::string(bytes, 'a'), 1}).status();
    };
    WaitGroup group;
    group.go([&] { EXPECT_TRUE(add(2000).ok()); });  // whatever it has: nobody else has anything
    sleep_for(1ms);

    EXPECT_THAT(to_string(add(1)), HasSubstr("bytes, and no more may"));
    group.wait();
    for (int i = 0; i < 3; ++i) group.go([&] { EXPECT_TRUE(add(300).ok()); });
    sleep_for(1ms);
    EXPECT_EQ(add(300).code(), Code::resource_exhausted);
    EXPECT_TRUE(health(calls.client).ok());  // takes no place
    group.wait();
    EXPECT_TRUE(add(300).ok());
  });
}

TEST(Handler, MayBeAddedByAnotherOneWhileTheServerServes) {
  in_virtual_time([] {
    Calls calls;
    EXPECT_EQ(calls.client.call<Sum>("Late", Add{}).status().code(), Code::unimplemented);
    calls.counting.before = [&](const Add&, const Context&) {
      calls.counting.server.handle_bytes("Late", [](std::string_view, const Context&) {
        return Result<std::string>(encode(Sum{7}));
      });
      return Status();
    };

    ASSERT_TRUE(calls.add(1).ok());

    EXPECT_EQ(calls.client.call<Sum>("Late", Add{})->value, 7);
  });
}

// Law 3.
TEST(Overload, IsRefusedAtOnce) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1}, {.running_max = 2, .waiting_max = 3});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    int refused = 0;
    WaitGroup group;
    const TimePoint start = now();

    for (int i = 0; i < 10; ++i) {
      group.go([&] {
        const Status status = calls.add(1).status();
        if (status.ok()) return;
        EXPECT_EQ(status.code(), Code::resource_exhausted);
        EXPECT_FALSE(status.maybe_executed());
        EXPECT_THAT(to_string(status), HasSubstr("2 calls run and 3 wait, with "));
        EXPECT_EQ(now(), start);
        ++refused;
      });
    }
    group.wait();

    EXPECT_EQ(refused, 5);
    EXPECT_EQ(calls.counting.executed, 5);
    EXPECT_EQ(now() - start, 3s);
    EXPECT_EQ(calls.counting.server.counters().refused, 5U);
  });
}

TEST(Overload, DoesNotKeepPlacesForWhoeverHasGone) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1}, {.running_max = 1, .waiting_max = 1});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(10s);
      return Status();
    };
    WaitGroup group;
    group.go([&] { EXPECT_TRUE(calls.add(1, {.timeout = 1min}).ok()); });
    sleep_for(1ms);
    group.go([&] { EXPECT_FALSE(calls.add(1, {.timeout = 100ms}).ok()); });
    sleep_for(1ms);
    calls.network.set({.lost = 1});  // the server does not hear that the second has gone
    sleep_for(200ms);
    calls.network.set({});

    EXPECT_TRUE(calls.add(1, {.timeout = 1min}).ok());
    group.wait();

    EXPECT_EQ(calls.counting.executed, 2);
  });
}

// Law 7.
TEST(Health, IsToldUnderLoad) {
  in_virtual_time([] {
    Calls calls({.seed = 1}, {.running_max = 1, .waiting_max = 0});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    go([&] { static_cast<void>(calls.add(1)); });
    sleep_for(1ms);

    const Result<Health> told = health(calls.client);

    EXPECT_EQ(told.value_or(Health{to_string(told.status())}).state, "serving");
  });
}

TEST(Health, IsThatOfAServiceAndOfTheWhole) {
  in_virtual_time([] {
    Calls calls;
    Server& server = calls.counting.server;

    server.set_serving("Counter", false);
    EXPECT_EQ(health(calls.client, "Counter").value().state, "not_serving");
    EXPECT_EQ(health(calls.client).value().state, "serving");

    server.set_serving("Counter", true);
    server.set_serving("", false);
    EXPECT_EQ(health(calls.client, "Counter").value().state, "not_serving");
  });
}

TEST(Health, IsWatched) {
  in_virtual_time([] {
    Calls calls;
    after_func(3s, [&] { calls.counting.server.set_serving("", false); });
    const TimePoint start = now();

    const Result<Health> changed =
        calls.client.call<Health>("Health.Watch", HealthSeen{"", "serving"});

    EXPECT_EQ(changed.value().state, "not_serving");
    EXPECT_EQ(now() - start, 3s);
  });
}

TEST(Health, HasAsManyWatchersAsThereAreHandlers) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1}, {.running_max = 1});
    const auto watch = [&] {
      return calls.client.call<Health>("Health.Watch", HealthSeen{"", "serving"}).status();
    };
    go([&] { static_cast<void>(watch()); });
    sleep_for(1ms);

    EXPECT_EQ(watch().code(), Code::resource_exhausted);
  });
}

// Law 6.
TEST(Shutdown, LetsWhatRunsEndAndTakesNothingNew) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    std::optional<Result<Sum>> running;
    go([&] { running = calls.add(1); });
    sleep_for(1ms);
    std::optional<Status> ended;
    go([&] { ended = calls.counting.server.shutdown({}); });
    sleep_for(1ms);

    const Status refused = calls.add(1).status();
    const Result<Health> state = health(calls.client);
    sleep_for(2s);

    EXPECT_EQ(refused.code(), Code::unavailable);
    EXPECT_FALSE(refused.maybe_executed());
    EXPECT_EQ(state.value_or(Health{}).state, "not_serving");
    EXPECT_TRUE(running->ok());
    EXPECT_TRUE(ended->ok()) << *ended;
    EXPECT_TRUE(calls.counting.ended.ok()) << calls.counting.ended;
  });
}

TEST(Shutdown, CancelsWhatDoesNotEndWithinTheGrace) {
  in_virtual_time([] {
    Calls calls;
    Status cause;
    calls.counting.before = [&](const Add& add, const Context& context) {
      if (add.delta == 1) {
        static_cast<void>(context.done().recv());
        return cause = context.cause();
      }
      sleep_for(1h);  // looks at nothing
      return Status();
    };
    std::vector<Status> ended;
    go([&] { ended.push_back(calls.add(1).status()); });
    go([&] { ended.push_back(calls.add(2).status()); });
    sleep_for(1ms);
    const auto [grace, cancel] = with_timeout({}, 2s);
    const TimePoint start = now();

    const Status status = calls.counting.server.shutdown(grace);

    EXPECT_EQ(status.code(), Code::resource_exhausted);
    EXPECT_THAT(to_string(status), HasSubstr("2 calls"));
    EXPECT_EQ(now() - start, 2100ms);
    EXPECT_THAT(to_string(cause), HasSubstr("shuts down"));
    sleep_for(10s);
    EXPECT_EQ(ended.size(), 2U);
  });
}

TEST(Shutdown, WithNothingToDoEndsAtOnce) {
  in_virtual_time([] {
    Calls calls;
    const TimePoint start = now();

    EXPECT_TRUE(calls.counting.server.shutdown({}).ok());

    EXPECT_EQ(now(), start);
  });
}

// A client that hears it goes to another server before it is refused.
TEST(Shutdown, IsToldToClients) {
  in_virtual_time([] {
    MemoryNetwork network;
    Counting first(network, "first");
    Counting second(network, "second");
    MemoryTransport transport(network);
    Client client(transport, {"first", "second"}, {.seed = 1});
    const auto add = [&] { return client.call<Sum>("Counter.Add", Add{"a", 1}); };
    ASSERT_TRUE(add().ok());

    ASSERT_TRUE(first.server.shutdown({}).ok());
    yield();
    EXPECT_TRUE(add().ok());

    EXPECT_EQ(first.executed, 1);
    EXPECT_EQ(second.executed, 1);
    EXPECT_EQ(first.server.counters().refused, 0U);
  });
}

TEST(Meta, NamesTheMethodsAndCountsTheCalls) {
  in_virtual_time([] {
    Calls calls;
    ASSERT_TRUE(calls.add(1).ok());

    const Result<Methods> methods = calls.client.call<Methods>("Meta.Methods", Nothing{});
    const Result<Text> metrics = calls.client.call<Text>("Meta.Metrics", Nothing{});

    EXPECT_THAT(methods.value().names, Contains("Counter.Add"));
    EXPECT_THAT(methods.value().names, Contains("Health.Check"));
    EXPECT_THAT(
        metrics.value().text,
        HasSubstr("conclave_server_call_seconds_count{method=\"Counter.Add\",code=\"ok\"} 1\n"));
    EXPECT_THAT(metrics.value().text, HasSubstr("conclave_server_requests_total 3\n"));
  });
}

/// What a server says to these frames; nothing if it says nothing.
std::optional<wire::Message> answer_to(Calls& calls, Frames frames) {
  MemoryTransport stranger(calls.network);
  const Peer server = *stranger.connect("server");
  EXPECT_TRUE(stranger.send(server, std::move(frames), {}).ok());
  const auto [context, cancel] = with_timeout({}, 100ms);
  Result<Received> received = stranger.recv(context);
  if (!received.ok()) return std::nullopt;
  return wire::unpack(std::move(received->message));
}

template <class... Elements>
Frames frames_of(const Elements&... elements) {
  return {encode(std::make_tuple(elements...)), ""};
}

TEST(Strangers, AreToldWhatIsWrongIfTheyCanBe) {
  in_virtual_time([] {
    Calls calls;

    const auto version = answer_to(calls, frames_of("CV", 2, 1, 77, "Counter.Add"));
    const auto kind = answer_to(calls, frames_of("CV", 1, 50, 78));
    const auto name = answer_to(calls, frames_of("CV", 1, 1, 79, "no name", 1000));
    const auto late = answer_to(calls, frames_of("CV", 1, 1, 80, "Counter.Add", 0));

    ASSERT_TRUE(version && kind && name && late);
    EXPECT_EQ(version->call, 77U);
    EXPECT_EQ(std::get<wire::Reply>(version->content).status.code(), Code::unimplemented);
    EXPECT_EQ(std::get<wire::Reply>(kind->content).status.code(), Code::unimplemented);
    EXPECT_EQ(std::get<wire::Reply>(name->content).status.code(), Code::invalid_argument);
    EXPECT_EQ(std::get<wire::Reply>(late->content).status.code(), Code::deadline_exceeded);
    EXPECT_EQ(calls.counting.executed, 0);
    EXPECT_EQ(calls.counting.server.counters().unreadable, 3U);
  });
}

TEST(Strangers, ThatSendNothingReadableAreCountedAndNotAnswered) {
  in_virtual_time([] {
    Calls calls;

    EXPECT_FALSE(answer_to(calls, {"GET / HTTP/1.1"}));
    EXPECT_FALSE(answer_to(calls, {"a", "b", "c"}));
    EXPECT_FALSE(answer_to(calls, wire::pack({.call = 5, .content = wire::Reply{}})));
    EXPECT_FALSE(answer_to(calls, wire::pack({.call = 5, .content = wire::Cancel{}})));

    EXPECT_EQ(calls.counting.server.counters().unreadable, 3U);
    EXPECT_TRUE(calls.add(1).ok());
  });
}

TEST(Strangers, WhoTakeBackWhatIsNotThereAreCounted) {
  in_virtual_time([] {
    Calls calls;
    ASSERT_TRUE(calls.add(1).ok());

    EXPECT_FALSE(answer_to(calls, wire::pack({.call = 5, .content = wire::Cancel{}})));
    EXPECT_TRUE(answer_to(calls, wire::pack({.call = 5, .content = wire::Ping{}})));

    const ServerCounters counters = calls.counting.server.counters();
    EXPECT_EQ(counters.cancels_late, 1U);
    EXPECT_EQ(counters.cancelled, 0U);
    EXPECT_EQ(counters.pings, 1U);
    EXPECT_EQ(counters.requests, 1U);
  });
}

TEST(Strangers, WithABodyThatCannotBeReadDoNotReachTheHandler) {
  in_virtual_time([] {
    Calls calls;

    const auto answer = answer_to(
        calls, wire::pack({.call = 5,
                           .content = wire::Request{.method = "Counter.Add",
                                                    .remaining = std::chrono::microseconds(1000)},
                           .body = "\xdd\xff\xff\xff\xff"}));

    ASSERT_TRUE(answer);
    EXPECT_EQ(std::get<wire::Reply>(answer->content).status.code(), Code::invalid_argument);
    EXPECT_EQ(calls.counting.executed, 0);
  });
}

// A number that is taken twice is the stranger's own mistake, and nobody else's.
TEST(Strangers, WhoTakeANumberTwiceDoNotConfuseTheServer) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    ASSERT_TRUE(calls.client.call<Nothing>("Session.Open", Session{7}).ok());
    MemoryTransport stranger(calls.network);
    const Peer server = *stranger.connect("server");
    const auto request = [&](std::optional<RequestId> once) {
      return wire::pack({.call = 5,
                         .content = wire::Request{.method = "Counter.Add",
                                                  .remaining = std::chrono::seconds(10),
                                                  .once = once},
                         .body = encode(Add{"a", 1})});
    };

    EXPECT_TRUE(stranger.send(server, request({}), {}).ok());
    sleep_for(500ms);
    EXPECT_TRUE(stranger.send(server, request(RequestId{7, 1, 1}), {}).ok());
    sleep_for(1ms);

    EXPECT_TRUE(calls.counting.server.shutdown({}).ok());
    EXPECT_EQ(calls.counting.value, calls.counting.executed);
  });
}

TEST(Ping, IsAnsweredByTheLoop) {
  in_virtual_time([] {
    Calls calls;

    const auto pong = answer_to(calls, wire::pack({.call = 9, .content = wire::Ping{}}));

    ASSERT_TRUE(pong);
    EXPECT_EQ(pong->call, 9U);
    EXPECT_TRUE(std::get<wire::Pong>(pong->content).is_serving);
  });
}

TEST(Server, ThatIsDestroyedEndsItsHandlers) {
  in_virtual_time([] {
    MemoryNetwork network;
    MemoryTransport transport(network);
    Client client(transport, {"server"}, {.retry = {.attempts_max = 1}, .seed = 1});
    {
      Counting counting(network);
      counting.before = [](const Add&, const Context&) {
        sleep_for(1h);
        return Status();
      };
      go([&] { static_cast<void>(client.call<Sum>("Counter.Add", Add{"a", 1})); });
      sleep_for(1ms);
      EXPECT_EQ(counting.executed, 1);
    }
    EXPECT_EQ(client.call<Sum>("Counter.Add", Add{"a", 1}).status().code(), Code::unavailable);
  });
}

}  // namespace
}  // namespace conclave::rpc
