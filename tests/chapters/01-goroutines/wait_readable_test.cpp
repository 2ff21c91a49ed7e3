// descriptor.hpp: a goroutine waits until a socket or a pipe can be read or written.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor_support.hpp"
#include "goroutines/descriptor.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

// --- ready ---------------------------------------------------------------------------------------------

TEST(WaitReadable, ParksUntilThereIsSomethingToRead) {
  Log log;
  run([&] {
    const Ends ends = pipe_ends();
    WaitGroup group;
    group.go([&] { log.push_back(next_of(ends.near.get())); });
    let_others_park();

    log.push_back("write");
    put(ends.far);

    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("write", "a byte"));
}

TEST(WaitReadable, ReturnsForWhatIsReadyAlready) {
  const Duration took = in_virtual_time([] {
    const Ends ends = socket_ends();
    put(ends.far);
    EXPECT_TRUE(wait_readable(ends.near.get(), now() + hours(1)).ok());
    EXPECT_TRUE(wait_writable(ends.near.get(), now() + hours(1)).ok());
    EXPECT_TRUE(take(ends.near));
  });
  EXPECT_EQ(took, Duration::zero());
}

TEST(WaitReadable, WaitsForAllDescriptorsInOneThread) {
  if (kUnderThreadSanitizer) GTEST_SKIP() << kThreadsOfItsOwn;
  run([] {
    std::vector<Ends> all(20);
    std::ranges::generate(all, socket_ends);
    Log log;
    WaitGroup group;
    for (const Ends& ends : all) {
      group.go([&] { log.push_back(next_of(ends.near.get())); });
    }
    let_others_park();

    for (const Ends& ends : all) put(ends.far);
    group.wait();

    EXPECT_THAT(log, testing::AllOf(testing::SizeIs(20), Each("a byte")));
    EXPECT_EQ(entries_in("/proc/self/task"), 1);
  });
}

TEST(WaitReadable, IsNoDeadlockSinceTheOtherEndMaySpeak) {
  Log log;
  const Ends ends = pipe_ends();
  const int waiting = gettid();
  std::thread other([&] {
    wait_until_asleep(waiting);
    put(ends.far);
  });
  run([&] { log.push_back(next_of(ends.near.get())); });
  other.join();
  EXPECT_THAT(log, ElementsAre("a byte"));
}

TEST(WaitReadable, WakesAllThatWaitAndOneOfThemGetsTheByte) {
  for_each_seed(20, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      int woken = 0;
      int bytes = 0;
      in_virtual_time(
          [&] {
            const Ends ends = pipe_ends();
            WaitGroup group;
            for (int i = 0; i < 10; ++i) {
              group.go([&] {
                EXPECT_TRUE(wait_readable(ends.near.get(), now() + hours(1)).ok());
                ++woken;
                bytes += take(ends.near) ? 1 : 0;
              });
            }
            let_others_park();
            EXPECT_EQ(woken, 0);

            put(ends.far);

            group.wait();
          },
          {.order = order, .seed = seed});
      EXPECT_EQ(woken, 10);
      EXPECT_EQ(bytes, 1);
    }
  });
}

