// The laws of transport.hpp, for every transport; then those that one has of its own.
#include "rpc/transport.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../by_schedule.hpp"
#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/zmq_transport.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::ElementsAre;

/// A network on which ends are made.
class Network {
 public:
  virtual ~Network() = default;
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  virtual std::unique_ptr<Transport> end() = 0;
  virtual std::string any_address() = 0;
  /// An address at which nobody listens.
  virtual std::string free_address() = 0;
};

class ZmqNetwork final : public Network {
 public:
  std::unique_ptr<Transport> end() override {
    return std::make_unique<ZmqTransport>(
        io_, ZmqTransportOptions{.socket = {.reconnect_min = 1ms, .reconnect_max = 10ms}});
  }
  std::string any_address() override { return "tcp://127.0.0.1:*"; }
  std::string free_address() override {
    ZmqTransport early{Io()};  // with an Io of its own: when that ends, the port is free
    return *early.listen(any_address());
  }

 private:
  Io io_;
};

class NetworkInMemory final : public Network {
 public:
  std::unique_ptr<Transport> end() override { return std::make_unique<MemoryTransport>(network_); }
  std::string any_address() override { return "server " + std::to_string(++addresses_); }
  std::string free_address() override { return any_address(); }

 private:
  MemoryNetwork network_;
  int addresses_ = 0;
};

struct Maker {
  const char* name;
  std::unique_ptr<Network> (*make)();

  friend void PrintTo(const Maker& maker, std::ostream* out) { *out << maker.name; }
};

class EveryTransport : public testing::TestWithParam<Maker> {
 protected:
  /// Runs `body` as the main goroutine, with a network.
  static void on_network(const std::function<void(Network&)>& body) {
    run([&] {
      const std::unique_ptr<Network> network = GetParam().make();
      body(*network);
    });
  }
};

INSTANTIATE_TEST_SUITE_P(
    Each, EveryTransport,
    testing::Values(Maker{"zmq", [] { return std::unique_ptr<Network>(new ZmqNetwork); }},
                    Maker{"memory", [] { return std::unique_ptr<Network>(new NetworkInMemory); }}),
    [](const auto& maker) { return maker.param.name; });

/// Two ends, the second of which is connected to the first.
struct Pair {
  explicit Pair(Network& network)
      : server(network.end()), client(network.end()), address(listen(network)) {
    const Result<Peer> connected = client->connect(address);
    EXPECT_TRUE(connected.ok()) << connected.status();
    peer = *connected;
  }

  std::string listen(Network& network) const {
    const Result<std::string> bound = server->listen(network.any_address());
    EXPECT_TRUE(bound.ok()) << bound.status();
    return *bound;
  }

  std::unique_ptr<Transport> server;
  std::unique_ptr<Transport> client;
  std::string address;
  Peer peer;
};

Received receive(Transport& transport) {
  Result<Received> received = transport.recv({});
  EXPECT_TRUE(received.ok()) << received.status();
  return received.ok() ? *std::move(received) : Received{};
}

TEST_P(EveryTransport, CarriesMessagesBothWays) {  // laws 1, 3
  on_network([](Network& network) {
    const Pair pair(network);
    const Frames request = {"header", std::string("\0body", 5), ""};

    ASSERT_TRUE(pair.client->send(pair.peer, request, {}).ok());
    const Received received = receive(*pair.server);
    EXPECT_EQ(received.message, request);
    ASSERT_TRUE(pair.server->send(received.from, {"answer"}, {}).ok());
    const Received answer = receive(*pair.client);

    EXPECT_THAT(answer.message, ElementsAre("answer"));
  });
}

