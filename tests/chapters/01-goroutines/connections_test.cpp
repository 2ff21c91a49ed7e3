// descriptor.hpp: many descriptors, many goroutines, several runs.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <numeric>
#include <random>
#include <thread>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor_support.hpp"
#include "goroutines/descriptor.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

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
