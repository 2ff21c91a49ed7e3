// The laws of client.hpp and server.hpp: a call, its time, its end, and what may be sent again.
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {
namespace {

using testing::HasSubstr;

constexpr Faults kNothingArrives{.lost = 1};

std::string text(const Status& status) { return to_string(status); }

TEST(Call, ReturnsTheReply) {
  in_virtual_time([] {
    Calls calls;

    EXPECT_EQ(calls.add(2).value().value, 2);
    EXPECT_EQ(calls.add(3).value().value, 5);
  });
}

TEST(Call, ReturnsWhatTheHandlerReturned) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add& add, const Context&) {
      return Status::not_found("no counter " + add.counter, "make it first");
    };

    const Status status = calls.add(1).status();

    EXPECT_EQ(status, Status::not_found("no counter visits", "make it first"));
    EXPECT_TRUE(status.maybe_executed());
    EXPECT_EQ(calls.counting.executed, 1);
  });
}

TEST(Call, ManyAtOnceEndInAnyOrder) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add& add, const Context&) {
      sleep_for(1ms * (100 - add.delta));
      return Status();
    };
    std::vector<std::int64_t> ended;
    WaitGroup group;

    for (std::int64_t delta = 1; delta <= 50; ++delta) {
      group.go([&, delta] {
        EXPECT_TRUE(calls.add(delta).ok());
        ended.push_back(delta);
      });
    }
    group.wait();

    EXPECT_EQ(ended.size(), 50U);
    EXPECT_EQ(ended.front(), 50);
    EXPECT_EQ(ended.back(), 1);
    EXPECT_EQ(calls.counting.value, 50 * 51 / 2);
  });
}

TEST(Call, OfAMethodThatIsNotThereIsNotExecuted) {
  in_virtual_time([] {
    Calls calls;

    const Status status = calls.client.call<Sum>("Counter.Divide", Add{}).status();

    EXPECT_EQ(status.code(), Code::unimplemented);
    EXPECT_THAT(text(status), HasSubstr("Counter.Divide"));
    EXPECT_FALSE(status.maybe_executed());
  });
}

TEST(Call, WithArgumentsOfAnotherTypeIsNotExecuted) {
  in_virtual_time([] {
    Calls calls;

    const Status status = calls.client.call<Sum>("Counter.Add", Sum{7}).status();

    EXPECT_EQ(status.code(), Code::invalid_argument);
    EXPECT_FALSE(status.maybe_executed());
    EXPECT_EQ(calls.counting.executed, 0);
  });
}

TEST(Call, ThatIsTooLongIsRefusedOnBothSides) {
  in_virtual_time([] {
    Calls calls({.body_bytes_max = 100, .seed = 1});
    Calls other({.seed = 1}, {.body_bytes_max = 100});
    const Add long_name{.counter = std::string(200, 'x')};

    const Status here = calls.client.call<Sum>("Counter.Add", long_name).status();
    const Status there = other.client.call<Sum>("Counter.Add", long_name).status();

    for (const Status& status : {here, there}) {
      EXPECT_EQ(status.code(), Code::invalid_argument);
      EXPECT_THAT(text(status), HasSubstr("may have 100"));
      EXPECT_FALSE(status.maybe_executed());
    }
  });
}

TEST(Call, WhoseReplyIsTooLongSaysSo) {
  in_virtual_time([] {
    Calls calls({.seed = 1}, {.body_bytes_max = 100});
    calls.counting.server.handle("Long", [](const Nothing&, const Context&) -> Result<Text> {
      return Text{std::string(200, 'x')};
    });

    const Status status = calls.client.call<Text>("Long", Nothing{}).status();

    EXPECT_EQ(status.code(), Code::invalid_argument);
    EXPECT_THAT(text(status), HasSubstr("the reply of Long"));
    EXPECT_TRUE(status.maybe_executed());
  });
}