TEST_P(EveryTransport, AnswersGoBackToWhereTheQuestionCameFrom) {  // law 3
  on_network([](Network& network) {
    const Pair pair(network);
    const std::unique_ptr<Transport> other = network.end();
    const Peer peer = *other->connect(pair.address);
    ASSERT_TRUE(pair.client->send(pair.peer, {"a"}, {}).ok());
    ASSERT_TRUE(other->send(peer, {"b"}, {}).ok());

    std::set<Peer> peers;
    for (int i = 0; i < 2; ++i) {
      const Received received = receive(*pair.server);
      peers.insert(received.from);
      ASSERT_TRUE(pair.server->send(received.from, {"for " + received.message[0]}, {}).ok());
    }

    EXPECT_EQ(peers.size(), 2U);
    EXPECT_THAT(receive(*pair.client).message, ElementsAre("for a"));
    EXPECT_THAT(receive(*other).message, ElementsAre("for b"));
  });
}

TEST_P(EveryTransport, WhatComesFromWhoeverWasNamedComesFromThatPeer) {  // law 3
  on_network([](Network& network) {
    Pair pair(network);
    ASSERT_TRUE(pair.client->send(pair.peer, {"question"}, {}).ok());
    const Result<Received> question = pair.server->recv({});
    ASSERT_TRUE(question.ok());
    ASSERT_TRUE(pair.server->send(question->from, {"answer"}, {}).ok());

    const Result<Received> answer = pair.client->recv({});

    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->from, pair.peer);
    EXPECT_NE(question->from, pair.peer);
  });
}

TEST_P(EveryTransport, OneEndHasManyPartners) {
  on_network([](Network& network) {
    const Pair first(network);
    const Pair second(network);
    const Peer to_second = *first.client->connect(second.address);

    ASSERT_TRUE(first.client->send(first.peer, {"1"}, {}).ok());
    ASSERT_TRUE(first.client->send(to_second, {"2"}, {}).ok());

    EXPECT_THAT(receive(*first.server).message, ElementsAre("1"));
    EXPECT_THAT(receive(*second.server).message, ElementsAre("2"));
  });
}

TEST_P(EveryTransport, WaitsForWhoeverWillListen) {  // law 2
  on_network([](Network& network) {
    const std::string address = network.free_address();
    const std::unique_ptr<Transport> client = network.end();
    const Peer peer = *client->connect(address);
    std::vector<std::string> story;
    WaitGroup done;
    done.go([&] {
      EXPECT_TRUE(client->send(peer, {"x"}, {}).ok());
      story.emplace_back("sent");
    });
    yield();
    story.emplace_back("listens");

    const std::unique_ptr<Transport> server = network.end();
    ASSERT_TRUE(server->listen(address).ok());
    EXPECT_THAT(receive(*server).message, ElementsAre("x"));
    done.wait();
  });
}

TEST_P(EveryTransport, SaysThatAPeerHasGone) {  // laws 2, 3
  on_network([](Network& network) {
    const Pair pair(network);
    Peer gone;
    {
      const std::unique_ptr<Transport> other = network.end();
      const Peer peer = *other->connect(pair.address);
      ASSERT_TRUE(other->send(peer, {"x"}, {}).ok());
      gone = receive(*pair.server).from;
    }

    Status status;
    while (status.ok()) {  // until the news is here
      status = pair.server->send(gone, {"y"}, {});
      sleep_for(1ms);
    }

    EXPECT_EQ(status.code(), Code::not_found);
  });
}

TEST_P(EveryTransport, AContextEndsAWaitAndNothingHasLeft) {  // law 2
  on_network([](Network& network) {
    const Pair pair(network);
    const Peer nobody = *pair.client->connect(network.free_address());
    auto [context, cancel] = with_timeout({}, 1ms);
    auto [soon, cancel_soon] = with_timeout({}, 2ms);

    EXPECT_EQ(pair.server->recv(context).status().code(), Code::deadline_exceeded);
    EXPECT_EQ(pair.client->send(nobody, {"x"}, soon).code(), Code::deadline_exceeded);
    EXPECT_EQ(pair.client->send(pair.peer, {"x"}, context).code(), Code::deadline_exceeded);
    ASSERT_TRUE(pair.client->send(pair.peer, {"y"}, {}).ok());

    EXPECT_THAT(receive(*pair.server).message, ElementsAre("y"));
    pair.client->disconnect(nobody);
  });
}

