// descriptor.hpp: a goroutine waits until a socket or a pipe can be read or written.
#include "goroutines/descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <thread>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// Two ends of one thing; what is written to `far` is read from `near`.
struct Ends {
  Descriptor near;
  Descriptor far;
};

Ends pipe_ends() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Ends socket_ends() {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Descriptor event_descriptor() { return Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

/// A socket that listens on the loopback, on a port that the kernel has chosen.
Descriptor listening_socket(sockaddr_in& address) {
  Descriptor listening(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listening.get(), SOMAXCONN), 0);
  EXPECT_EQ(getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return listening;
}

/// Waits for the next connection.
Descriptor accept_on(const Descriptor& listening) {
  int fd = -1;
  while ((fd = accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0) {
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_TRUE(wait_readable(listening.get()).ok());
  }
  return Descriptor(fd);
}

/// A socket that is connected to `address`.
Descriptor connect_to(const sockaddr_in& address) {
  Descriptor connected(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (connect(connected.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    EXPECT_EQ(errno, EINPROGRESS);
    EXPECT_TRUE(wait_writable(connected.get()).ok());
    int error = -1;
    socklen_t size = sizeof error;
    EXPECT_EQ(getsockopt(connected.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
    EXPECT_EQ(error, 0);
  }
  return connected;
}

/// Writes one byte, for which there is room.
void put(const Descriptor& to) { ASSERT_EQ(write(to.get(), "x", 1), 1); }

/// Reads one byte, if there is one.
bool take(const Descriptor& from) {
  char byte = 0;
  return read(from.get(), &byte, 1) == 1;
}

/// Waits for one byte: "a byte", "the end", or what the wait or the call said.
std::string next_of(int fd) {
  char byte = 0;
  ssize_t count = 0;
  while ((count = read(fd, &byte, 1)) < 0 && errno == EAGAIN) {
    if (const Status status = wait_readable(fd); !status.ok())
      return fmt::format("{}", status.code());
  }
  if (count < 0) return std::strerror(errno);
  return count == 0 ? "the end" : "a byte";
}

/// Writes until there is no room; returns how many bytes.
std::size_t fill(const Descriptor& to) {
  const std::array<char, 4096> bytes{};
  std::size_t total = 0;
  ssize_t count = 0;
  while ((count = write(to.get(), bytes.data(), bytes.size())) > 0) {
    total += static_cast<std::size_t>(count);
  }
  return total;
}

/// Reads until there is nothing; returns how many bytes.
std::size_t drain(const Descriptor& from) {
  std::array<char, 4096> bytes{};
  std::size_t total = 0;
  ssize_t count = 0;
  while ((count = read(from.get(), bytes.data(), bytes.size())) > 0) {
    total += static_cast<std::size_t>(count);
  }
  return total;
}

/// Closes without telling anybody, as any code may.
void close_silently(Descriptor& descriptor) { ASSERT_EQ(::close(descriptor.release()), 0); }

/// Appends to `log` how the goroutine's wait ended.
void log_wait(Log& log, Status (*wait)(int, TimePoint, std::source_location), int fd,
              TimePoint deadline = TimePoint::max()) {
  const Status status = wait(fd, deadline, std::source_location::current());
  log.push_back(fmt::format("{}", status.code()));
}

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
    while (!is_asleep(waiting)) std::this_thread::yield();
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

// --- many ----------------------------------------------------------------------------------------------

TEST(WaitReadable, SeveralAcceptorsShareAListeningSocket) {
  constexpr int kConnections = 60;
  int served = 0;
  run([&] {
    sockaddr_in address{};
    const Descriptor listening = listening_socket(address);
    WaitGroup group;
    for (int i = 0; i < 4; ++i) {
      group.go([&] {
        while (served < kConnections) {
          const int fd = accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
          if (fd < 0) {
            ASSERT_EQ(errno, EAGAIN);
            if (!wait_readable(listening.get()).ok()) return;
            continue;
          }
          const Descriptor connection(fd);
          EXPECT_EQ(next_of(connection.get()), "a byte");
          put(connection);
          ++served;
        }
      });
    }
    WaitGroup clients;
    for (int i = 0; i < kConnections; ++i) {
      clients.go([&] {
        const Descriptor connection = connect_to(address);
        put(connection);
        EXPECT_EQ(next_of(connection.get()), "a byte");
        EXPECT_EQ(next_of(connection.get()), "the end");
      });
    }
    clients.wait();
    const Descriptor last_calls[4] = {connect_to(address), connect_to(address), connect_to(address),
                                      connect_to(address)};
    for (const Descriptor& call : last_calls) put(call);
    group.wait();
  });
  EXPECT_GE(served, kConnections);
}

TEST(WaitWritable, AConnectionThatIsRefusedIsReady) {
  run([] {
    sockaddr_in address{};
    listening_socket(address).close();
    const Descriptor connecting(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int error = 0;
    if (connect(connecting.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      error = errno;
    }
    if (error == EINPROGRESS) {
      EXPECT_TRUE(wait_writable(connecting.get()).ok());
      socklen_t size = sizeof error;
      getsockopt(connecting.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
    EXPECT_EQ(error, ECONNREFUSED);
  });
}

TEST(WaitReadable, AThousandDescriptorsInAnyOrder) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  constexpr std::size_t kCount = 1000;
  if (limit.rlim_cur < kCount + 50) GTEST_SKIP() << "ulimit -n is " << limit.rlim_cur;

  for_each_seed(3, [](std::uint64_t seed) {
    std::vector<std::size_t> woken;
    std::vector<std::size_t> sent(kCount);
    std::iota(sent.begin(), sent.end(), 0);
    std::mt19937_64 random(seed);
    std::ranges::shuffle(sent, random);
    run(
        [&] {
          std::vector<Descriptor> all(kCount);
          std::ranges::generate(all, event_descriptor);
          WaitGroup group;
          for (std::size_t i = 0; i < kCount; ++i) {
            group.go([&, i] {
              EXPECT_TRUE(wait_readable(all[i].get()).ok());
              woken.push_back(i);
            });
          }
          let_others_park();

          for (const std::size_t i : sent) {
            EXPECT_EQ(eventfd_write(all[i].get(), 1), 0);
            if (random() % 8 == 0) yield();
          }

          group.wait();
        },
        {.order = seed % 2 == 0 ? Order::standard : Order::random, .seed = seed});
    std::ranges::sort(woken);
    std::ranges::sort(sent);
    EXPECT_EQ(woken, sent);
  });
}

TEST(WaitReadable, BusyGoroutinesStarveNobodyWhoWaits) {
  for (const Order order : {Order::standard, Order::random}) {
    run(
        [] {
          const Ends ends = pipe_ends();
          bool heard = false;
          WaitGroup group;
          for (int i = 0; i < 10; ++i) {
            group.go([&] {
              while (!heard) yield();
            });
          }
          group.go([&] {
            EXPECT_EQ(next_of(ends.near.get()), "a byte");
            heard = true;
          });
          for (int i = 0; i < 1000; ++i) yield();
          EXPECT_FALSE(heard);

          put(ends.far);

          group.wait();
        },
        {.order = order});
  }
}

TEST(WaitReadable, ReadyDescriptorsStarveNobodyElse) {
  for (const Order order : {Order::standard, Order::random}) {
    run(
        [] {
          const Ends ends = socket_ends();
          bool enough = false;
          WaitGroup group;
          const auto echo = [&enough](const Descriptor& end) {
            while (next_of(end.get()) == "a byte" && !enough) put(end);
          };
          group.go([&] { echo(ends.near); });
          group.go([&] { echo(ends.far); });
          put(ends.far);

          sleep_for(milliseconds(1));
          for (int i = 0; i < 1000; ++i) yield();

          enough = true;
          EXPECT_EQ(shutdown(ends.near.get(), SHUT_RDWR), 0);
          group.wait();
        },
        {.order = order});
  }
}

/// Sends `total` bytes in pieces of random size, as the other end takes them.
void send_pieces(const Descriptor& to, std::size_t total, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<char> bytes(100'000);
  while (total > 0) {
    const std::size_t piece = std::min<std::size_t>(total, 1 + random() % bytes.size());
    const ssize_t count = write(to.get(), bytes.data(), piece);
    if (count > 0) total -= static_cast<std::size_t>(count);
    if (count < 0) {
      ASSERT_EQ(errno, EAGAIN);
      ASSERT_TRUE(wait_writable(to.get()).ok());
    }
  }
}

/// Receives until `total` bytes have come.
void receive_pieces(const Descriptor& from, std::size_t total, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<char> bytes(50'000);
  while (total > 0) {
    const ssize_t count = read(from.get(), bytes.data(), 1 + random() % bytes.size());
    if (count > 0) total -= static_cast<std::size_t>(count);
    if (count < 0) {
      ASSERT_EQ(errno, EAGAIN);
      ASSERT_TRUE(wait_readable(from.get()).ok());
    }
    ASSERT_NE(count, 0);
  }
}

TEST(WaitReadable, BytesFlowBothWaysWhateverTheOrder) {
  for_each_seed(10, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      run(
          [&] {
            constexpr std::size_t kTotal = 1'000'000;
            const std::array<Ends, 2> both{socket_ends(), socket_ends()};
            WaitGroup group;
            for (const Ends& ends : both) {
              group.go([&] { send_pieces(ends.near, kTotal, seed); });
              group.go([&] { send_pieces(ends.far, kTotal, seed + 1); });
              group.go([&] { receive_pieces(ends.near, kTotal, seed + 2); });
              group.go([&] { receive_pieces(ends.far, kTotal, seed + 3); });
            }
            group.wait();
          },
          {.order = order, .seed = seed});
    }
  });
}

// --- runs ----------------------------------------------------------------------------------------------

TEST(WaitReadable, OneRunAfterTheOtherMayWaitForTheSame) {
  const Ends ends = socket_ends();
  for (int round = 0; round < 10; ++round) {
    run([&] {
      go([&] { (void)wait_readable(ends.near.get()); });
      WaitGroup group;
      group.go([&] { EXPECT_EQ(next_of(ends.near.get()), "a byte"); });
      let_others_park();
      put(ends.far);
      group.wait();
    });
  }
}

TEST(WaitReadable, RunsOnTwoThreadsSpeakToEachOther) {
  const Ends ends = socket_ends();
  const auto echo = [](const Descriptor& end) {
    run([&] {
      WaitGroup group;
      group.go([&] {
        for (int i = 0; i < 1000; ++i) ASSERT_EQ(next_of(end.get()), "a byte");
      });
      for (int i = 0; i < 1000; ++i) {
        EXPECT_TRUE(wait_writable(end.get()).ok());
        put(end);
      }
      group.wait();
    });
  };
  std::thread other([&] { echo(ends.far); });
  echo(ends.near);
  other.join();
}

TEST(WaitReadable, NoDescriptorIsLeftWhenTheThreadEnds) {
  const auto before = entries_in("/proc/self/fd");
  for (int round = 0; round < 3; ++round) {
    std::thread([] {
      run([] {
        const Ends ends = pipe_ends();
        go([&] { (void)wait_readable(ends.near.get()); });
        let_others_park();
      });
    }).join();
  }
  EXPECT_EQ(entries_in("/proc/self/fd"), before);
}

TEST(WaitReadable, WithoutADescriptorForItselfRunPanicsAndLeavesNone) {
  if (kUnderSanitizer) GTEST_SKIP() << "it opens descriptors of its own to check a pointer";
  const auto before = entries_in("/proc/self/fd");
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const int first_free = event_descriptor().get();
  for (const int spare : {0, 1}) {
    const rlimit tight{static_cast<rlim_t>(first_free + spare), limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);

    const Panic panic = panic_of([] { run([] {}); });

    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_THAT(panic.what(), HasSubstr("ulimit -n"));
    EXPECT_EQ(entries_in("/proc/self/fd"), before) << spare;
  }
  run([] {});
}

}  // namespace
}  // namespace conclave
