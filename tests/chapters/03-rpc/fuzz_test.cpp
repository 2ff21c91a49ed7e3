// A million messages that were changed at random, read by the decoder, sent to a server, and sent to a client.  Nothing
// crashes, nobody who behaves notices, memory does not grow, and what is dropped is counted.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "calls.hpp"
#include "corpus.hpp"
#include "fuzz/values.hpp"
#include "memory.hpp"
#include "mutator.hpp"
#include "rpc/services.hpp"
#include "rpc/wire.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr int kShare = 10;  // which is slow, and looks for races: a tenth will do
#else
constexpr int kShare = 1;
#endif
constexpr int kMessages = 1'000'000 / kShare;
constexpr int kMessagesToAProgram = 100'000 / kShare;

/// The small files, since a few long ones would take most of the time.
std::vector<std::string> bytes_of(const std::vector<CorpusFile>& files) {
  constexpr std::size_t kSmall = 1024;
  std::vector<std::string> all;
  for (const CorpusFile& file : files) {
    if (file.bytes.size() <= kSmall) all.push_back(file.bytes);
  }
  return all;
}

void add(std::vector<std::string>& headers, std::vector<std::string>& bodies,
         wire::Message message) {
  Frames frames = wire::pack(std::move(message));
  headers.push_back(std::move(frames[0]));
  bodies.push_back(std::move(frames[1]));
}

/// Changes the messages of the corpus, and requests that a server understands.
Mutator mutator(std::uint64_t seed) {
  std::vector<std::string> headers = bytes_of(corpus("wire"));
  std::vector<std::string> bodies = bytes_of(corpus("body"));
  const auto request = [&](std::uint64_t call, std::string method, std::string body,
                           std::optional<RequestId> once = {}) {
    add(headers, bodies,
        {.call = call,
         .content = wire::Request{.method = std::move(method), .remaining = 1s, .once = once},
         .body = std::move(body)});
  };
  for (std::uint64_t i = 1; i <= 8; ++i) {
    request(i, "Counter.Add", encode(Add{"a", 1}));
    request(i + 4, "Counter.Add", encode(Add{"a", 1}), RequestId{7, i, 1 + i / 2});
    add(headers, bodies, {.call = i, .content = wire::Cancel{}});
  }
  request(20, "Session.Open", encode(Session{7}));
  request(21, "Session.Close", encode(Session{7}));
  request(22, "Health.Check", encode(Service{""}));
  request(23, "Health.Watch", encode(HealthSeen{"", "serving"}));
  request(24, "Meta.Methods", encode(Nothing{}));
  return {seed, std::move(headers), std::move(bodies)};
}

bool is_readable(const wire::Message& message) {
  return !std::holds_alternative<wire::Unreadable>(message.content);
}

TEST(MutatedFrames, AreReadOrRefused) {
  Mutator mutated = mutator(seed_of_this_test());
  const ExpectNoGrowth expect_no_growth;
  int headers = 0;
  int bodies = 0;

  for (int i = 0; i < kMessages; ++i) {
    Frames frames = mutated.message();
    const std::string body = frames.empty() ? "" : frames.back();
    const wire::Message message = wire::unpack(std::move(frames));
    if (decode<Everything>(body).ok()) ++bodies;
    if (!is_readable(message)) continue;
    ++headers;
    const wire::Message same = wire::unpack(wire::pack(message));
    ASSERT_EQ(same.content.index(), message.content.index()) << "message " << i;
  }

  EXPECT_GT(headers, kMessages / 10);
  EXPECT_LT(headers, kMessages / 10 * 9);
  EXPECT_GT(bodies, kMessages / 100);
  EXPECT_LT(bodies, kMessages / 10 * 9);
}

