// The laws of context.hpp for one context: it ends once, by its Cancel or at its deadline, and says why.
#include <memory>
#include <optional>
#include <vector>

#include "time_support.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

/// Whether its done() is closed.
bool ended(const Context& context) { return context.done().try_recv().closed; }

TEST(Context, TheBackgroundNeverEnds) {
  const Context background;
  static const ContextKey<int> kNumber("number");
  EXPECT_FALSE(background.done()) << "nil";
  EXPECT_TRUE(background.status().ok());
  EXPECT_TRUE(background.cause().ok());
  EXPECT_EQ(background.deadline(), std::nullopt);
  EXPECT_EQ(background.value(kNumber), nullptr);
}

TEST(Context, IsOkUntilItIsCancelled) {  // law 1
  const auto [context, cancel] = with_cancel({});
  EXPECT_TRUE(context.status().ok());
  EXPECT_TRUE(context.cause().ok());
  EXPECT_EQ(context.deadline(), std::nullopt);
  EXPECT_TRUE(context.done());
  EXPECT_FALSE(ended(context));

  cancel();

  EXPECT_EQ(context.status().code(), Code::cancelled);
  EXPECT_EQ(context.cause(), context.status()) << "no other cause was given";
  EXPECT_TRUE(ended(context));
}

TEST(Context, DoneIsOneChannelAskedForBeforeTheEndOrAfter) {
  const auto [before, cancel_before] = with_cancel({});
  const auto [after_end, cancel_after] = with_cancel({});
  const RecvChan<Signal> done = before.done();

  cancel_before();
  cancel_after();

  EXPECT_EQ(before.done(), done);
  EXPECT_TRUE(done.try_recv().closed);
  EXPECT_TRUE(ended(after_end));
  EXPECT_EQ(after_end.done(), after_end.done());
}

TEST(Context, EndsOnceWithTheFirstCause) {  // law 1
  const auto [context, cancel] = with_cancel({});
  const Status first = Status::unavailable("the disk is gone", "mount it again");

  cancel(first);
  cancel(Status::internal("too late"));
  cancel();

  EXPECT_EQ(context.cause(), first);
  EXPECT_EQ(context.status().code(), Code::cancelled);
  EXPECT_THAT(std::string(context.status().message()), HasSubstr("the disk is gone"));
}

TEST(Context, ACauseThatComesLateChangesNothing) {  // law 1
  const auto [context, cancel] = with_cancel({});
  cancel();
  const Status status = context.status();
  cancel(Status::internal("too late"));
  EXPECT_EQ(context.status(), status);
  EXPECT_EQ(context.cause(), status);
}

TEST(Context, ACauseThatIsOkIsRefused) {
  const Ending ending = ending_of([] {
    const auto [context, cancel] = with_cancel({});
    cancel(Status());
  });
  EXPECT_NE(ending.how, "exit 0");
  EXPECT_THAT(ending.words, HasSubstr("cause"));
}

TEST(Context, CopiesAreTheSameContext) {
  auto [context, cancel] = with_cancel({});
  const Context copy = context;
  const Context moved = std::move(context);
  cancel();
  EXPECT_FALSE(copy.status().ok());
  EXPECT_FALSE(moved.status().ok());
  EXPECT_EQ(copy.done(), moved.done());
  EXPECT_TRUE(context.status().ok()) << "what was moved from is the background";
}

// ---- Cancel ----

TEST(Cancel, CancelsWhenItIsDestroyed) {  // law 4
  Context context;
  {
    auto both = with_cancel({});
    context = both.context;
    EXPECT_TRUE(context.status().ok());
  }
  EXPECT_EQ(context.status().code(), Code::cancelled);
}

TEST(Cancel, MayOutliveAllHandlesOfItsContext) {
  std::optional<Cancel> cancel;
  {
    auto both = with_cancel({});
    cancel.emplace(std::move(both.cancel));
  }
  (*cancel)();
  cancel.reset();
}

TEST(Cancel, MovedItLeavesAnEmptyOneThatDoesNothing) {
  auto [context, cancel] = with_cancel({});
  {
    std::optional<Cancel> other(std::move(cancel));
    cancel();  // NOLINT(bugprone-use-after-move): this is what is tested
    cancel(Status::internal("from an empty one"));
    {
      const Cancel ended = std::move(cancel);
    }
    EXPECT_TRUE(context.status().ok());
    (*other)(Status::aborted("enough"));
  }
  EXPECT_EQ(context.cause(), Status::aborted("enough"));
}

TEST(Cancel, AssignedToItCancelsWhatItHadBefore) {
  auto [first, cancel] = with_cancel({});
  auto [second, cancel_second] = with_cancel({});

  cancel = std::move(cancel_second);
  EXPECT_FALSE(first.status().ok());
  EXPECT_TRUE(second.status().ok());

  Cancel& itself = cancel;
  cancel = std::move(itself);
  EXPECT_TRUE(second.status().ok());

  cancel();
  EXPECT_FALSE(second.status().ok());
}

