// descriptor.hpp: whoever waits for a descriptor is told that it was closed.
#include "goroutines/descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "descriptor_support.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::Each;
using testing::ElementsAre;

// --- closing -------------------------------------------------------------------------------------------

TEST(Descriptor, OwnsItsNumber) {
  const auto before = entries_in("/proc/self/fd");
  {
    const Descriptor none;
    const Descriptor failed(-1);
    EXPECT_FALSE(none);
    EXPECT_FALSE(failed);
    EXPECT_EQ(none.get(), -1);

    Ends ends = pipe_ends();
    const int number = ends.near.get();
    EXPECT_TRUE(ends.near);
    Descriptor moved = std::move(ends.near);
    EXPECT_EQ(moved.get(), number);
    EXPECT_EQ(ends.near.get(), -1);
    ends.far = std::move(moved);  // closes the one it had
    EXPECT_EQ(ends.far.get(), number);
    EXPECT_EQ(entries_in("/proc/self/fd"), before + 1);

    Descriptor& same = ends.far;
    ends.far = std::move(same);
    EXPECT_EQ(ends.far.get(), number);

    ends.far.close();
    ends.far.close();
    EXPECT_EQ(ends.far.get(), -1);

    Ends given_away = pipe_ends();
    EXPECT_EQ(::close(given_away.near.release()), 0);
    EXPECT_FALSE(given_away.near);
  }
  EXPECT_EQ(entries_in("/proc/self/fd"), before);
}

TEST(Descriptor, CloseTellsAllWhoWaitAtOnce) {
  for_each_seed(20, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      Log log;
      in_virtual_time(
          [&] {
            Ends ends = socket_ends();
            fill(ends.near);
            WaitGroup group;
            for (int i = 0; i < 3; ++i) {
              group.go([&] { log_wait(log, wait_readable, ends.near.get()); });
              group.go([&] { log_wait(log, wait_writable, ends.near.get(), now() + hours(1)); });
            }
            let_others_park();

            ends.near.close();

            let_others_park();
            EXPECT_THAT(log, testing::AllOf(testing::SizeIs(6), Each("failed_precondition")));
            group.wait();
            EXPECT_EQ(now(), TimePoint());
          },
          {.order = order, .seed = seed});
    }
  });
}