/// Somebody who sends what he likes, and counts what he hears.
class Stranger {
 public:
  explicit Stranger(MemoryNetwork& network) : transport_(network, 4096) {
    server_ = *transport_.connect("server");
    reading_.go(Name("stranger"), [this] { read(); });
  }
  ~Stranger() { transport_.close(); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  void send(Frames frames) {
    const wire::Message message = wire::unpack(frames);
    if (!transport_.send(server_, std::move(frames), {}).ok()) return;  // it has no frames
    ++sent;
    if (!is_readable(message) && message.call != 0) ++sent_with_a_number;
  }

  std::uint64_t sent = 0;
  std::uint64_t sent_with_a_number = 0;  // of those that cannot be read
  std::uint64_t replies = 0;
  std::uint64_t pongs = 0;

 private:
  void read() {
    for (;;) {
      Result<Received> received = transport_.recv({});
      if (!received.ok()) return;
      const wire::Message message = wire::unpack(std::move(received->message));
      EXPECT_TRUE(is_readable(message));
      if (std::holds_alternative<wire::Reply>(message.content)) ++replies;
      if (std::holds_alternative<wire::Pong>(message.content)) ++pongs;
    }
  }

  MemoryTransport transport_;
  Peer server_;
  GoroutineGroup reading_{"stranger"};
};

/// All messages that a server has taken.
std::uint64_t taken(const ServerCounters& counters) {
  return counters.requests + counters.cancelled + counters.cancels_late + counters.pings +
         counters.unreadable;
}

/// All messages that a client has taken.
std::uint64_t taken(const ClientCounters& counters) {
  return counters.answers + counters.late_replies + counters.notices + counters.unreadable;
}

/// Lets the others run until `holds()`, or until they cannot have anything left to do.
template <class Predicate>
bool soon(Predicate holds) {
  for (int i = 0; i < 10'000; ++i) {
    if (holds()) return true;
    yield();
  }
  return false;
}

TEST(MutatedFrames, ToAServerAreCountedEachAndDisturbNobody) {
  Mutator mutated = mutator(seed_of_this_test());
  in_virtual_time([&] {
    Calls calls;
    Server& server = calls.counting.server;
    server.handle("Echo", [](const Sum& sum, const Context&) -> Result<Sum> { return sum; });
    Stranger stranger(calls.network);
    const ExpectNoGrowth expect_no_growth;

    constexpr int kAtATime = 50;
    for (int i = 0; i < kMessagesToAProgram; i += kAtATime) {
      for (int j = 0; j < kAtATime; ++j) stranger.send(mutated.message());
      const Result<Sum> echo = calls.client.call<Sum>("Echo", Sum{i});
      ASSERT_TRUE(echo.ok()) << echo.status();
      ASSERT_EQ(echo->value, i);
      ASSERT_TRUE(soon([&] {
        return taken(server.counters()) == stranger.sent + calls.client.counters().attempts;
      })) << "a message that came is counted nowhere, or twice";
    }

    const auto [grace, cancel] = with_timeout({}, 10s);
    EXPECT_TRUE(server.shutdown(grace).ok());
    // Each was answered unless somebody asked for the same again, took it back, or gave it no number.
    const ServerCounters counters = server.counters();
    const std::uint64_t from_stranger = counters.requests - calls.client.counters().attempts;
    const std::uint64_t answered = from_stranger - counters.repeated - counters.cancelled;
    EXPECT_TRUE(soon([&] {
      return stranger.pongs == counters.pings &&
             stranger.replies >= answered + stranger.sent_with_a_number;
    }));
    EXPECT_EQ(stranger.replies, answered + stranger.sent_with_a_number);
    EXPECT_EQ(counters.replies_lost, 0U);
    EXPECT_EQ(calls.client.counters().retries, 0U);
    EXPECT_GT(calls.counting.executed, 0);
  });
}

/// A server that answers each request with what it likes first, and then as it should.
class Liar {
 public:
  Liar(MemoryNetwork& network, std::uint64_t seed) : transport_(network), mutated_(mutator(seed)) {
    static_cast<void>(transport_.listen("liar"));
    lying_.go(Name("liar"), [this] { serve(); });
  }
  ~Liar() { transport_.close(); }
  Liar(const Liar&) = delete;
  Liar& operator=(const Liar&) = delete;

  std::uint64_t sent = 0;

 private:
  void serve() {
    for (;;) {
      Result<Received> received = transport_.recv({});
      if (!received.ok()) return;
      const wire::Message message = wire::unpack(std::move(received->message));
      const auto* request = std::get_if<wire::Request>(&message.content);
      if (request == nullptr) continue;
      for (int i = 0; i < kLies; ++i) send(received->from, lie(message.call, request->attempt));
      send(received->from, wire::pack({.call = message.call,
                                       .content = wire::Reply{.attempt = request->attempt},
                                       .body = encode(Sum{1})}));
    }
  }

  /// Any message, or a changed answer to this very call.
  Frames lie(std::uint64_t call, std::uint32_t attempt) {
    switch (++lies_ % 8) {
      case 0:
        return mutated_.message_like(wire::pack(
            {.call = call,
             .content = wire::Reply{attempt, Status::unavailable("full").not_executed()}}));
      case 1:
        return mutated_.message_like(wire::pack(
            {.call = call, .content = wire::Reply{.attempt = attempt}, .body = encode(Sum{2})}));
      default:
        return mutated_.message();
    }
  }

  void send(const Peer& to, Frames frames) {
    if (transport_.send(to, std::move(frames), {}).ok()) ++sent;  // unless it has no frames
  }

  static constexpr int kLies = 20;
  MemoryTransport transport_;
  Mutator mutated_;
  int lies_ = 0;
  GoroutineGroup lying_{"liar"};
};

TEST(MutatedFrames, ToAClientAreCountedEachAndItsCallsEnd) {
  const std::uint64_t seed = seed_of_this_test();
  in_virtual_time([&] {
    Calls calls;
    Liar liar(calls.network, seed);
    MemoryTransport transport(calls.network);
    Client victim(transport, {"liar"}, {.seed = 1});
    const ExpectNoGrowth expect_no_growth;

    int good = 0;
    for (int i = 0; liar.sent < kMessagesToAProgram; ++i) {
      const Repeat repeat = i % 3 == 0   ? Repeat::never
                            : i % 3 == 1 ? Repeat::idempotent
                                         : Repeat::once;
      const TimePoint before = now();
      const Result<Sum> sum = victim.call<Sum>("Counter.Add", Add{"a", 1}, {}, {.repeat = repeat});
      ASSERT_LE(now() - before, 5s);  // law 1 of the client
      if (sum.ok()) ++good;
      ASSERT_EQ(calls.add(1).value().value, i + 1);
      ASSERT_TRUE(soon([&] { return taken(victim.counters()) == liar.sent; }))
          << "a message that came is counted nowhere, or twice";
    }

    EXPECT_GT(good, 0);
    EXPECT_EQ(calls.client.counters().retries, 0U);
  });
}

}  // namespace
}  // namespace conclave::rpc
