// context.hpp: a wait for a descriptor ends with a context.
#include <array>
#include <sys/socket.h>
#include <unistd.h>

#include "channels/channels.hpp"
#include "goroutines/processor.hpp"
#include "time_support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;

/// Two sockets that talk to each other.
struct Pair {
  Descriptor ours;
  Descriptor theirs;

  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours = Descriptor(ends[0]);
    theirs = Descriptor(ends[1]);
  }

  /// Writes until the other end is full.
  void fill() const {
    const std::array<char, 4096> bytes{};
    while (write(ours.get(), bytes.data(), bytes.size()) > 0) {
    }
  }
};

TEST(ContextDescriptor, AWaitEndsOkWhenTheDescriptorIsReady) {
  run([] {
    const Pair pair;
    const auto [context, cancel] = with_cancel({});
    go([&] { EXPECT_EQ(write(pair.theirs.get(), "x", 1), 1); });

    EXPECT_EQ(wait_readable(pair.ours.get(), context).code(), Code::ok);
    EXPECT_EQ(wait_writable(pair.ours.get(), context).code(), Code::ok);
    EXPECT_TRUE(context.status().ok());
  });
}

TEST(ContextDescriptor, AWaitEndsWithTheContextThatIsCancelled) {
  run([] {
    const Pair pair;
    pair.fill();
    const auto [parent, cancel] = with_cancel({});
    const auto [context, cancel_child] = with_cancel(parent);
    WaitGroup group;
    group.go([&pair, context = context] {
      EXPECT_EQ(wait_readable(pair.ours.get(), context).code(), Code::cancelled);
    });
    group.go([&pair, context = context] {
      EXPECT_EQ(wait_writable(pair.ours.get(), context).code(), Code::cancelled);
    });
    let_others_park();

    cancel();

    group.wait();
  });
}

TEST(ContextDescriptor, AWaitEndsAtTheContextsDeadline) {
  const Duration took = in_virtual_time([] {
    const Pair pair;
    const auto [context, cancel] = with_timeout({}, hours(3));
    EXPECT_EQ(wait_readable(pair.ours.get(), context).code(), Code::deadline_exceeded);
  });
  EXPECT_EQ(took, hours(3));
}

TEST(ContextDescriptor, AContextThatHasEndedWinsOverADescriptorThatIsReady) {
  run([] {
    const Pair pair;
    const auto [context, cancel] = with_cancel({});
    cancel();
    EXPECT_EQ(wait_writable(pair.ours.get(), context).code(), Code::cancelled);
  });
}

TEST(ContextDescriptor, TheBackgroundNeverEndsAWait) {
  run([] {
    Pair pair;
    go([&] { pair.ours.close(); });
    EXPECT_EQ(wait_readable(pair.ours.get(), Context()).code(), Code::failed_precondition);
  });
}

TEST(ContextDescriptor, ReadyAndCancelledAtOnceEndsOneWaitOnce) {
  run([] {
    const Pair pair;
    const auto [context, cancel] = with_cancel({});
    int ended = 0;
    go([&pair, &ended, context = context] {
      const Status status = wait_readable(pair.ours.get(), context);
      EXPECT_TRUE(status.ok() || status.code() == Code::cancelled);
      ++ended;
    });
    let_others_park();

    EXPECT_EQ(write(pair.theirs.get(), "x", 1), 1);
    detail::current_processor->poller().look();
    cancel();

    let_others_park();
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(num_goroutines(), 1U);
  });
}

TEST(ContextDescriptor, OutsideRunPanics) {
  EXPECT_THAT(panic_of([] { (void)wait_readable(0, Context()); }).what(),
              testing::HasSubstr("outside run()"));
}

}  // namespace
}  // namespace conclave
