// Channels at the end: the last handle goes while goroutines wait; main returns while they wait.
#include <memory>
#include <string>

#include "chan_support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using testing::UnorderedElementsAre;

/// Calls a function when it is destroyed, as Go's defer does.
class Deferred {
 public:
  explicit Deferred(std::function<void()> f) : f_(std::move(f)) {}
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
  ~Deferred() { f_(); }

 private:
  std::function<void()> f_;
};

// --- the last handle

TEST(ChanLastHandle, AChannelLivesAsLongAsAGoroutineIsParkedOnIt) {
  in_every_order([] {
    auto empty = std::make_unique<Chan<CopyBreaks>>(make_chan<CopyBreaks>());
    auto full = std::make_unique<Chan<CopyBreaks>>(make_chan<CopyBreaks>(1));
    full->send(CopyBreaks(1));
    go([from = empty.get()] { from->recv(); });
    go([to = full.get()] { to->send(CopyBreaks(2)); });
    go([from = empty.get()] { select(recv(*from), recv(*from)); });
    go([to = full.get()] { select(send(*to, CopyBreaks(3)), recv(Chan<int>())); });
    until_others_park();

    empty.reset();
    full.reset();

    until_others_park();
    EXPECT_EQ(num_goroutines(), 5u);
    EXPECT_EQ(CopyBreaks::alive, 3);
  });
  EXPECT_EQ(CopyBreaks::alive, 0) << "and then ends with its values";
}

TEST(ChanLastHandle, GoesBetweenTheWakingAndTheRunningOfAGoroutine) {
  in_every_order([] {
    int got = 0;
    const auto start = [&](const std::function<void(const Chan<int>&)>& receive) {
      auto channel = std::make_unique<Chan<int>>(make_chan<int>());
      go([from = channel.get(), receive] { receive(*from); });
      until_others_park();
      EXPECT_TRUE(channel->try_send(7));
      channel.reset();
      until_others_park();
    };
    start([&](const auto& from) { got += *from.recv(); });
    start([&](const auto& from) {
      select(recv(from, [&](int value) { got += value; }), recv(Chan<int>()));
    });
    EXPECT_EQ(got, 14);
  });
}

TEST(ChanLastHandle, ASenderIsToldOfTheCloseThoughItsHandleIsAnotherChannelNow) {
  in_every_order([] {
    auto channel = make_chan<int>();
    const auto copy = channel;
    WaitGroup sender;
    sender.go([&channel] {
      const Panic panic = panic_of([&] { channel.send(1); });
      EXPECT_THAT(panic.message(), testing::StartsWith("send on closed channel"));
    });
    until_others_park();

    channel = {};
    copy.close();
    sender.wait();
  });
}

TEST(ChanLastHandle, MayLieInTheValueThatTravels) {
  struct Link {
    std::unique_ptr<Link> next;
    Chan<std::unique_ptr<Link>> back;
  };
  run([] {
    auto channel = make_chan<std::unique_ptr<Link>>();
    go([channel] { channel.send(std::make_unique<Link>(Link{nullptr, channel})); });
    auto link = channel.recv();
    channel = {};
    ASSERT_TRUE(link.has_value());
    EXPECT_TRUE((*link)->back);
    link.reset();
  });
}

// --- main returns