TEST(Descriptor, ItsDestructorAndAnAssignmentTellThemToo) {
  Log log;
  run([&] {
    WaitGroup group;
    {
      const Ends ends = pipe_ends();
      group.go([&log, fd = ends.near.get()] { log_wait(log, wait_readable, fd); });
      let_others_park();
    }
    Ends ends = pipe_ends();
    group.go([&] { log_wait(log, wait_readable, ends.near.get()); });
    let_others_park();
    ends.near = Descriptor();
    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("failed_precondition", "failed_precondition"));
}

TEST(Descriptor, WhatIsReadyAndThenClosedIsReportedEitherWay) {
  for_each_seed(50, [](std::uint64_t seed) {
    run(
        [] {
          Ends ends = pipe_ends();
          Log log;
          WaitGroup group;
          group.go([&] { log_wait(log, wait_readable, ends.near.get()); });
          let_others_park();
          put(ends.far);
          yield();
          ends.near.close();
          group.wait();
          EXPECT_THAT(log, ElementsAre(testing::AnyOf("ok", "failed_precondition")));
        },
        {.order = Order::random, .seed = seed});
  });
}

TEST(Descriptor, CloseLeavesThoseWhoWaitForACopyAlone) {
  Log log;
  run([&] {
    Ends ends = pipe_ends();
    const Descriptor copy(dup(ends.near.get()));
    WaitGroup group;
    group.go([&] { log_wait(log, wait_readable, ends.near.get()); });
    group.go([&] { log_wait(log, wait_readable, copy.get()); });
    let_others_park();

    ends.near.close();
    let_others_park();
    EXPECT_THAT(log, ElementsAre("failed_precondition"));
    put(ends.far);

    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("failed_precondition", "ok"));
}

TEST(Descriptor, ItsNumberMayBeUsedAgainAtOnce) {
  in_virtual_time([] {
    int first = -1;
    for (int round = 0; round < 100; ++round) {
      Ends ends = round % 2 == 0 ? pipe_ends() : socket_ends();
      if (first < 0) first = ends.near.get();
      ASSERT_EQ(ends.near.get(), first);
      WaitGroup group;
      Log log;
      group.go([&] { log.push_back(next_of(ends.near.get())); });
      let_others_park();
      if (round % 3 != 0) put(ends.far);
      if (round % 3 == 0) ends.near.close();
      group.wait();
      EXPECT_THAT(log, ElementsAre(round % 3 == 0 ? "failed_precondition" : "a byte")) << round;
    }
  });
}

TEST(ClosedInSilence, IsReportedWhenTheProgramComesToRest) {
  Log log;
  run([&] {
    Ends ends = socket_ends();
    fill(ends.near);
    WaitGroup group;
    group.go([&] { log_wait(log, wait_readable, ends.near.get()); });
    group.go([&] { log_wait(log, wait_writable, ends.near.get()); });
    let_others_park();
    const Descriptor far_again(dup(ends.far.get()));

    close_silently(ends.near);

    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("failed_precondition", "failed_precondition"));
}

TEST(ClosedInSilence, IsReportedAtRestAlsoWhenACopyIsLeft) {
  Log log;
  run([&] {
    Ends ends = pipe_ends();
    const Descriptor copy(dup(ends.near.get()));
    WaitGroup group;
    group.go([&] { log_wait(log, wait_readable, ends.near.get()); });
    let_others_park();

    close_silently(ends.near);

    group.wait();
    put(ends.far);
    EXPECT_TRUE(wait_readable(copy.get()).ok());
  });
  EXPECT_THAT(log, ElementsAre("failed_precondition"));
}

TEST(ClosedInSilence, IsReportedWhenSomebodyWaitsForTheNumberAgain) {
  Log log;
  in_virtual_time([&] {
    Ends old = pipe_ends();
    const int number = old.near.get();
    WaitGroup group;
    group.go([&] { log_wait(log, wait_readable, number); });
    let_others_park();

    close_silently(old.near);
    const Ends fresh = pipe_ends();
    ASSERT_EQ(fresh.near.get(), number);
    group.go([&] { log_wait(log, wait_readable, number); });
    let_others_park();

    EXPECT_THAT(log, ElementsAre("failed_precondition"));
    put(fresh.far);
    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("failed_precondition", "ok"));
}

TEST(ClosedInSilence, IsReportedWhenItsNumberIsOfSomethingElseForWhichNobodyWaits) {
  for (const bool of_a_file : {false, true}) {
    Log log;
    run([&] {
      Ends old = pipe_ends();
      const int number = old.near.get();
      WaitGroup group;
      group.go([&] { log_wait(log, wait_readable, number, now() + seconds(3)); });
      let_others_park();

      close_silently(old.near);
      const Descriptor fresh =
          of_a_file ? Descriptor(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)) : event_descriptor();
      ASSERT_EQ(fresh.get(), number);

      group.wait();
    });
    EXPECT_THAT(log, ElementsAre("failed_precondition"));
  }
}

TEST(ClosedInSilence, ACopyMayTakeTheNumberAgain) {
  Log log;
  run([&] {
    Ends ends = pipe_ends();
    const int number = ends.near.get();
    const Descriptor copy(dup(number));
    WaitGroup group;
    group.go([&] { log_wait(log, wait_readable, number); });
    let_others_park();
    close_silently(ends.near);
    group.wait();

    const Descriptor again(dup(copy.get()));
    ASSERT_EQ(again.get(), number);
    put(ends.far);
    log_wait(log, wait_readable, number);
  });
  EXPECT_THAT(log, ElementsAre("failed_precondition", "ok"));
}

TEST(Descriptor, ADestructorThatClosesItDuringTheUnwindingTellsTheOthers) {
  Log log;
  run([&] {
    auto ends = std::make_shared<Ends>(pipe_ends());
    const int number = ends->near.get();
    GoroutineGroup group;
    WaitGroup others;
    group.go([&log, number] {
      const Mark mark{log, "unwound"};
      (void)wait_readable(number);
      log.push_back("ran on");
    });
    others.go([&log, number] { log_wait(log, wait_readable, number); });
    let_others_park();
    group.go([ends = std::move(ends)] { sleep_for(hours(1)); });
    let_others_park();

    group.end();

    others.wait();
  });
  EXPECT_THAT(log, ElementsAre("unwound", "failed_precondition"));
}

}  // namespace
}  // namespace conclave
