// The laws of socket.hpp, and ZeroMQ's traps.
#include "rpc/socket.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../by_schedule.hpp"
#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kAnyPort = "tcp://127.0.0.1:*";

Socket open(const Io& io, SocketKind kind, const SocketOptions& options = {}) {
  Result<Socket> socket = Socket::open(io, kind, options);
  EXPECT_TRUE(socket.ok()) << socket.status();
  return *std::move(socket);
}

Socket connected(const Io& io, SocketKind kind, const std::string& endpoint,
                 const SocketOptions& options = {}) {
  Socket socket = open(io, kind, options);
  const Status status = socket.connect(endpoint);
  EXPECT_TRUE(status.ok()) << status;
  return socket;
}

/// A router and a dealer that is connected to it.
struct Pair {
  explicit Pair(const char* where = kAnyPort) {
    const Result<std::string> bound = router.bind(where);
    EXPECT_TRUE(bound.ok()) << bound.status();
    endpoint = *bound;
    EXPECT_TRUE(dealer.connect(endpoint).ok());
  }

  Io io;
  Socket router = open(io, SocketKind::router);
  Socket dealer = open(io, SocketKind::dealer);
  std::string endpoint;
};

Frames receive(Socket& socket) {
  Result<Frames> message = socket.recv();
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *std::move(message) : Frames{};
}

// ---- kinds ----

TEST(Socket, DealerAndRouterSpeakBothWays) {
  run([] {
    Pair pair;

    ASSERT_TRUE(pair.dealer.send({"", "question"}).ok());
    Frames request = receive(pair.router);
    ASSERT_EQ(request.size(), 3U);
    EXPECT_EQ(request[2], "question");
    ASSERT_TRUE(pair.router.send({request[0], "", "answer"}).ok());

    EXPECT_THAT(receive(pair.dealer), ElementsAre("", "answer"));
  });
}

