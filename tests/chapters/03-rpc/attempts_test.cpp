// Laws 3 and 4 of client.hpp, attempt by attempt: which server has which, and whose answer counts.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.hpp"
#include "rpc/call_info.hpp"
#include "rpc/wire.hpp"

namespace conclave::rpc {
namespace {

using testing::HasSubstr;

/// A server that answers as its test says, or does not.
class Scripted {
 public:
  using Script = std::function<void(Scripted&, const Peer&, std::uint64_t, const wire::Request&)>;

  Scripted(MemoryNetwork& network, const std::string& address, Script script)
      : transport_(network), script_(std::move(script)) {
    static_cast<void>(transport_.listen(address));
    group_.go([this] {
      for (;;) {
        Result<Received> received = transport_.recv({});
        if (!received.ok()) return;
        const wire::Message message = wire::unpack(std::move(received->message));
        if (const auto* request = std::get_if<wire::Request>(&message.content)) {
          requests.push_back(*request);
          numbers.push_back(message.call);
          script_(*this, received->from, message.call, *request);
        }
      }
    });
  }

  void reply(const Peer& to, std::uint64_t number, std::uint32_t attempt, const Status& status,
             std::int64_t value = 0) {
    static_cast<void>(transport_.send(
        to,
        wire::pack(
            {.call = number, .content = wire::Reply{attempt, status}, .body = encode(Sum{value})}),
        {}));
  }

  std::vector<wire::Request> requests{};
  std::vector<std::uint64_t> numbers{};

