// The laws of outbox.hpp, over a transport that notes what it is given.
#include "rpc/outbox.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.hpp"

namespace conclave::rpc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Takes what it is given, unless it is told not to.
class Noting final : public Transport {
 public:
  Result<std::string> listen(const std::string& address) override { return address; }
  Result<Peer> connect(const std::string& address) override { return Peer{.id = address}; }
  void disconnect(const Peer& /*peer*/) override {}
  Status send(const Peer& to, Frames message, const Context& /*context*/) override {
    return try_send(to, message);
  }
  Status try_send(const Peer& /*to*/, Frames& message) override {
    if (!refuses.ok()) return refuses;
    taken.push_back(message.at(0));
    return {};
  }
  Result<Received> recv(const Context& /*context*/) override { return Status::cancelled("never"); }
  void close() override {}

  std::vector<std::string> taken{};
  Status refuses{};
};

TEST(Outbox, KeepsWhatIsPostedUntilNobodyAddsToIt) {  // laws 1, 2
  in_virtual_time([] {
    Noting transport;
    Outbox outbox(transport);
    GoroutineGroup others("others");
    for (const std::string text : {"two", "three"})
      others.go([&outbox, text] { outbox.post({}, {text}); });

    outbox.post({}, {"one"});
    EXPECT_THAT(transport.taken, IsEmpty());
    sleep_for(1ms);

    EXPECT_EQ(transport.taken.size(), 3U);
    EXPECT_EQ(transport.taken.front(), "one");
  });
}

TEST(Outbox, HoldsSoManyAndNoMore) {  // laws 1, 3
  in_virtual_time([] {
    Noting transport;
    Outbox outbox(transport);

    for (std::size_t i = 0; i < Outbox::kTogetherMax - 1; ++i) outbox.post({}, {std::to_string(i)});
    EXPECT_THAT(transport.taken, IsEmpty());
    outbox.post({}, {"the last"});

    ASSERT_EQ(transport.taken.size(), Outbox::kTogetherMax);
    EXPECT_EQ(transport.taken.front(), "0");
    EXPECT_EQ(transport.taken.back(), "the last");
  });
}

TEST(Outbox, TellsASenderWhatCameOfItsMessageAndCountsTheOthers) {  // law 2
  in_virtual_time([] {
    Noting transport;
    Outbox outbox(transport);
    Frames message{"one"};
    EXPECT_TRUE(outbox.send({}, message, {}).ok());

    transport.refuses = Status::not_found("gone");
    outbox.post({}, {"two"});
    Frames kept{"three"};
    EXPECT_EQ(outbox.send({}, kept, {}).code(), Code::not_found);

    EXPECT_THAT(kept, ElementsAre("three"));
    EXPECT_EQ(outbox.lost(), 1U);
    EXPECT_THAT(transport.taken, ElementsAre("one"));
  });
}

TEST(Outbox, SendsNothingForWhoeverHasGone) {  // law 2
  in_virtual_time([] {
    Noting transport;
    Outbox outbox(transport);
    sleep_for(1ms);  // now its goroutine waits
    GoroutineGroup caller("caller");
    caller.go([&] {
      Frames message{"of somebody who is ended"};
      static_cast<void>(outbox.send({}, message, {}));
    });
    yield();
    caller.end();
    const CancellableContext given_up = with_cancel({});
    given_up.cancel();
    Frames message{"of somebody who has given up"};

    const Status status = outbox.send({}, message, given_up.context);
    sleep_for(1ms);

    EXPECT_EQ(status.code(), Code::cancelled);
    EXPECT_THAT(transport.taken, IsEmpty());
  });
}

}  // namespace
}  // namespace conclave::rpc