TEST(Call, WithMetadataBringsItToTheHandler) {
  in_virtual_time([] {
    Calls calls;
    std::optional<CallInfo> seen;
    calls.counting.before = [&](const Add&, const Context& context) {
      seen = *call_info(context);
      return Status();
    };

    ASSERT_TRUE(calls.add(1, {.metadata = {{"who", "Ada"}}}).ok());

    EXPECT_EQ(seen->method, "Counter.Add");
    EXPECT_EQ(seen->metadata.at("who"), "Ada");
    EXPECT_EQ(seen->attempt, 1U);
    EXPECT_EQ(calls.add(1, {.metadata = {{"Who", "Ada"}}}).status().code(), Code::invalid_argument);
  });
}

TEST(Call, OfAHandlerCarriesTheTraceOn) {
  in_virtual_time([] {
    Calls behind;
    Calls front;
    std::string seen;
    behind.counting.before = [&](const Add&, const Context& context) {
      seen = call_info(context)->metadata.at("traceparent");
      return Status();
    };
    front.counting.before = [&](const Add&, const Context& context) {
      return behind.add(1, {}, context).status();
    };

    ASSERT_TRUE(front.add(1, {.metadata = {{"traceparent", "00-abc-def-01"}}}).ok());

    EXPECT_EQ(seen, "00-abc-def-01");
  });
}

// Law 5 of the server.
TEST(Handler, ThatThrowsAnswersInternalAndTheServerLives) {
  in_virtual_time([] {
    std::vector<std::string> log;
    Calls calls({.seed = 1}, {.log = [&](const std::string& line) { log.push_back(line); }});
    calls.counting.before = [](const Add& add, const Context&) -> Status {
      if (add.delta == 1) throw std::runtime_error("the password is 1234");
      if (add.delta == 2) throw 42;
      if (add.delta == 3) panic("a mistake");
      return {};
    };

    for (std::int64_t delta = 1; delta <= 3; ++delta) {
      const Status status = calls.add(delta).status();
      EXPECT_EQ(status.code(), Code::internal);
      EXPECT_THAT(text(status), Not(HasSubstr("1234")));
    }
    EXPECT_EQ(calls.add(4).value().value, 4);
    ASSERT_EQ(log.size(), 3U);
    EXPECT_THAT(log[0], HasSubstr("the password is 1234"));
    EXPECT_THAT(log[2], HasSubstr("a mistake"));
  });
}

TEST(Handler, IsRegisteredOnce) {
  in_virtual_time([] {
    Calls calls;
    const auto handler = [](const Nothing&, const Context&) -> Result<Nothing> {
      return Nothing{};
    };

    EXPECT_THROW(calls.counting.server.handle("Counter.Add", handler), Panic);
    EXPECT_THROW(calls.counting.server.handle("Health.Check", handler), Panic);
    EXPECT_THROW(calls.counting.server.handle("no name", handler), Panic);
  });
}

// Deadlines.

TEST(Deadline, EndsACallThatNobodyAnswers) {  // law 1 of the client
  in_virtual_time([] {
    Calls calls;
    calls.network.set(kNothingArrives);
    const TimePoint start = now();

    const Status status = calls.add(1, {.timeout = 300ms}).status();

    EXPECT_EQ(status.code(), Code::deadline_exceeded);
    EXPECT_TRUE(status.maybe_executed());
    EXPECT_EQ(now() - start, 300ms);
  });
}

TEST(Deadline, IsFiveSecondsUnlessSaidOtherwise) {
  in_virtual_time([] {
    Calls calls;
    std::optional<Duration> left;
    calls.counting.before = [&](const Add&, const Context& context) {
      left = *context.deadline() - now();
      return Status();
    };

    ASSERT_TRUE(calls.add(1).ok());

    EXPECT_EQ(left, 5s);
  });
}

TEST(Deadline, IsTheSoonerOfTheCallAndItsContext) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [&](const Add&, const Context& context) {
      sleep_for(1s);
      return context.status();
    };
    const auto [context, cancel] = with_timeout({}, 200ms);
    const TimePoint start = now();

    EXPECT_EQ(calls.add(1, {.timeout = 10s}, context).status().code(), Code::deadline_exceeded);

    EXPECT_EQ(now() - start, 200ms);
  });
}