TEST(WaitReadable, WakesNobodyWhoWaitsToWriteAndTheOtherWayRound) {
  Log log;
  in_virtual_time([&] {
    const Ends ends = socket_ends();
    fill(ends.near);
    WaitGroup group;
    for (int i = 0; i < 2; ++i) {
      group.go([&] {
        EXPECT_TRUE(wait_readable(ends.near.get(), now() + hours(1)).ok());
        log.push_back("can read");
      });
      group.go([&] {
        EXPECT_TRUE(wait_writable(ends.near.get(), now() + hours(1)).ok());
        log.push_back("can write");
      });
    }
    let_others_park();

    log.push_back("write");
    put(ends.far);
    let_others_park();
    log.push_back("read");
    drain(ends.far);

    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("write", "can read", "can read", "read", "can write", "can write"));
}

TEST(WaitReadable, WhoComesLaterDoesNotDisturbTheOtherDirection) {
  Log log;
  in_virtual_time([&] {
    const Ends ends = socket_ends();
    fill(ends.near);
    WaitGroup group;
    group.go([&] { log_wait(log, wait_writable, ends.near.get(), now() + hours(1)); });
    let_others_park();
    group.go([&] { log_wait(log, wait_readable, ends.near.get(), now() + hours(1)); });
    let_others_park();

    drain(ends.far);
    let_others_park();
    EXPECT_THAT(log, ElementsAre("ok"));
    put(ends.far);

    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("ok", "ok"));
}

TEST(WaitReadable, AnEndOfFileIsReady) {
  Log log;
  run([&] {
    for (const bool of_a_pipe : {true, false}) {
      Ends ends = of_a_pipe ? pipe_ends() : socket_ends();
      WaitGroup group;
      for (int i = 0; i < 2; ++i) {
        group.go([&] { log.push_back(next_of(ends.near.get())); });
      }
      let_others_park();
      ends.far.close();
      group.wait();
    }
    const Ends half = socket_ends();
    WaitGroup group;
    group.go([&] { log.push_back(next_of(half.near.get())); });
    let_others_park();
    EXPECT_EQ(shutdown(half.far.get(), SHUT_WR), 0);
    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("the end", "the end", "the end", "the end", "the end"));
}

TEST(WaitWritable, AReaderThatHasGoneIsReady) {
  in_virtual_time([] {
    std::signal(SIGPIPE, SIG_IGN);
    Ends ends = pipe_ends();
    fill(ends.far);
    WaitGroup group;
    group.go([&] {
      EXPECT_TRUE(wait_writable(ends.far.get(), now() + hours(1)).ok());
      EXPECT_EQ(write(ends.far.get(), "x", 1), -1);
      EXPECT_EQ(errno, EPIPE);
    });
    let_others_park();

    ends.near.close();

    group.wait();
  });
}

TEST(WaitReadable, AConnectionThatIsResetIsReadyInBothDirections) {
  Log log;
  run([&] {
    sockaddr_in address{};
    const Descriptor listening = listening_socket(address);
    Descriptor far = connect_to(address);
    const Descriptor near = accept_on(listening);
    fill(near);
    WaitGroup group;
    group.go([&] { log.push_back(next_of(near.get())); });
    group.go([&] {
      while (wait_writable(near.get()).ok() && fill(near) > 0) {
      }
    });
    let_others_park();

    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(far.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    std::signal(SIGPIPE, SIG_IGN);
    far.close();

    group.wait();
  });
  EXPECT_THAT(log, ElementsAre(std::strerror(ECONNRESET)));
}

// --- deadlines -----------------------------------------------------------------------------------------

TEST(WaitReadable, EndsAtItsDeadline) {
  const Duration took = in_virtual_time([] {
    const Ends ends = socket_ends();
    fill(ends.near);
    EXPECT_EQ(wait_readable(ends.near.get(), now() + seconds(3)).code(), Code::deadline_exceeded);
    EXPECT_EQ(now().time_since_epoch(), seconds(3));
    EXPECT_EQ(wait_writable(ends.near.get(), now() + seconds(4)).code(), Code::deadline_exceeded);
  });
  EXPECT_EQ(took, seconds(7));
}

TEST(WaitReadable, ADeadlineOnTheRealClockComesNoEarlier) {
  run([] {
    const Ends ends = pipe_ends();
    const TimePoint deadline = now() + milliseconds(25);
    EXPECT_EQ(wait_readable(ends.near.get(), deadline).code(), Code::deadline_exceeded);
    EXPECT_GE(now(), deadline);
  });
}

TEST(WaitReadable, ADeadlineInThePastWinsOverAllElse) {
  in_virtual_time([] {
    sleep_for(seconds(1));
    const Ends ends = socket_ends();
    put(ends.far);
    for (const TimePoint past : {now(), now() - Duration(1), TimePoint::min()}) {
      EXPECT_EQ(wait_readable(ends.near.get(), past).code(), Code::deadline_exceeded);
      EXPECT_EQ(wait_writable(ends.near.get(), past).code(), Code::deadline_exceeded);
      EXPECT_EQ(wait_readable(-1, past).code(), Code::deadline_exceeded);
    }
    EXPECT_TRUE(wait_readable(ends.near.get(), now() + Duration(1)).ok());
  });
}

TEST(WaitReadable, ADeadlineThatPassesWhileOthersRunWinsOverADescriptorThatIsReady) {
  VirtualClock clock;
  Log log;
  run(
      [&] {
        const Ends ends = pipe_ends();
        WaitGroup group;
        group.go([&] { log_wait(log, wait_readable, ends.near.get(), now() + seconds(1)); });
        let_others_park();

        put(ends.far);
        clock.jump_to(now() + seconds(2));  // as if we had computed for so long

        group.wait();
      },
      {.clock = &clock});
  EXPECT_THAT(log, ElementsAre("deadline_exceeded"));
}

TEST(WaitReadable, AtTheInstantOfTheDeadlineTheDeadlineWins) {
  for_each_seed(20, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      Log log;
      in_virtual_time(
          [&] {
            const Ends ends = pipe_ends();
            WaitGroup group;
            group.go([&] { log_wait(log, wait_readable, ends.near.get(), now() + seconds(1)); });
            group.go([&] {
              sleep_for(seconds(1));
              put(ends.far);
            });
            group.wait();
          },
          {.order = order, .seed = seed});
      EXPECT_THAT(log, ElementsAre("deadline_exceeded"));
    }
  });
}

TEST(WaitReadable, EachHasADeadlineOfItsOwn) {
  Log log;
  in_virtual_time([&] {
    const Ends ends = pipe_ends();
    WaitGroup group;
    for (const int number : {3, 1, 2, 5}) {
      group.go([&, number] {
        const Status status = wait_readable(ends.near.get(), TimePoint(seconds(number)));
        log.push_back(fmt::format("{} {}", number, status.code()));
      });
    }
    sleep_for(seconds(4));

    put(ends.far);

    group.wait();
    EXPECT_EQ(now().time_since_epoch(), seconds(4));
  });
  EXPECT_THAT(log, ElementsAre("1 deadline_exceeded", "2 deadline_exceeded", "3 deadline_exceeded",
                               "5 ok"));
}

TEST(WaitReadable, WhoWaitsAgainAfterADeadlineHearsOfWhatCameMeanwhile) {
  in_virtual_time([] {
    const Ends ends = pipe_ends();
    for (int round = 0; round < 100; ++round) {
      EXPECT_FALSE(wait_readable(ends.near.get(), now() + seconds(1)).ok());
      put(ends.far);
      EXPECT_TRUE(wait_readable(ends.near.get(), now() + seconds(1)).ok());
      EXPECT_TRUE(take(ends.near));
    }
    EXPECT_EQ(now().time_since_epoch(), seconds(100));
  });
}

// --- virtual time --------------------------------------------------------------------------------------

TEST(WaitReadable, VirtualTimeMovesOnWhenNoDescriptorIsReady) {
  Log log;
  const Duration took = in_virtual_time([&] {
    const Ends ends = pipe_ends();
    WaitGroup group;
    group.go([&] { log.push_back(next_of(ends.near.get())); });
    sleep_for(hours(1));
    log.push_back("an hour later");
    put(ends.far);
    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("an hour later", "a byte"));
  EXPECT_EQ(took, hours(1));
}

TEST(WaitReadable, VirtualTimeStandsStillWhileDescriptorsAreReady) {
  Log log;
  in_virtual_time([&] {
    const Ends ends = socket_ends();
    WaitGroup group;
    group.go([&] {
      sleep_for(Duration(1));
      log.push_back("a nanosecond later");
    });
    group.go([&] {
      for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(next_of(ends.near.get()), "a byte");
        put(ends.near);
      }
    });
    for (int i = 0; i < 1000; ++i) {
      put(ends.far);
      EXPECT_EQ(next_of(ends.far.get()), "a byte");
    }
    log.push_back("a thousand rounds");
    group.wait();
  });
  EXPECT_THAT(log, ElementsAre("a thousand rounds", "a nanosecond later"));
}

// --- errors --------------------------------------------------------------------------------------------

TEST(WaitReadable, WhatIsNotOpenIsRefused) {
  run([] {
    Ends ends = pipe_ends();
    const int closed = ends.near.get();
    ends.near.close();
    for (const int fd : {closed, -1, -100, 1'000'000, std::numeric_limits<int>::max(),
                         std::numeric_limits<int>::min()}) {
      EXPECT_EQ(wait_readable(fd).code(), Code::failed_precondition) << fd;
      const Status status = wait_writable(fd);
      EXPECT_EQ(status.code(), Code::failed_precondition) << fd;
      EXPECT_THAT(std::string(status.message()), HasSubstr(std::to_string(fd)));
    }
  });
}

TEST(WaitReadable, AFileOnADiskIsRefusedWithAWayOut) {
  run([] {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), std::fclose);
    for (const Status& status :
         {wait_readable(fileno(file.get())), wait_writable(fileno(file.get()))}) {
      EXPECT_EQ(status.code(), Code::invalid_argument);
      EXPECT_THAT(std::string(status.what_to_do()), HasSubstr("blocking()"));
    }
  });
}

