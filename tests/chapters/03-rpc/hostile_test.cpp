// Peers that mean no good, or do not know better, at a real port: garbage, half a handshake, one byte at a time, one that never
// reads, a thousand that come and go.  Beside them somebody calls who behaves, and is always answered.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "corpus.hpp"
#include "goroutines/goroutines.hpp"
#include "memory.hpp"
#include "raw_peer.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "rpc/zmq_transport.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;

constexpr const char* kAnyPort = "tcp://127.0.0.1:*";

struct Text {
  std::string text{};
  MSGPACK_DEFINE(text)
};

/// A server at a port of its own, and somebody who calls it and behaves.
class Harbour {
 public:
  explicit Harbour(const SocketOptions& socket = {})
      : transport(Io(), {.socket = socket}), server(transport), address(listen()) {
    server.handle("Echo", [](const Text& text, const Context&) -> Result<Text> { return text; });
    server.handle("Long", [](const Text& text, const Context&) -> Result<Text> {
      return Text{std::string(100'000, 'x') + text.text};
    });
    server.handle("Wait", [this](const Text&, const Context& context) -> Result<Text> {
      ++waiting;
      begun.send(Signal{});
      static_cast<void>(context.done().recv());
      --waiting;
      return context.status();
    });
    serving_.go(Name("serve"), [this] { static_cast<void>(server.serve()); });
  }
  ~Harbour() {
    client.close();
    transport.close();
  }
  Harbour(const Harbour&) = delete;
  Harbour& operator=(const Harbour&) = delete;

  /// Expects that the one who behaves is answered.
  void expect_served() {
    const std::string text = std::to_string(++calls_);
    const Result<Text> echo =
        client.call<Text>("Echo", Text{text}, {}, {.timeout = 30s});  // a sanitizer takes its time
    ASSERT_TRUE(echo.ok()) << echo.status();
    ASSERT_EQ(echo->text, text);
  }

  /// Expects that he is answered, again and again until `holds()`, which takes less than half a minute.
  void expect_served_until(const std::function<bool()>& holds) {
    const auto [patience, cancel] = with_timeout({}, 30s);
    while (!holds() && patience.status().ok() && !testing::Test::HasFatalFailure()) expect_served();
    EXPECT_TRUE(holds());
  }

  /// How many calls the server knows of.
  [[nodiscard]] bool is_idle() const {
    return server.metrics().find("conclave_server_calls 0\n") != std::string::npos;
  }

  ZmqTransport transport;
  Server server;
  std::string address;
  Chan<Signal> begun = make_chan<Signal>(1000);  // calls of Wait
  int waiting = 0;                               // of those, now
  ZmqTransport client_transport{Io()};
  Client client{client_transport, {address}, {.retry = {.attempts_max = 1}, .seed = 1}};

 private:
  std::string listen() {
    const Result<std::string> bound = transport.listen(kAnyPort);
    EXPECT_TRUE(bound.ok()) << bound.status();
    return bound.value_or("");
  }

  int calls_ = 0;
  GoroutineGroup serving_{"harbour"};
};

/// What is no beginning of a conversation with ZeroMQ.
std::vector<std::string> bad_beginnings(Random& random) {
  std::vector<std::string> all;
  for (const CorpusFile& file : corpus("wire")) all.push_back(file.bytes);
  all.push_back(std::string(100'000, '\0'));
  all.push_back(std::string(100'000, '\xff'));
  std::string mechanism = zmtp_greeting();
  mechanism.replace(12, 4, "NONE");
  all.push_back(mechanism + zmtp_ready());
  const std::string greeting = zmtp_greeting();
  all.push_back(greeting + zmtp_frame(4, std::string_view("\5ERROR\3no!", 10)));
  all.push_back(greeting +
                zmtp_frame(4, std::string_view("\5READY\xbSocket-Type\xff\xff\xff\xff", 21)));
  all.push_back(greeting +
                zmtp_frame(4, std::string_view("\5READY\xbSocket-Type\0\0\0\4PAIR", 26)));
  all.push_back(greeting + std::string("\6\x7f\xff\xff\xff\xff\xff\xff\xff\5READY", 15));
  all.push_back(greeting + zmtp_message({"a message", "before the handshake"}));
  for (int i = 0; i < 50; ++i) {
    std::string bytes = i % 2 == 0 ? "" : greeting;
    for (std::uint64_t j = random.below(300); j > 0; --j)
      bytes += static_cast<char>(random.below(256));
    all.push_back(std::move(bytes));
  }
  return all;
}

TEST(HostilePeers, WithGarbageOnThePortDisturbNobody) {
  Random random(seed_of_this_test());
  run([&] {
    Harbour harbour;

    for (const std::string& bytes : bad_beginnings(random)) {
      RawPeer peer(harbour.address);
      peer.send(bytes);
      peer.end();
      harbour.expect_served();
      EXPECT_TRUE(peer.is_hung_up_on());
    }

    // Some of it was a message to ZeroMQ, which understands its first version, too; but none was to us.
    EXPECT_EQ(harbour.server.counters().executed, harbour.client.counters().calls);
  });
}

TEST(HostilePeers, WithGarbageInTheirMessagesAreCountedEach) {
  run([] {
    Harbour harbour;
    std::uint64_t readable = 0;
    std::uint64_t unreadable = 0;
    RawPeer peer(harbour.address);
    peer.shake_hands();

    for (const CorpusFile& file : corpus("wire")) {
      if (file.bytes.size() > 255) continue;
      const Frames frames{file.bytes, "body"};
      const wire::Message message = wire::unpack(frames);
      const bool is_for_servers = std::holds_alternative<wire::Request>(message.content) ||
                                  std::holds_alternative<wire::Cancel>(message.content) ||
                                  std::holds_alternative<wire::Ping>(message.content);
      (is_for_servers ? readable : unreadable) += 1;
      peer.send(zmtp_message(frames));
    }
    constexpr std::size_t kFramesMax = 15;  // and the one that says who sends them
    for (std::size_t frames = 1; frames <= 20; ++frames) {
      if (frames != 2) peer.send(zmtp_message(Frames(frames, "x")));
      if (frames != 2 && frames <= kFramesMax) ++unreadable;
    }

    harbour.expect_served_until([&] {
      const ServerCounters counters = harbour.server.counters();
      return counters.unreadable == unreadable &&
             harbour.transport.counters().dropped == 20 - kFramesMax &&
             counters.requests + counters.pings + counters.cancels_late ==
                 readable + harbour.client.counters().attempts;
    });
  });
}

TEST(HostilePeers, WhoBreakTheFramingAreDisconnected) {
  run([] {
    Harbour harbour({.frame_bytes_max = 1000});

    for (const std::string& bytes :
         {std::string("\2\0\0\0\0\0\0\3\xe9", 9),                   // of 1001 bytes
          std::string("\2\x7f\xff\xff\xff\xff\xff\xff\xff", 9),     // of 2^63 - 1
          std::string("\3\xff\xff\xff\xff\xff\xff\xff\xff", 9)}) {  // of 2^64 - 1
      RawPeer peer(harbour.address);
      peer.shake_hands();
      peer.send(bytes);
      harbour.expect_served();
      EXPECT_TRUE(peer.is_hung_up_on());
    }
  });
}

TEST(HostilePeers, ThatAreHalfOpenAreDisconnected) {
  run([] {
    Harbour harbour({.handshake_max = 50ms});
    const std::string all = zmtp_greeting() + zmtp_ready();
    std::vector<std::unique_ptr<RawPeer>> peers;

    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{1}, std::size_t{10}, std::size_t{64}, all.size() - 1}) {
      peers.push_back(std::make_unique<RawPeer>(harbour.address));
      peers.back()->send(all.substr(0, bytes));
    }

    for (const auto& peer : peers) {
      harbour.expect_served();
      EXPECT_TRUE(peer->is_hung_up_on());
    }
    harbour.expect_served();
  });
}

// A peer may choose the name by which a router knows it, also one that another has.
TEST(HostilePeers, WhoTakeTheNameOfAnotherDoNotGetItsAnswers) {
  run([] {
    Harbour harbour;
    const auto request = [](const std::string& text) {
      return zmtp_message(wire::pack(
          {.call = 5,
           .content = wire::Request{.method = "Echo", .remaining = std::chrono::hours(1)},
           .body = encode(Text{text})}));
    };
    RawPeer first(harbour.address);
    first.shake_hands("twin");
    first.send(request("one"));
    EXPECT_THAT(first.read_until("one"), HasSubstr("one"));

    RawPeer second(harbour.address);
    second.shake_hands("twin");
    second.send(request("two"));
    for (const std::string text : {"three", "four", "five"}) {
      first.send(request(text));
      EXPECT_THAT(first.read_until(text), HasSubstr(text));
      harbour.expect_served();
    }

    EXPECT_EQ(harbour.server.counters().executed, 7U);  // of the second, nothing
  });
}

TEST(HostilePeers, ThatSendAByteAtATimeHoldUpNobodyAndAreAnswered) {
  run([] {
    Harbour harbour({.handshake_max = 30s});
    const Frames request =
        wire::pack({.call = 5,
                    .content = wire::Request{.method = "Echo", .remaining = std::chrono::hours(1)},
                    .body = encode(Text{"slowly"})});
    RawPeer peer(harbour.address);

    const auto send_slowly = [&](const std::string& bytes) {
      for (const char byte : bytes) {
        peer.send({&byte, 1});
        harbour.expect_served();
      }
    };

    send_slowly(zmtp_greeting() + zmtp_ready());
    peer.hear_who_it_is();
    send_slowly(zmtp_message(request));

    EXPECT_THAT(peer.read_until("slowly"), HasSubstr("slowly"));
  });
}

TEST(HostilePeers, ThatNeverReadLoseTheirRepliesAndHoldUpNobody) {
  run([] {
    Harbour harbour({.queue_max = 20});
    const Io io;
    Socket lazy = *Socket::open(io, SocketKind::dealer, {.queue_max = 20});
    ASSERT_TRUE(lazy.connect(harbour.address).ok());
    harbour.expect_served();
    const ExpectNoGrowth expect_no_growth;

    std::uint64_t call = 0;
    harbour.expect_served_until([&] {
      for (int i = 0; i < 10; ++i) {
        const Status sent = lazy.send(wire::pack(
            {.call = ++call,
             .content = wire::Request{.method = "Long", .remaining = std::chrono::hours(1)},
             .body = encode(Text{"x"})}));
        EXPECT_TRUE(sent.ok()) << sent;
      }
      return harbour.server.counters().replies_lost >= 1000;
    });

    harbour.expect_served_until([&] { return harbour.is_idle(); });
  });
}

/// How many descriptors this process has.
std::ptrdiff_t descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// A client that comes, calls, and goes in one of three ways.
class Guest {
 public:
  Guest(const Io& io, const std::string& address)
      : transport_(io), client_(transport_, {address}) {}

  Status call(const std::string& method, const CallOptions& options) {
    return client_.call<Text>(method, Text{"x"}, {}, options).status();
  }
  void say_goodbye() { client_.finish({}); }

 private:
  ZmqTransport transport_;
  Client client_;
};

/// A batch of guests, all of which have gone when it returns: a third have said goodbye, a third have not, and a third go in
/// the middle of a call.
void come_and_go(Harbour& harbour, int count) {
  const Io io;
  std::vector<std::unique_ptr<Guest>> guests;
  WaitGroup calls;
  for (int i = 0; i < count; ++i) {
    Guest& guest = *guests.emplace_back(std::make_unique<Guest>(io, harbour.address));
    calls.go([&guest, i] {
      const Repeat repeat = i % 2 == 0 ? Repeat::once : Repeat::never;
      const Status status = guest.call("Echo", {.timeout = 30s, .repeat = repeat});
      EXPECT_TRUE(status.ok()) << status;
      if (i % 3 == 0) guest.say_goodbye();
    });
  }
  calls.wait();

  for (int i = 2; i < count; i += 3) {
    calls.go([&guest = *guests[static_cast<std::size_t>(i)]] {
      EXPECT_FALSE(guest.call("Wait", {.timeout = 500ms}).ok());
    });
    ASSERT_TRUE(harbour.begun.recv().has_value());
  }
  guests.clear();
  calls.wait();
}

TEST(HostilePeers, AThousandComeAndGoAndNothingStays) {
#ifdef __SANITIZE_THREAD__
  constexpr int kBatches = 2;
#else
  constexpr int kBatches = 20;
#endif
  constexpr int kGuestsAtATime = 50;
  run([] {
    Harbour harbour;
    harbour.expect_served();
    come_and_go(harbour, kGuestsAtATime);  // what is kept for later use
    const std::ptrdiff_t before = descriptors();
    const ExpectNoGrowth expect_no_growth;

    for (int i = 0; i < kBatches; ++i) {
      come_and_go(harbour, kGuestsAtATime);
      harbour.expect_served();
    }

    harbour.expect_served_until([&] { return harbour.waiting == 0 && harbour.is_idle(); });
    harbour.expect_served_until([&] { return descriptors() <= before; });
    EXPECT_EQ(harbour.server.counters().unreadable, 0U);
  });
}

}  // namespace
}  // namespace conclave::rpc