// Law 2 of the client: what is left travels, through the handler's context into calls of its own.
TEST(Deadline, IsABudgetThatTravels) {
  in_virtual_time([] {
    Calls behind;
    Calls front;
    std::optional<Duration> left;
    behind.counting.before = [&](const Add&, const Context& context) {
      left = *context.deadline() - now();
      return Status();
    };
    front.counting.before = [&](const Add&, const Context& context) {
      sleep_for(400ms);
      return behind.add(1, {.timeout = 1h}, context).status();
    };

    ASSERT_TRUE(front.add(1, {.timeout = 1s}).ok());

    EXPECT_EQ(left, 600ms);
  });
}

TEST(Deadline, ThatHasPassedSendsNothing) {
  in_virtual_time([] {
    Calls calls;
    const auto [context, cancel] = with_timeout({}, 1ms);
    sleep_for(2ms);

    const Status status = calls.add(1, {}, context).status();

    EXPECT_EQ(status.code(), Code::deadline_exceeded);
    EXPECT_FALSE(status.maybe_executed());
    EXPECT_EQ(calls.client.counters().attempts, 0U);
  });
}

// Law 2 of the server.
TEST(Deadline, ThatPassesWhileTheCallWaitsDoesNotStartIt) {
  in_virtual_time([] {
    Calls calls({.seed = 1}, {.running_max = 1});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    WaitGroup group;
    group.go([&] { EXPECT_TRUE(calls.add(1).ok()); });
    yield();

    EXPECT_EQ(calls.add(1, {.timeout = 500ms}).status().code(), Code::deadline_exceeded);
    group.wait();
    sleep_for(5s);

    EXPECT_EQ(calls.counting.executed, 1);
    EXPECT_EQ(calls.counting.server.counters().cancelled, 1U);
  });
}

// Without the caller's word that it has gone, the server sees it by the time.
TEST(Deadline, NeedsNoCancelToKeepTheHandlerFromStarting) {
  in_virtual_time([] {
    Calls calls({.seed = 1}, {.running_max = 1});
    calls.counting.before = [&](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    WaitGroup group;
    group.go([&] { EXPECT_TRUE(calls.add(1).ok()); });
    group.go([&] {
      sleep_for(1ms);
      EXPECT_FALSE(calls.add(1, {.timeout = 500ms}).ok());
    });
    sleep_for(2ms);
    calls.network.set(kNothingArrives);  // so no cancel
    sleep_for(800ms);
    calls.network.set({});
    group.wait();
    sleep_for(1s);

    EXPECT_EQ(calls.counting.executed, 1);
    EXPECT_EQ(calls.counting.server.counters().expired, 1U);
  });
}

// Cancellation.

TEST(Cancellation, ReachesTheHandler) {  // law 6 of the client
  in_virtual_time([] {
    Calls calls;
    Status seen;
    calls.counting.before = [&](const Add&, const Context& context) {
      static_cast<void>(context.done().recv());
      seen = context.status();
      return seen;
    };
    const auto [context, cancel] = with_cancel({});
    after_func(10ms, [&] { cancel(); });
    const TimePoint start = now();

    const Status status = calls.add(1, {}, context).status();
    sleep_for(10ms);

    EXPECT_EQ(status.code(), Code::cancelled);
    EXPECT_TRUE(status.maybe_executed());
    EXPECT_EQ(seen.code(), Code::cancelled);
    EXPECT_EQ(now() - start, 20ms);
    EXPECT_EQ(calls.counting.server.counters().cancelled, 1U);
  });
}

TEST(Cancellation, TravelsOnByTheContext) {
  in_virtual_time([] {
    Calls behind;
    Calls front;
    Status seen;
    behind.counting.before = [&](const Add&, const Context& context) {
      static_cast<void>(context.done().recv());
      return seen = context.status();
    };
    front.counting.before = [&](const Add&, const Context& context) {
      return behind.add(1, {}, context).status();
    };
    const auto [context, cancel] = with_cancel({});
    after_func(10ms, [&] { cancel(); });

    EXPECT_EQ(front.add(1, {}, context).status().code(), Code::cancelled);
    sleep_for(1ms);

    EXPECT_EQ(seen.code(), Code::cancelled);
  });
}

TEST(Cancellation, OfACallThatWaitsGivesItsPlaceBack) {  // law 3 of the server
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 1}, .seed = 1}, {.running_max = 1, .waiting_max = 1});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    WaitGroup group;
    const auto [context, cancel] = with_cancel({});
    group.go([&] { EXPECT_TRUE(calls.add(1).ok()); });
    sleep_for(1ms);
    group.go([&] { EXPECT_FALSE(calls.add(1, {}, context).ok()); });
    sleep_for(1ms);
    EXPECT_EQ(calls.add(1).status().code(), Code::resource_exhausted);

    cancel();
    sleep_for(1ms);

    EXPECT_EQ(calls.add(1).status(), Status());
    group.wait();
    EXPECT_EQ(calls.counting.executed, 2);
  });
}