 private:
  MemoryTransport transport_;
  Script script_;
  GoroutineGroup group_{"scripted"};
};

Result<Sum> add(Client& client, const CallOptions& options = {}, const Context& context = {}) {
  return client.call<Sum>("Counter.Add", Add{"a", 1}, context, options);
}

// A server that is slow and alive knows the call; another would execute it beside it.
TEST(Attempts, GoToTheServerThatIsAtWork) {
  in_virtual_time([] {
    MemoryNetwork network;
    Counting first(network, "first");
    Counting second(network, "second");
    first.before = [](const Add&, const Context&) {
      sleep_for(350ms);
      return Status();
    };
    MemoryTransport transport(network);
    Client client(transport, {"first", "second"},
                  {.attempt_timeout = 100ms, .ping_every = 20ms, .seed = 1});

    EXPECT_TRUE(add(client, {.repeat = Repeat::idempotent}).ok());

    EXPECT_EQ(first.executed, 1);
    EXPECT_EQ(second.executed, 0);
  });
}

TEST(Attempts, HaveTheNumberOfTheCallAndTheirOwn) {
  in_virtual_time([] {
    MemoryNetwork network;
    Scripted server(
        network, "server",
        [](Scripted& self, const Peer& from, std::uint64_t number, const wire::Request& request) {
          const bool is_enough = request.attempt == 3;
          self.reply(from, number, request.attempt,
                     is_enough ? Status() : Status::unavailable("no").not_executed());
        });
    MemoryTransport transport(network);
    Client client(transport, {"server"}, {.seed = 1});

    EXPECT_TRUE(add(client).ok());

    ASSERT_EQ(server.requests.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(server.numbers[i], server.numbers[0]);
      EXPECT_EQ(server.requests[i].attempt, i + 1);
    }
  });
}

// After a restart, nothing that was meant for the one before is taken for ours.
TEST(Attempts, OfTwoClientsHaveOtherNumbers) {
  in_virtual_time([] {
    MemoryNetwork network;
    Scripted server(
        network, "server",
        [](Scripted& self, const Peer& from, std::uint64_t number, const wire::Request& request) {
          self.reply(from, number, request.attempt, Status());
        });
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      MemoryTransport transport(network);
      Client client(transport, {"server"}, {.seed = seed});
      EXPECT_TRUE(add(client).ok());
    }

    ASSERT_EQ(server.numbers.size(), 2U);
    EXPECT_NE(server.numbers[0], server.numbers[1]);
  });
}

// Law 4: why the first failed says nothing of the second.
TEST(Attempts, AreNotEndedByTheErrorOfOneBefore) {
  in_virtual_time([] {
    MemoryNetwork network;
    Scripted server(
        network, "server",
        [](Scripted& self, const Peer& from, std::uint64_t number, const wire::Request& request) {
          if (request.attempt != 2) return;  // the first is lost
          self.reply(from, number, 1, Status::not_found("what the first came to"));
          sleep_for(10ms);
          self.reply(from, number, 2, Status());
        });
    MemoryTransport transport(network);
    Client client(transport, {"server"}, {.attempt_timeout = 100ms, .seed = 1});

    const Result<Sum> sum = add(client, {.repeat = Repeat::idempotent});

    EXPECT_TRUE(sum.ok()) << sum.status();
    EXPECT_EQ(client.counters().late_replies, 1U);
  });
}

// Retries are load: an error that comes late is no reason to hurry.
TEST(Attempts, AreNotHurriedByALateError) {
  in_virtual_time([] {
    MemoryNetwork network;
    std::vector<TimePoint> came;
    Scripted server(
        network, "server",
        [&](Scripted& self, const Peer& from, std::uint64_t number, const wire::Request& request) {
          came.push_back(now());
          if (request.attempt == 1) {
            sleep_for(110ms);  // 10 ms into the pause
            self.reply(from, number, 1, Status::unavailable("late"));
          } else {
            self.reply(from, number, request.attempt, Status());
          }
        });
    MemoryTransport transport(network);
    Client client(
        transport, {"server"},
        {.retry = {.backoff_min = 500ms, .jitter = 0}, .attempt_timeout = 100ms, .seed = 1});

    EXPECT_TRUE(add(client, {.repeat = Repeat::idempotent}).ok());

    ASSERT_EQ(came.size(), 2U);
    EXPECT_EQ(came[1] - came[0], 600ms);
  });
}

// The first server is taken for dead while the second attempt is on its way to another, which is not there yet.
TEST(Attempts, AreNotEndedByTheDeathOfAServerBefore) {
  in_virtual_time([] {
    MemoryNetwork network;
    Scripted silent(network, "silent",
                    [](Scripted&, const Peer&, std::uint64_t, const wire::Request&) {});
    MemoryTransport transport(network);
    Client client(transport, {"silent", "late"},
                  {.retry = {.attempts_max = 2},
                   .attempt_timeout = 1s,
                   .ping_every = 100ms,
                   .silence_max = 1500ms,
                   .seed = 1});
    // A second call keeps the silent server waited for.
    go([&] { static_cast<void>(client.call_bytes("Counter.Add", "", {}, {.timeout = 1min})); });
    yield();
    std::optional<Counting> late;
    after_func(1700ms, [&] { late.emplace(network, "late"); });

    const Result<Sum> sum = add(client, {.repeat = Repeat::idempotent});

    EXPECT_TRUE(sum.ok()) << sum.status();
  });
}

TEST(Attempts, SendWhatIsLeftOfTheTime) {
  in_virtual_time([] {
    MemoryNetwork network;
    Scripted server(network, "server",
                    [](Scripted&, const Peer&, std::uint64_t, const wire::Request&) {});
    MemoryTransport transport(network);
    Client client(transport, {"server"},
                  {.retry = {.backoff_min = 100ms, .jitter = 0}, .attempt_timeout = 1s, .seed = 1});

    EXPECT_EQ(add(client, {.timeout = 2s, .repeat = Repeat::idempotent}).status().code(),
              Code::deadline_exceeded);

    ASSERT_EQ(server.requests.size(), 2U);
    EXPECT_EQ(server.requests[0].remaining, 2s);
    EXPECT_EQ(server.requests[1].remaining, 900ms);
  });
}

TEST(Deadline, OfNoTimeOrLessSendsNothing) {
  in_virtual_time([] {
    Calls calls;

    for (const Duration timeout : {Duration{}, Duration{-1s}, Duration::min()}) {
      const Status status = calls.add(1, {.timeout = timeout}).status();
      EXPECT_EQ(status.code(), Code::deadline_exceeded);
      EXPECT_FALSE(status.maybe_executed());
    }
    EXPECT_EQ(calls.client.counters().attempts, 0U);
  });
}

TEST(Deadline, MayBeTheEndOfTime) {
  in_virtual_time([] {
    Calls calls;

    EXPECT_TRUE(calls.add(1, {.timeout = Duration::max()}).ok());
    EXPECT_TRUE(calls.add(1, {.timeout = Duration::max(), .repeat = Repeat::once}).ok());
  });
}

// Nobody who calls for somebody else lets that one choose how long a header becomes.
TEST(Call, OfAHandlerDropsATraceThatHasNoRoom) {
  in_virtual_time([] {
    Calls behind;
    Calls front;
    bool has_trace = true;
    behind.counting.before = [&](const Add&, const Context& context) {
      has_trace = call_info(context)->metadata.contains("traceparent");
      return Status();
    };
    front.counting.before = [&](const Add&, const Context& context) {
      return behind.add(1, {.metadata = {{"mine", std::string(4080, 'm')}}}, context).status();
    };

    const Status status =
        front.add(1, {.metadata = {{"traceparent", std::string(4080, 't')}}}).status();

    EXPECT_TRUE(status.ok()) << status;
    EXPECT_FALSE(has_trace);
  });
}

TEST(Call, WithAsMuchMetadataAsThereMayBeFits) {
  in_virtual_time([] {
    Calls calls;
    Metadata metadata;
    std::size_t bytes = 0;
    const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    const auto put = [&](const std::string& name) {
      if (bytes + name.size() > 4096) return;
      bytes += name.size();
      metadata.emplace(name, "");
    };
    for (const char a : letters) put({a});
    for (const char a : letters) {
      for (const char b : letters) put({a, b});
    }
    for (const char a : letters) {
      for (const char b : letters) put({a, b, 'c'});
    }
    const std::string name(128, 'm');
    calls.counting.server.handle(name,
                                 [](const Add&, const Context&) -> Result<Sum> { return Sum{1}; });

    const Status status =
        calls.client.call<Sum>(name, Add{}, {}, {.repeat = Repeat::once, .metadata = metadata})
            .status();

    EXPECT_GT(bytes, 4090U);
    EXPECT_TRUE(status.ok()) << status;
  });
}

TEST(Call, WhoseErrorIsLongIsAnswered) {
  in_virtual_time([] {
    Calls calls;
    calls.counting.before = [](const Add&, const Context&) {
      return Status::not_found(std::string(100'000, 'm'), std::string(100'000, 'w'));
    };

    const Status status = calls.add(1).status();

    EXPECT_EQ(status.code(), Code::not_found);
    EXPECT_EQ(status.message().size(), 2048U);
  });
}

// A client that nobody calls lets virtual time stand: the next event is an hour away, and nothing else happens.
TEST(Client, ThatIsIdleSendsNothing) {
  in_virtual_time([] {
    MemoryNetwork network;
    Counting counting(network);
    MemoryTransport transport(network);
    Client client(transport, {"server"}, {.seed = 1});
    ASSERT_TRUE(add(client).ok());
    const std::uint64_t requests = counting.server.counters().requests;

    sleep_for(1h);

    EXPECT_EQ(counting.server.counters().requests, requests);
    EXPECT_EQ(client.counters().attempts, 1U);
  });
}

TEST(Client, WantsTimeBetweenPings) {
  in_virtual_time([] {
    MemoryNetwork network;
    MemoryTransport transport(network);

    EXPECT_THROW(Client(transport, {"server"}, {.ping_every = 0ms, .seed = 1}), Panic);
  });
}

}  // namespace
}  // namespace conclave::rpc