TEST(Cancel, WakesAllWhoWait) {
  in_every_order([] {
    const auto [context, cancel] = with_cancel({});
    int woken = 0;
    WaitGroup group;
    for (int i = 0; i < 50; ++i) {
      group.go([&, i, context = context] {
        if (i % 2 == 0) {
          EXPECT_FALSE(context.done().recv());
        } else {
          EXPECT_EQ(select(recv(Chan<int>()), recv(context.done())), 1);
        }
        EXPECT_FALSE(context.status().ok());
        ++woken;
      });
    }
    sleep_for(kShort);
    EXPECT_EQ(woken, 0);

    cancel();
    EXPECT_EQ(woken, 0) << "it does not park";
    group.wait();

    EXPECT_EQ(woken, 50);
  });
}

TEST(Cancel, MayBeCalledByOneOfThoseWhoWait) {
  in_every_order([] {
    const auto [context, cancel] = with_cancel({});
    const Chan<int> orders = make_chan<int>();
    int stopped = 0;
    WaitGroup group;
    for (int i = 0; i < 5; ++i) {
      group.go([&, context = context] {
        if (select(recv(orders), recv(context.done())) == 0) {
          cancel(Status::aborted("I was told so"));
          EXPECT_FALSE(context.done().recv());
        }
        EXPECT_EQ(context.cause(), Status::aborted("I was told so"));
        ++stopped;
      });
    }
    orders.send(1);
    group.wait();
    EXPECT_EQ(stopped, 5);
  });
}

TEST(Cancel, InMainsFrameServesDestructorsAtTheEndOfTheProgram) {
  struct Finally {
    std::function<void()> f;
    ~Finally() { f(); }
  };
  static const ContextKey<int> kNumber("number");
  int calls = 0;
  in_every_order([&] {
    CancellableContext mains = with_timeout(with_value({}, kNumber, 1), kLong);
    for (int i = 0; i < 3; ++i) {
      go([&mains, &calls] {
        const Finally finally{[&] {
          mains.cancel();
          mains.cancel(Status::aborted("the end"));
          EXPECT_FALSE(mains.context.done()) << "of a context that is gone nothing is left";
          EXPECT_TRUE(mains.context.status().ok());
          EXPECT_TRUE(mains.context.cause().ok());
          EXPECT_EQ(mains.context.deadline(), std::nullopt);
          EXPECT_EQ(mains.context.value(kNumber), nullptr);
          EXPECT_TRUE(with_cancel(mains.context).context.status().ok());
          ++calls;
        }};
        park_for_ever();
      });
    }
    sleep_for(kShort);
  });
  EXPECT_GE(calls, 3);
}

// ---- deadlines ----

TEST(Deadline, EndsTheContextThenAndNotBefore) {  // law 3
  in_virtual_time([] {
    sleep_for(seconds(1));
    const auto [context, cancel] = with_timeout({}, kShort);
    EXPECT_EQ(context.deadline(), at(seconds(1) + kShort));
    sleep_for(kShort - nanoseconds(1));
    EXPECT_TRUE(context.status().ok());
    EXPECT_FALSE(ended(context));

    EXPECT_FALSE(context.done().recv());

    EXPECT_EQ(now(), at(seconds(1) + kShort));
    EXPECT_EQ(context.status().code(), Code::deadline_exceeded);
    EXPECT_EQ(context.cause(), context.status());
  });
}

TEST(Deadline, ThatHasPassedEndsItAtOnce) {
  in_virtual_time([] {
    sleep_for(kLong);
    for (const Duration d : {Duration(0), Duration(-1), -kLong, Duration::min()}) {
      const auto [context, cancel] = with_timeout({}, d);
      EXPECT_EQ(context.status().code(), Code::deadline_exceeded);
      EXPECT_TRUE(ended(context));
      ASSERT_TRUE(context.deadline());
      EXPECT_LE(*context.deadline(), now());
    }
    for (const TimePoint time : {now(), at(kShort), TimePoint::min()}) {
      const auto [context, cancel] = with_deadline({}, time);
      EXPECT_EQ(context.status().code(), Code::deadline_exceeded);
      EXPECT_EQ(context.deadline(), time);
    }
  });
}

TEST(Deadline, AnEndlessOneNeverComesButCanBeCancelled) {
  in_virtual_time([] {
    const auto [context, cancel] = with_timeout({}, Duration::max());
    const auto [other, cancel_other] = with_deadline({}, TimePoint::max());
    sleep_for(Duration::max() - kLong);
    EXPECT_TRUE(context.status().ok());
    EXPECT_TRUE(other.status().ok());
    cancel();
    EXPECT_EQ(context.status().code(), Code::cancelled);
  });
}

TEST(Deadline, CancelBeforeItPreventsIt) {  // law 1
  in_virtual_time([] {
    const auto [context, cancel] = with_timeout({}, kShort);
    cancel();
    sleep_for(kLong);
    EXPECT_EQ(context.status().code(), Code::cancelled);
    EXPECT_EQ(context.cause().code(), Code::cancelled);
  });
}