// Retries.

TEST(Retries, AreNotMadeOfWhatMayHaveBeenExecuted) {  // law 4 of the client
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [&](const Add&, const Context&) {
      calls.network.set(kNothingArrives);
      return Status();
    };
    const TimePoint start = now();

    const Status status = calls.add(1, {.timeout = 2s}).status();

    EXPECT_EQ(status.code(), Code::deadline_exceeded);
    EXPECT_TRUE(status.maybe_executed());
    EXPECT_EQ(calls.client.counters().attempts, 1U);
    EXPECT_EQ(now() - start, 2s);
  });
}

TEST(Retries, AreMadeOfWhatIsIdempotent) {
  in_virtual_time([] {
    Calls calls;
    calls.network.set(kNothingArrives);
    after_func(2500ms, [&] { calls.network.set({}); });

    EXPECT_TRUE(calls.add(1, {.timeout = 10s, .repeat = Repeat::idempotent}).ok());

    EXPECT_GE(calls.client.counters().retries, 2U);
    EXPECT_EQ(calls.counting.executed, 1);
  });
}

TEST(Retries, AreMadeOfWhatWasRefused) {
  in_virtual_time([] {
    Calls calls({.seed = 1}, {.running_max = 1, .waiting_max = 0});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(100ms);
      return Status();
    };
    WaitGroup group;
    group.go([&] { EXPECT_TRUE(calls.add(1).ok()); });
    yield();

    EXPECT_TRUE(calls.add(1).ok());  // never twice, and refused is not once
    group.wait();

    EXPECT_EQ(calls.counting.executed, 2);
    EXPECT_GE(calls.client.counters().retries, 1U);
  });
}

TEST(Retries, AreBounded) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 3}, .seed = 1});
    calls.counting.before = [](const Add&, const Context&) {
      return Status::unavailable("the disk is full").not_executed();
    };

    const Status status = calls.add(1).status();

    EXPECT_EQ(status.code(), Code::unavailable);
    EXPECT_THAT(text(status), HasSubstr("the disk is full (attempt 3"));
    EXPECT_FALSE(status.maybe_executed());
    EXPECT_EQ(calls.counting.executed, 3);
  });
}

TEST(Retries, AreNotMadeOfOtherErrors) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add&, const Context&) { return Status::not_found("no such"); };

    EXPECT_EQ(calls.add(1, {.repeat = Repeat::idempotent}).status().code(), Code::not_found);

    EXPECT_EQ(calls.counting.executed, 1);
  });
}

// Retries are load: when everything fails, there are few (retry.hpp, law 4).
TEST(Retries, AreFewWhenEverythingFails) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add&, const Context&) {
      return Status::unavailable("down").not_executed();
    };

    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(calls.add(1).ok());

    EXPECT_LE(calls.counting.executed, 1000 + 50);
    EXPECT_GT(calls.client.counters().over_budget, 900U);
  });
}

// Law 3 of the client: the second attempt was refused, but nobody knows of the first.
TEST(Retries, DoNotForgetWhatAnEarlierAttemptMayHaveDone) {
  in_virtual_time([] {
    Calls calls({.retry = {.attempts_max = 2}, .seed = 1});
    calls.counting.before = [&](const Add&, const Context&) {
      if (calls.counting.executed > 1) return Status::unavailable("refused").not_executed();
      calls.network.set(kNothingArrives);
      after_func(500ms, [&] { calls.network.set({}); });
      return Status();
    };

    const Status status = calls.add(1, {.repeat = Repeat::idempotent}).status();

    EXPECT_THAT(text(status), HasSubstr("refused"));
    EXPECT_TRUE(status.maybe_executed());
  });
}