TEST_P(EveryTransport, CloseEndsTheWaits) {
  on_network([](Network& network) {
    const Pair pair(network);
    std::vector<Code> codes;
    WaitGroup done;
    for (int i = 0; i < 3; ++i) {
      done.go([&] { codes.push_back(pair.server->recv({}).status().code()); });
    }
    yield();

    pair.server->close();
    done.wait();

    EXPECT_THAT(codes, testing::Each(Code::failed_precondition));
    EXPECT_EQ(codes.size(), 3U);
    EXPECT_EQ(pair.server->recv({}).status().code(), Code::failed_precondition);
    EXPECT_EQ(pair.server->send(pair.peer, {"x"}, {}).code(), Code::failed_precondition);
    EXPECT_EQ(pair.server->listen(network.any_address()).status().code(),
              Code::failed_precondition);
    pair.server->close();
  });
}

TEST_P(EveryTransport, RefusesWhatIsNoAddressAndNoMessage) {
  on_network([](Network& network) {
    const Pair pair(network);

    EXPECT_EQ(pair.client->connect("").status().code(), Code::invalid_argument);
    EXPECT_EQ(network.end()->listen("").status().code(), Code::invalid_argument);
    EXPECT_EQ(network.end()->listen(pair.address).status().code(), Code::already_exists);
    EXPECT_EQ(pair.client->send(pair.peer, {}, {}).code(), Code::invalid_argument);
  });
}

TEST_P(EveryTransport, WhoDoesNotReceiveHoldsUpNobodyElse) {  // law 4
  on_network([](Network& network) {
    const Pair pair(network);
    const std::unique_ptr<Transport> lazy = network.end();
    const Peer to_server = *lazy->connect(pair.address);
    ASSERT_TRUE(lazy->send(to_server, {"lazy"}, {}).ok());
    const Peer lazy_peer = receive(*pair.server).from;
    ASSERT_TRUE(pair.client->send(pair.peer, {"busy"}, {}).ok());
    const Peer busy_peer = receive(*pair.server).from;

    for (int i = 0; i < 10'000; ++i)  // more than fits: the rest is refused, or lost
      static_cast<void>(pair.server->send(lazy_peer, {std::string(10'000, 'x')}, {}));
    ASSERT_TRUE(pair.server->send(busy_peer, {"y"}, {}).ok());

    EXPECT_THAT(receive(*pair.client).message, ElementsAre("y"));
  });
}

// ---- in memory ----

TEST(MemoryTransport, FaultsComeFromTheSeed) {
  const auto arrived = [](std::uint64_t seed) {
    std::vector<std::string> order;
    VirtualClock clock;
    run(
        [&] {
          MemoryNetwork network(seed,
                                {.lost = 0.3, .twice = 0.3, .delay_min = 1ms, .delay_max = 1s});
          MemoryTransport server(network);
          MemoryTransport client(network);
          ASSERT_TRUE(server.listen("server").ok());
          const Peer peer = *client.connect("server");
          for (int i = 0; i < 50; ++i) ASSERT_TRUE(client.send(peer, {std::to_string(i)}, {}).ok());
          for (;;) {
            auto [context, cancel] = with_timeout({}, 2s);
            Result<Received> received = server.recv(context);
            if (!received.ok()) return;
            order.push_back(received->message[0]);
          }
        },
        {.clock = &clock});
    return order;
  };

  const std::vector<std::string> once = arrived(1);

  EXPECT_EQ(arrived(1), once);
  EXPECT_NE(arrived(2), once);
  const std::set<std::string> different(once.begin(), once.end());
  EXPECT_LT(different.size(), 50U);          // some were lost
  EXPECT_LT(different.size(), once.size());  // some came twice
  EXPECT_FALSE(
      std::ranges::is_sorted(once, {}, [](const std::string& text) { return std::stoi(text); }));
}

}  // namespace
}  // namespace conclave::rpc