TEST(Deadline, CancelAfterItChangesNothing) {  // law 1
  in_virtual_time([] {
    const auto [context, cancel] = with_timeout({}, kShort);
    sleep_for(kShort);
    cancel(Status::internal("too late"));
    EXPECT_EQ(context.status().code(), Code::deadline_exceeded);
    EXPECT_EQ(context.cause(), context.status());
  });
}

TEST(Deadline, CancelAtTheVeryDeadlineGivesOneStoryToAll) {  // law 1
  in_every_order([] {
    const auto [context, cancel] = with_timeout({}, kShort);
    std::vector<Status> seen;
    for (int i = 0; i < 4; ++i) {
      go([&, context = context] {
        context.done().recv();
        seen.push_back(context.status());
      });
    }
    go([&] {
      sleep_for(kShort);
      cancel();
    });
    sleep_for(kLong);
    ASSERT_EQ(seen.size(), 4u);
    for (const Status& status : seen) EXPECT_EQ(status, context.status());
    EXPECT_EQ(context.cause(), context.status());
  });
}

TEST(Deadline, OnTheRealClockItEndsNotBefore) {
  run([] {
    const TimePoint start = now();
    const auto [context, cancel] = with_timeout({}, milliseconds(2));
    context.done().recv();
    EXPECT_GE(now(), start + milliseconds(2));
    EXPECT_EQ(context.status().code(), Code::deadline_exceeded);
  });
}

/// A clock that runs on while a goroutine computes: a second passes at every look.
class RunningClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return time_ += seconds(1); }
  bool jump_to(TimePoint next) noexcept override {
    time_ = std::max(time_, next);
    return true;
  }

 private:
  mutable TimePoint time_{};
};

TEST(Deadline, IsSeenByAGoroutineThatComputesAndNeverParks) {  // law 3
  RunningClock clock;
  run(
      [] {
        const auto [parent, cancel] = with_timeout({}, seconds(20));
        const auto [context, cancel_too] = with_timeout(parent, kLong);
        int steps = 0;
        while (context.status().ok() && ++steps < 1000) {
        }
        EXPECT_LT(steps, 1000) << "status() tells";
        EXPECT_EQ(parent.status().code(), Code::deadline_exceeded);

        const auto [other, cancel_other] = with_timeout({}, seconds(20));
        steps = 0;
        while (select(recv(other.done()), otherwise()) != 0 && ++steps < 1000) {
        }
        EXPECT_LT(steps, 1000) << "and so does done()";
        EXPECT_EQ(other.cause().code(), Code::deadline_exceeded);
      },
      {.clock = &clock});
}

TEST(Deadline, OfAContextThatOutlivedItsRunEndsItInTheNext) {  // law 3
  VirtualClock clock;
  Context context;
  std::optional<Cancel> cancel;
  run(
      [&] {
        auto made = with_timeout({}, seconds(1));
        context = made.context;
        cancel.emplace(std::move(made.cancel));
      },
      {.clock = &clock});
  run(
      [&] {
        sleep_for(seconds(2));
        EXPECT_EQ(context.status().code(), Code::deadline_exceeded);
      },
      {.clock = &clock});
}

TEST(Deadline, OutsideRunPanics) {
  EXPECT_EQ(panic_of([] { static_cast<void>(with_timeout({}, kShort)); }).place().line(), __LINE__);
  EXPECT_EQ(panic_of([] { static_cast<void>(with_deadline({}, {})); }).place().line(), __LINE__);
}

// ---- deadlocks ----

TEST(Deadline, OfAContextThatIsCancelledHidesNoDeadlock) {
  const Ending ending = ending_on_telling_clock([] {
    const auto [context, cancel] = with_timeout({}, kShort);
    {
      const auto both = with_timeout({}, kShort);
    }
    cancel();
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr(kDeadlock));
  EXPECT_THAT(ending.words, Not(HasSubstr(kJump)));
}

TEST(Deadline, ThatIsToComeIsNoDeadlock) {
  const Ending ending = ending_on_telling_clock([] {
    const auto [context, cancel] = with_timeout({}, kShort);
    context.done().recv();
    std::puts("it ended");
    park_for_ever();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("the clock jumps.*it ended.*deadlock"));
}

TEST(Context, WhoWaitsForTheBackgroundWaitsForEver) {
  const Ending ending = ending_on_telling_clock([] { Context().done().recv(); });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("Chan::recv: nil channel"));
}

TEST(Context, WhoWaitsForOneThatNobodyEndsIsInADeadlock) {
  const Ending ending = ending_on_telling_clock([] {
    const auto [context, cancel] = with_cancel({});
    go(Name("worker"), [context = context] { select(recv(Chan<int>()), recv(context.done())); });
    context.done().recv();
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("goroutine 1 .main. .Chan::recv: channel 1, length 0"));
  EXPECT_THAT(ending.words, ContainsRegex("worker. .select: recv nil channel; recv channel 1,"));
}

}  // namespace
}  // namespace conclave