TEST(WaitReadable, PanicsOutsideRun) {
  const Ends ends = pipe_ends();
  put(ends.far);
  EXPECT_THAT(panic_of([&] { (void)wait_readable(ends.near.get()); }).what(),
              HasSubstr("outside run()"));
  EXPECT_THAT(panic_of([&] { (void)wait_writable(ends.far.get()); }).what(),
              HasSubstr(place_in(__FILE__, __LINE__ - 1)));
}

TEST(WaitReadable, LeavesNothingBehindThatHidesADeadlock) {
  const Ending ending = ending_of([] {
    in_virtual_time([] {
      Ends ends = socket_ends();
      WaitGroup never;
      never.add(1);
      GoroutineGroup group;
      go([&] { EXPECT_EQ(next_of(ends.near.get()), "a byte"); });
      go([&] { EXPECT_FALSE(wait_readable(ends.far.get(), now() + seconds(1)).ok()); });
      go([&] { EXPECT_FALSE(wait_readable(-1).ok()); });
      group.go([&] { (void)wait_readable(ends.far.get()); });
      sleep_for(seconds(2));
      put(ends.far);
      group.end();
      Ends others = socket_ends();
      go([&] { EXPECT_FALSE(wait_readable(others.near.get()).ok()); });
      let_others_park();
      others.near.close();
      never.wait();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("all goroutines are asleep - deadlock"));
  EXPECT_THAT(ending.words, testing::Not(HasSubstr("goroutine 2")));
}

// --- the end of goroutines -----------------------------------------------------------------------------

TEST(WaitReadable, IsUnwoundWhenMainReturns) {
  Log log;
  const Ends ends = socket_ends();
  fill(ends.near);
  for (int round = 0; round < 3; ++round) {
    log.clear();
    run([&] {
      go([&] {
        const Mark mark{log, "reads"};
        (void)wait_readable(ends.near.get());
        log.push_back("ran on");
      });
      let_others_park();
      go([&] {
        const Mark mark{log, "writes"};
        (void)wait_writable(ends.near.get(), now() + hours(1));
        log.push_back("ran on");
      });
      let_others_park();
    });
    EXPECT_THAT(log, ElementsAre("writes", "reads"));
  }
}

TEST(WaitReadable, IsUnwoundWithItsGroupAndTheOthersGoOnWaiting) {
  for_each_seed(20, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      Log log;
      in_virtual_time(
          [&] {
            const Ends ends = pipe_ends();
            GoroutineGroup group;
            WaitGroup others;
            for (int i = 0; i < 3; ++i) {
              group.go([&] {
                const Mark mark{log, "unwound"};
                (void)wait_readable(ends.near.get(), now() + hours(1));
                log.push_back("ran on");
              });
              others.go([&] { log_wait(log, wait_readable, ends.near.get(), now() + hours(1)); });
            }
            let_others_park();
            if (seed % 2 == 0) {
              put(ends.far);
              if (seed % 4 == 0) (void)wait_readable(ends.near.get());  // now all are ready
            }
            const auto ran_on = std::ranges::count(log, "ran on");

            group.end();

            EXPECT_EQ(std::ranges::count(log, "unwound"), 3);
            EXPECT_EQ(std::ranges::count(log, "ran on"), ran_on);
            if (seed % 2 != 0) put(ends.far);
            others.wait();
            EXPECT_EQ(std::ranges::count(log, "ok"), 3);
            EXPECT_EQ(now(), TimePoint());
          },
          {.order = order, .seed = seed});
    }
  });
}

TEST(WaitReadable, InADestructorDuringTheUnwindingReturnsAtOnce) {
  Log log;
  const Ends ends = pipe_ends();
  struct Waits {
    const Ends& ends;
    Log& log;
    ~Waits() {
      for (int i = 0; i < 3; ++i) log_wait(log, wait_readable, ends.near.get());
    }
  };
  run([&] {
    go([&] {
      const Waits waits{ends, log};
      sleep_for(hours(1));
    });
    let_others_park();
  });
  EXPECT_THAT(log, testing::AllOf(testing::SizeIs(3), Each("cancelled")));
}

}  // namespace
}  // namespace conclave