TEST(Socket, AFrameHoldsAnyBytesOfAnyLengthUpToTheLimit) {  // law 2
  run([] {
    Pair pair;
    const std::string with_zeros("a\0b\0", 4);
    const std::string moved(100'000, 'x');  // not copied on its way to ZeroMQ

    ASSERT_TRUE(pair.dealer.send({"", with_zeros, moved}).ok());

    const Frames received = receive(pair.router);
    ASSERT_EQ(received.size(), 4U);
    EXPECT_EQ(received[1], "");
    EXPECT_EQ(received[2], with_zeros);
    EXPECT_EQ(received[3], moved);
  });
}

TEST(Socket, PushSharesOutAndPullCollects) {
  run([] {
    const Io io;
    Socket pull = open(io, SocketKind::pull);
    const std::string endpoint = *pull.bind(kAnyPort);
    Socket first = connected(io, SocketKind::push, endpoint);
    Socket second = connected(io, SocketKind::push, endpoint);

    ASSERT_TRUE(first.send({"a"}).ok());
    ASSERT_TRUE(second.send({"b"}).ok());

    EXPECT_THAT((std::vector{receive(pull)[0], receive(pull)[0]}),
                testing::UnorderedElementsAre("a", "b"));
  });
}

TEST(Socket, SubGetsWhatItHasSubscribedTo) {
  run([] {
    const Io io;
    Socket pub = open(io, SocketKind::pub);
    const std::string endpoint = *pub.bind(kAnyPort);
    Socket sub = open(io, SocketKind::sub);
    ASSERT_TRUE(sub.subscribe("news").ok());
    ASSERT_TRUE(sub.connect(endpoint).ok());
    Chan<Signal> heard = make_chan<Signal>();
    go([&] {
      for (;;) {  // nobody knows when the subscription has arrived
        static_cast<void>(pub.send({"weather", "rain"}));
        static_cast<void>(pub.send({"news of today", "none"}));
        if (select(recv(heard), timeout(1ms)) == 0) return;
      }
    });

    EXPECT_THAT(receive(sub), ElementsAre("news of today", "none"));
    heard.close();
  });
}

TEST(Socket, DoesNotDoWhatItsKindCannot) {
  run([] {
    const Io io;
    Socket push = open(io, SocketKind::push);
    Socket pull = open(io, SocketKind::pull);

    EXPECT_EQ(push.recv().status().code(), Code::failed_precondition);
    EXPECT_EQ(pull.send({"x"}).code(), Code::failed_precondition);
    EXPECT_EQ(pull.subscribe("x").code(), Code::failed_precondition);
    EXPECT_EQ(push.send({}).code(), Code::invalid_argument);
  });
}

// ---- waiting ----

TEST(Socket, OnlyTheGoroutineWaits) {  // law 1
  run([] {
    Pair pair;
    std::vector<std::string> story;
    WaitGroup done;
    done.go([&] { story.push_back("received " + receive(pair.router)[1]); });

    for (int i = 0; i < 3; ++i) {
      story.emplace_back("another goroutine runs");
      yield();
    }
    ASSERT_TRUE(pair.dealer.send({"x"}).ok());
    done.wait();

    EXPECT_THAT(story, ElementsAre("another goroutine runs", "another goroutine runs",
                                   "another goroutine runs", "received x"));
  });
}

TEST(Socket, ServesThoseWhoReceiveInTheirOrder) {  // law 3
  run([] {
    Pair pair;
    std::vector<std::string> received;
    WaitGroup done;
    for (int i = 0; i < 10; ++i) {
      done.go([&, i] { received.push_back(fmt::format("{} {}", i, receive(pair.router)[1])); });
      yield();
    }

    for (int i = 0; i < 10; ++i) ASSERT_TRUE(pair.dealer.send({std::to_string(i)}).ok());
    done.wait();

    EXPECT_THAT(received,
                ElementsAre("0 0", "1 1", "2 2", "3 3", "4 4", "5 5", "6 6", "7 7", "8 8", "9 9"));
  });
}

TEST(Socket, NobodyOvertakesWhoWaitsToReceive) {  // law 3
  run([] {
    Pair pair("inproc://here");  // where a message is there as soon as it is sent
    std::string first;
    WaitGroup done;
    done.go([&] { first = receive(pair.router)[1]; });
    yield();
    ASSERT_TRUE(pair.dealer.send({"a"}).ok());
    ASSERT_TRUE(pair.dealer.send({"b"}).ok());

    const std::string second = receive(pair.router)[1];
    done.wait();

    EXPECT_EQ(first, "a");
    EXPECT_EQ(second, "b");
  });
}

TEST(Socket,
     WakesWhoeverWaitsInTheOtherDirection) {  // ZMQ_FD: any call may take in the news for another
  run([] {
    Pair pair;
    constexpr int kRounds = 20'000;
    WaitGroup done;
    done.go([&] {
      for (int i = 0; i < kRounds; ++i) {
        Frames request = receive(pair.router);
        Status status;
        while ((status = pair.router.try_send(request)).code() == Code::resource_exhausted) yield();
        ASSERT_TRUE(status.ok()) << status;
      }
    });
    done.go([&] {
      for (int i = 0; i < kRounds; ++i) ASSERT_TRUE(pair.dealer.send({std::to_string(i)}).ok());
    });

    for (int i = 0; i < kRounds; ++i) ASSERT_EQ(receive(pair.dealer)[0], std::to_string(i));
    done.wait();
  });
}

TEST(Socket, AContextEndsAWaitAndTheMessageIsForTheNext) {  // law 5
  run([] {
    Pair pair;
    auto [context, cancel] = with_cancel({});
    WaitGroup done;
    Status status;
    done.go([&] { status = pair.router.recv(context).status(); });
    yield();

    cancel();
    done.wait();
    EXPECT_EQ(status.code(), Code::cancelled);

    ASSERT_TRUE(pair.dealer.send({"x"}).ok());
    EXPECT_EQ(receive(pair.router)[1], "x");
  });
}

TEST(Socket, ADeadlineEndsAWait) {
  run([] {
    Pair pair;
    auto [context, cancel] = with_timeout({}, 1ms);

    EXPECT_EQ(pair.router.recv(context).status().code(), Code::deadline_exceeded);
  });
}

TEST(Socket, AnEndedContextReceivesNothingAlsoWhenSomethingIsThere) {  // law 5
  run([] {
    Pair pair;
    ASSERT_TRUE(pair.dealer.send({"x"}).ok());
    EXPECT_EQ(receive(pair.router)[1], "x");
    auto [context, cancel] = with_cancel({});
    cancel();

    EXPECT_EQ(pair.router.recv(context).status().code(), Code::cancelled);
    EXPECT_EQ(pair.dealer.send({"y"}, context).code(), Code::cancelled);
    EXPECT_EQ(pair.dealer.counters().sent, 1U);
  });
}

TEST(Socket, AGoroutineThatIsEndedWaitsNoMore) {
  run([] {
    Pair pair;
    {
      GoroutineGroup group;
      group.go([&] { static_cast<void>(pair.router.recv()); });
      yield();
    }

    ASSERT_TRUE(pair.dealer.send({"x"}).ok());
    EXPECT_EQ(receive(pair.router)[1], "x");
  });
}

TEST(Socket, CloseEndsTheWaits) {
  run([] {
    Pair pair;
    std::vector<Code> codes;
    WaitGroup done;
    for (int i = 0; i < 3; ++i)
      done.go([&] { codes.push_back(pair.router.recv().status().code()); });
    yield();

    pair.router.close();
    done.wait();

    EXPECT_THAT(codes, testing::Each(Code::failed_precondition));
    EXPECT_EQ(pair.router.recv().status().code(), Code::failed_precondition);
    pair.router.close();
  });
}

TEST(Socket, MayEndWhileOthersWaitForIt) {
  run([] {
    WaitGroup done;
    Status status;
    {
      Pair pair;
      done.go([&] { status = pair.router.recv().status(); });
      yield();
    }
    done.wait();

    EXPECT_EQ(status.code(), Code::failed_precondition);
  });
}

TEST(Socket, WhatWasDoneBeforeAMessageIsSeenByItsReceiver) {  // `make tsan` looks at the variable
  run([] {
    Pair pair;
    int written = 0;
    WaitGroup done;
    done.go([&] {
      static_cast<void>(receive(pair.router));
      EXPECT_EQ(written, 1);
    });
    yield();

    done.go([&] {
      written = 1;
      ASSERT_TRUE(pair.dealer.send({std::string(100'000, 'x')}).ok());
    });
    done.wait();
  });
}

// ---- to whom ----

TEST(
    Socket,
    ADealerWaitsForAConnection) {  // law 4; without ZMQ_IMMEDIATE it would queue for a partner who may never come
  run([] {
    const Io io;
    std::string endpoint;
    {
      const Io early;  // when it ends, nobody listens there any more
      Socket router = open(early, SocketKind::router);
      endpoint = *router.bind(kAnyPort);
    }
    Socket dealer = connected(io, SocketKind::dealer, endpoint, {.reconnect_min = 1ms});
    auto [context, cancel] = with_timeout({}, 5ms);
    EXPECT_EQ(dealer.send({"too early"}, context).code(), Code::deadline_exceeded);
    Frames message = {"too early, too"};
    EXPECT_EQ(dealer.try_send(message).code(), Code::resource_exhausted);
    EXPECT_THAT(message, ElementsAre("too early, too"));

    Socket router = open(io, SocketKind::router);
    ASSERT_TRUE(router.bind(endpoint).ok());
    ASSERT_TRUE(dealer.send({"now"}).ok());

    EXPECT_EQ(receive(router)[1], "now");  // and what was given up did not come before it (law 5)
  });
}

TEST(Socket, ALongFrameThatFindsNoRoomIsAsItWas) {
  run([] {
    const Io io;
    Socket dealer = open(io, SocketKind::dealer);
    Frames message = {std::string(100'000, 'x'), "y"};
    const Frames same = message;

    EXPECT_EQ(dealer.try_send(message).code(), Code::resource_exhausted);

    EXPECT_EQ(message, same);
  });
}

TEST(
    Socket,
    ARouterKnowsWhenAPeerIsNotThere) {  // law 4; without ZMQ_ROUTER_MANDATORY the message would vanish
  run([] {
    Pair pair;

    EXPECT_EQ(pair.router.send({"nobody", "x"}).code(), Code::not_found);
  });
}

TEST(Socket, ARouterKnowsWhenAPeerHasGone) {
  run([] {
    Pair pair;
    ASSERT_TRUE(pair.dealer.send({"x"}).ok());
    const std::string peer = receive(pair.router)[0];
    pair.dealer.close();

    Status status;
    while (status.ok()) {  // until the connection is known to be gone
      status = pair.router.send({peer, "x"});
      sleep_for(1ms);
    }

    EXPECT_EQ(status.code(), Code::not_found);
  });
}

TEST(Socket, APeerThatDoesNotReadHoldsUpNobodyElse) {  // law 4
  run([] {
    const Io io;
    Socket router = open(io, SocketKind::router, {.queue_max = 10});
    const std::string endpoint = *router.bind(kAnyPort);
    Socket lazy = connected(io, SocketKind::dealer, endpoint, {.queue_max = 10});
    Socket busy = connected(io, SocketKind::dealer, endpoint);
    ASSERT_TRUE(lazy.send({"lazy"}).ok());
    const std::string lazy_peer = receive(router)[0];
    ASSERT_TRUE(busy.send({"busy"}).ok());
    const std::string busy_peer = receive(router)[0];

    Status status;
    while (status.ok()) status = router.send({lazy_peer, std::string(100'000, 'x')});
    EXPECT_EQ(status.code(), Code::resource_exhausted);

    ASSERT_TRUE(router.send({busy_peer, "y"}).ok());
    EXPECT_THAT(receive(busy), ElementsAre("y"));
  });
}

TEST(Socket, ADealerWaitsForRoom) {
  run([] {
    const Io io;
    const SocketOptions options{.queue_max = 2, .check_every = 1ms};
    Socket pull = open(io, SocketKind::pull, options);
    Socket push = connected(io, SocketKind::push, *pull.bind(kAnyPort), options);
    constexpr int kMessages = 500;
    const std::string padding(50'000, 'x');
    int came = 0;
    int sent = 0;
    WaitGroup done;
    for (int i = 0; i < kMessages; ++i) {
      done.go([&] {
        ASSERT_TRUE(push.send({std::to_string(came++), padding}).ok());
        ++sent;
      });
      yield();
    }
    EXPECT_LT(sent, kMessages);  // the queues and the kernel's buffers hold some

    for (int i = 0; i < kMessages; ++i) ASSERT_EQ(receive(pull)[0], std::to_string(i));  // law 3
    done.wait();
    EXPECT_EQ(push.counters().sent, static_cast<std::uint64_t>(kMessages));
    EXPECT_EQ(push.counters().wakeups_missed, 0U);
    EXPECT_EQ(pull.counters().wakeups_missed, 0U);
  });
}

// ---- bounds and mishaps ----

TEST(Socket, AMessageOfTooManyFramesIsDroppedAndCounted) {
  run([] {
    Pair pair;
    ASSERT_TRUE(pair.dealer.send(Frames(100, "x")).ok());
    ASSERT_TRUE(pair.dealer.send({"y"}).ok());

    EXPECT_EQ(receive(pair.router)[1], "y");
    EXPECT_EQ(pair.router.counters().dropped, 1U);
  });
}

TEST(Socket, AFrameThatIsTooLongDisconnectsItsSenderAndNobodyElse) {
  run([] {
    const Io io;
    Socket router = open(io, SocketKind::router, {.frame_bytes_max = 1000});
    const std::string endpoint = *router.bind(kAnyPort);
    Socket rude = connected(io, SocketKind::dealer, endpoint);
    Socket polite = connected(io, SocketKind::dealer, endpoint);
    ASSERT_TRUE(polite.send({"a"}).ok());
    const std::string peer = receive(router)[0];

    ASSERT_TRUE(rude.send({std::string(1001, 'x')}).ok());
    ASSERT_TRUE(rude.send({"lost with it, or sent on a new connection"}).ok());
    ASSERT_TRUE(polite.send({std::string(1000, 'x')}).ok());

    Frames received = receive(router);
    while (received[0] != peer) received = receive(router);
    EXPECT_EQ(received[1].size(), 1000U);
  });
}

TEST(Socket, NamesWhatIsWrongWithAnEndpoint) {
  run([] {
    const Io io;
    Socket router = open(io, SocketKind::router);
    const std::string endpoint = *router.bind(kAnyPort);
    Socket other = open(io, SocketKind::router);

    const Status taken = other.bind(endpoint).status();
    EXPECT_EQ(taken.code(), Code::already_exists);
    EXPECT_THAT(to_string(taken), HasSubstr(endpoint));
    for (const char* wrong : {"", "tcp", "tcp://", "tcp://127.0.0.1", "http://127.0.0.1:1",
                              "tcp://127.0.0.1:65536", "tcp://192.0.2.1:*"}) {
      EXPECT_EQ(other.bind(wrong).status().code(), Code::invalid_argument) << wrong;
    }
    for (const char* wrong : {"", "tcp", "tcp://127.0.0.1", "http://127.0.0.1:1",
                              "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536"})
      EXPECT_EQ(other.connect(wrong).code(), Code::invalid_argument) << wrong;
  });
}

TEST(Socket, SaysThatThereAreTooMany) {
  run([] {
    const Io io(4);
    std::vector<Socket> sockets;
    Status status;
    while (status.ok()) {
      Result<Socket> socket = Socket::open(io, SocketKind::dealer);
      status = socket.ok() ? Status() : socket.status();
      if (socket.ok()) sockets.push_back(*std::move(socket));
    }

    EXPECT_EQ(status.code(), Code::resource_exhausted);
    EXPECT_LE(sockets.size(), 4U);
  });
}

TEST(Socket, RefusesOptionsThatBoundNothing) {
  run([] {
    const Io io;
    for (const SocketOptions& options :
         {SocketOptions{.frame_bytes_max = 0}, SocketOptions{.frames_max = 0},
          SocketOptions{.queue_max = 0}}) {
      EXPECT_EQ(Socket::open(io, SocketKind::dealer, options).status().code(),
                Code::invalid_argument);
    }
  });
}

TEST(Socket, ANameOfThisProcessIsFreeWhenItsSocketIsClosed) {  // ZeroMQ closes it some time later
  run([] {
    const Io io;
    for (int i = 0; i < 1000; ++i) {
      Socket router = open(io, SocketKind::router);
      const Status status = router.bind("inproc://name").status();
      ASSERT_TRUE(status.ok()) << status << " in round " << i;
    }
  });
}

// ZMQ_LINGER is for ever unless one says otherwise.
TEST(Socket, ClosingDoesNotWaitForAPartnerWhoDoesNotRead) {
  run([] {
    const Io io;
    Socket pull = open(io, SocketKind::pull, {.queue_max = 1});
    const std::string endpoint = *pull.bind(kAnyPort);
    {
      const Io own;
      Socket push = connected(own, SocketKind::push, endpoint, {.queue_max = 1});
      ASSERT_TRUE(push.send({"x"}).ok());
      Frames message;
      do {
        message = {std::string(1'000'000, 'x')};
      } while (push.try_send(message).ok());
    }  // were its Io to wait until all is sent, this test would never end
  });
}

TEST(Socket, NeedsNoSecondLook) {  // law 1: what a look every millisecond would find
  run([] {
    const Io io;
    const SocketOptions options{.check_every = 1ms};
    Socket router = open(io, SocketKind::router, options);
    Socket dealer = connected(io, SocketKind::dealer, *router.bind(kAnyPort), options);
    WaitGroup done;
    done.go([&] {
      for (;;) {
        Result<Frames> request = router.recv();
        if (!request.ok()) return;
        if (!router.send(*std::move(request)).ok()) return;
      }
    });
    WaitGroup calls;
    for (int i = 0; i < 8; ++i) {
      calls.go([&] {
        for (int j = 0; j < 500; ++j) {
          ASSERT_TRUE(dealer.send({"x"}).ok());
          ASSERT_TRUE(dealer.recv().ok());
        }
      });
    }
    calls.wait();
    router.close();
    done.wait();

    EXPECT_EQ(router.counters().wakeups_missed, 0U);
    EXPECT_EQ(dealer.counters().wakeups_missed, 0U);
  });
}

}  // namespace
}  // namespace conclave::rpc