// Law 3 of the client: who ends a context knows nothing of the calls that are under way in it.
TEST(Retries, AreNotMadeBecauseWhoeverEndedTheContextSaysThatNothingHappened) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    const CancellableContext above = with_cancel({});
    after_func(100ms, [&] {
      above.cancel(Status::unavailable("the server above shuts down").not_executed());
    });

    const Status status = calls.add(1, {}, above.context).status();

    EXPECT_EQ(status.code(), Code::unavailable);
    EXPECT_TRUE(status.maybe_executed());
    EXPECT_EQ(calls.counting.executed, 1);
  });
}

// Law 4 of the client.  The answer to the first attempt comes during the second, and is as good.
TEST(Retries, AreEndedByALateAnswer) {
  in_virtual_time([] {
    Calls calls({.attempt_timeout = 100ms, .seed = 1});
    calls.network.set({.delay_min = 70ms, .delay_max = 70ms});
    const TimePoint start = now();

    EXPECT_TRUE(calls.add(1, {.repeat = Repeat::idempotent}).ok());

    EXPECT_EQ(now() - start, 140ms);
  });
}

TEST(Retries, OfACallThatStillRunsDoNotRunItTwice) {
  in_virtual_time([] {
    Calls calls({.attempt_timeout = 100ms, .seed = 1});
    calls.counting.before = [](const Add&, const Context&) {
      sleep_for(350ms);
      return Status();
    };

    EXPECT_TRUE(calls.add(1, {.repeat = Repeat::idempotent}).ok());

    EXPECT_EQ(calls.counting.executed, 1);
    EXPECT_GE(calls.counting.server.counters().repeated, 1U);
  });
}

// Servers.

TEST(Servers, AnotherIsCalledWhenOneIsNotThere) {
  in_virtual_time([] {
    MemoryNetwork network;
    Counting second(network, "second");
    MemoryTransport transport(network);
    Client client(transport, {"first", "second"}, {.seed = 1});

    EXPECT_TRUE(client.call<Sum>("Counter.Add", Add{"a", 1}).ok());  // provably unsent to the first
    const TimePoint start = now();
    EXPECT_TRUE(client.call<Sum>("Counter.Add", Add{"a", 1}).ok());  // the second answered last

    EXPECT_EQ(now(), start);
    EXPECT_EQ(second.executed, 2);
  });
}

TEST(Servers, ThatAreSilentAreTakenForDead) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [&](const Add&, const Context&) {
      calls.network.set(kNothingArrives);
      sleep_for(1h);
      return Status();
    };
    const TimePoint start = now();

    const Status status = calls.add(1, {.timeout = 30min}).status();

    EXPECT_EQ(status.code(), Code::unavailable);
    EXPECT_TRUE(status.maybe_executed());
    EXPECT_THAT(text(status), HasSubstr("silent"));
    EXPECT_LE(now() - start, 4s);
  });
}

TEST(Servers, ThatAreSlowAreNot) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [&](const Add&, const Context&) {
      sleep_for(20min);
      return Status();
    };

    EXPECT_TRUE(calls.add(1, {.timeout = 30min}).ok());
  });
}

TEST(Client, ThatIsClosedEndsItsCalls) {
  in_virtual_time([] {
    Calls calls;
    calls.network.set(kNothingArrives);
    after_func(100ms, [&] { calls.client.close(); });
    const TimePoint start = now();

    const Status status = calls.add(1).status();

    EXPECT_EQ(status.code(), Code::cancelled);
    EXPECT_EQ(now() - start, 100ms);
    EXPECT_EQ(calls.add(1).status().code(), Code::cancelled);
    EXPECT_FALSE(calls.add(1).status().maybe_executed());
  });
}

TEST(Client, PassesOverWhatItDidNotAskFor) {
  in_virtual_time([] {
    Calls calls;
    calls.network.set({.twice = 1});

    EXPECT_TRUE(calls.add(1).ok());
    EXPECT_TRUE(calls.add(1).ok());
    yield();

    EXPECT_GE(calls.client.counters().late_replies, 1U);
  });
}

}  // namespace
}  // namespace conclave::rpc