TEST(ChanLeaving, UnwindsWhateverIsParkedAndFreesItsValue) {
  static const auto empty = make_chan<CopyBreaks>();  // outlives run()
  static const auto full = make_chan<CopyBreaks>(1);
  for (const Order order : {Order::standard, Order::random}) {
    Log log;
    in_virtual_time(
        [&] {
          (void)full.try_send(CopyBreaks(0));
          const auto parked_in = [&](const std::string& name, const std::function<void()>& park) {
            go([&log, name, park] {
              const Deferred mark([&] { log.push_back(name); });
              const CopyBreaks own(1);
              park();
              log.push_back(name + " ran on");
            });
          };
          parked_in("send", [] { full.send(CopyBreaks(2)); });
          parked_in("recv", [] { empty.recv(); });
          parked_in("range", [] {
            for (CopyBreaks& value : empty) ADD_FAILURE() << value.number;
          });
          parked_in("select", [] { select(recv(empty), send(full, CopyBreaks(3))); });
          parked_in("select with a timeout", [] { select(recv(empty), timeout(hours(1))); });
          parked_in("select for ever", [] { select(); });
          parked_in("nil send", [] { Chan<CopyBreaks>().send(CopyBreaks(4)); });
          parked_in("nil recv", [] { Chan<CopyBreaks>().recv(); });
          until_others_park();
        },
        {.order = order});
    EXPECT_THAT(log,
                UnorderedElementsAre("send", "recv", "range", "select", "select with a timeout",
                                     "select for ever", "nil send", "nil recv"));
    EXPECT_EQ(CopyBreaks::alive, 1) << "the one in the buffer";
    EXPECT_FALSE(empty.try_send(CopyBreaks(5))) << "nobody waits there any more";
    EXPECT_FALSE(empty.try_recv());
    EXPECT_EQ(full.len(), 1u);
  }
  EXPECT_EQ(full.recv()->number, 0);
  EXPECT_FALSE(full.try_recv()) << "the senders have gone with their values";
  EXPECT_EQ(CopyBreaks::alive, 0);
}

TEST(ChanLeaving, ADestructorMayUseAChannelAndObtainsNothing) {
  static const auto channel = make_chan<int>();
  static const auto full = make_chan<int>(1);
  static const auto done = make_chan<Signal>();
  Log log;
  run([&] {
    full.send(1);
    go([&] {
      done.recv();
      log.push_back("ran on");
    });
    go([&] {
      const Deferred last([&] {
        channel.send(1);
        full.send(2);
        EXPECT_EQ(channel.recv(), std::nullopt);
        for (const int value : channel) ADD_FAILURE() << value;
        EXPECT_EQ(select(recv(channel), send(full, 3)), -1);
        EXPECT_EQ(select(recv(channel), timeout(hours(1))), -1);
        done.close();
        log.push_back("unwound");
      });
      sleep_for(hours(1));
    });
    let_others_park();
  });
  EXPECT_EQ(log, Log{"unwound"});
  EXPECT_EQ(full.recv(), 1);
  EXPECT_FALSE(full.try_recv());
  EXPECT_TRUE(done.try_recv().closed);
}

TEST(ChanLeaving, AHandleThatDiedWithMainsFrameIsLeftAlone) {
  Log log;
  run([&] {
    const auto channel = make_chan<int>(3);
    const SendChan<int> in = channel;
    const RecvChan<int> out = channel;
    channel.send(1);
    channel.send(2);
    go([&] {
      const Deferred last([&] {
        channel.send(3);
        EXPECT_FALSE(channel.try_send(3));
        EXPECT_EQ(channel.recv(), std::nullopt);
        EXPECT_FALSE(channel.try_recv());
        EXPECT_EQ(channel.len(), 0u);
        EXPECT_EQ(in.len(), 0u);
        EXPECT_EQ(out.len(), 0u);
        EXPECT_EQ(channel.cap(), 0u);
        EXPECT_FALSE(channel);
        for (const int value : channel) ADD_FAILURE() << value;
        for (const int value : out) ADD_FAILURE() << value;
        EXPECT_EQ(select(recv(out), send(in, 1), otherwise()), 2);
        channel.close();
        in.close();
        log.push_back("unwound");
      });
      sleep_for(hours(1));
    });
    yield();
  });
  EXPECT_EQ(log, Log{"unwound"});
}

TEST(ChanLeaving, ASelectWithADeadHandleAndATimeoutIsUnwoundToo) {
  run([] {
    go([] {
      const Deferred last([] { EXPECT_EQ(select(timeout(hours(1))), -1); });
      sleep_for(hours(1));
    });
    yield();
  });
}

TEST(ChanLeaving, ReadyGoroutinesDoNotRunOn) {
  int received = 0;
  in_every_order([&] {
    const auto channel = make_chan<int>();
    go([&] {
      channel.recv();
      ++received;
    });
    until_others_park();
    channel.send(1);
  });
  EXPECT_EQ(received, 0);
}

}  // namespace
}  // namespace conclave
