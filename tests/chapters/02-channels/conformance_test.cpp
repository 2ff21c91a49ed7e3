// What Go's runtime/chan_test.go, chanbarrier_test.go and reflect's tests of Select check, as tests of ours.
// conformance.md says which is which.
#include <any>
#include <array>
#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

constexpr int kCapacitiesMax = 40;

/// Runs `body` with channels of every capacity, in both orders.
void with_every_capacity(const std::function<void(int capacity)>& body) {
  in_every_order(
      [&] {
        for (int capacity = 0; capacity < kCapacitiesMax; ++capacity) body(capacity);
      },
      2);
}

Chan<int> filled(int capacity) {
  const auto channel = make_chan<int>(capacity);
  for (int i = 0; i < capacity; ++i) channel.send(i);
  return channel;
}

// --- TestChan, part by part

TEST(GoRuntime, AnEmptyChannelBlocksReceiversAndNotTries) {
  with_every_capacity([](int capacity) {
    const auto channel = make_chan<int>(capacity);
    int received = 0;
    for (int i = 0; i < 2; ++i) {
      go([&] {
        channel.recv();
        ++received;
      });
    }
    until_others_park();
    EXPECT_EQ(received, 0);
    EXPECT_EQ(select(recv(channel), otherwise()), 1);
    EXPECT_FALSE(channel.try_recv());
    channel.send(0);
    channel.send(0);
    until_others_park();
    EXPECT_EQ(received, 2);
  });
}

TEST(GoRuntime, AFullChannelBlocksSendersAndNotTries) {
  with_every_capacity([](int capacity) {
    const auto channel = filled(capacity);
    bool sent = false;
    go([&] {
      channel.send(0);
      sent = true;
    });
    until_others_park();
    EXPECT_FALSE(sent);
    EXPECT_EQ(select(send(channel, 0), otherwise()), 1);
    EXPECT_FALSE(channel.try_send(0));
    channel.recv();
    until_others_park();
    EXPECT_TRUE(sent);
  });
}

TEST(GoRuntime, AClosedChannelGivesItsBufferAndThenTheEnd) {
  with_every_capacity([](int capacity) {
    const auto channel = filled(capacity);
    channel.close();
    for (int i = 0; i < capacity; ++i) EXPECT_EQ(channel.recv(), i);
    int value = 1;
    bool ok = true;
    EXPECT_EQ(select(recv(channel, value, ok)), 0);
    EXPECT_EQ(value, 0);
    EXPECT_FALSE(ok);
    EXPECT_EQ(channel.recv(), std::nullopt);
  });
}

TEST(GoRuntime, CloseWakesAReceiver) {
  with_every_capacity([](int capacity) {
    const auto channel = make_chan<int>(capacity);
    const auto done = make_chan<bool>();
    go([&] { done.send(channel.recv() == std::nullopt); });
    until_others_park();
    channel.close();
    EXPECT_EQ(done.recv(), true);
  });
}

TEST(GoRuntime, AHundredValuesComeInOrder) {
  with_every_capacity([](int capacity) {
    const auto channel = make_chan<int>(capacity);
    for (int round = 0; round < 2; ++round) {
      go([channel] {
        for (int i = 0; i < 100; ++i) channel.send(i);
      });
      for (int i = 0; i < 100; ++i) EXPECT_EQ(channel.recv(), i);
    }
  });
}

TEST(GoRuntime, FourSendersAndFourReceiversLoseNothing) {
  with_every_capacity([](int capacity) {
    const auto channel = make_chan<int>(capacity);
    const auto done = make_chan<std::map<int, int>>();
    for (int p = 0; p < 4; ++p) {
      go([channel] {
        for (int i = 0; i < 100; ++i) channel.send(i);
      });
      go([channel, done] {
        std::map<int, int> times;
        for (int i = 0; i < 100; ++i) ++times[*channel.recv()];
        done.send(std::move(times));
      });
    }
    std::map<int, int> total;
    for (int p = 0; p < 4; ++p) {
      const auto some = done.recv();
      for (const auto& [value, times] : *some) total[value] += times;
    }
    EXPECT_EQ(total.size(), 100u);
    for (const auto& [value, times] : total) EXPECT_EQ(times, 4) << value;
  });
}

TEST(GoRuntime, LenAndCapCount) {
  with_every_capacity([](int capacity) {
    const auto n = static_cast<std::size_t>(capacity);
    const auto channel = make_chan<int>(capacity);
    EXPECT_EQ(std::pair(channel.len(), channel.cap()), std::pair(std::size_t{0}, n));
    EXPECT_EQ(std::pair(filled(capacity).len(), filled(capacity).cap()), std::pair(n, n));
  });
}

// --- races of selects that do not block

TEST(GoRuntime, ATryNeverMissesAValueOrTheCloseAfterIt) {
  in_every_order(
      [] {
        for (int i = 0; i < 100; ++i) {
          const auto channel = make_chan<int>(1);
          channel.send(1);
          WaitGroup other;
          other.go([&] { EXPECT_EQ(select(recv(channel), otherwise()), 0) << "it was ready"; });
          channel.close();
          channel.recv();
        }
      },
      20);
}

/// One goroutine makes `second` ready before it takes from `first`: who tries both finds one of them ready.
void expect_one_of_two_ready(const std::function<void(const Chan<int>&)>& make_ready) {
  in_every_order(
      [&] {
        const auto done = make_chan<bool>(1);
        for (int i = 0; i < 100; ++i) {
          const auto first = make_chan<int>(1);
          const auto second = make_chan<int>(1);
          first.send(1);
          go([&] { done.send(select(recv(first), recv(second), otherwise()) != 2); });
          if (i % 2 == 0) yield();
          make_ready(second);
          select(recv(first), otherwise());
          EXPECT_EQ(done.recv(), true);
        }
      },
      20);
}

TEST(GoRuntime, ASelectSeesAllItsChannelsAtOneMoment) {
  expect_one_of_two_ready([](const Chan<int>& channel) { channel.send(1); });
}

TEST(GoRuntime, ASelectSeesAllItsChannelsAtOneMomentThoughOneIsClosed) {
  expect_one_of_two_ready([](const Chan<int>& channel) { channel.close(); });
}

// --- selects

TEST(GoRuntime, TwoSelectsThatSendAndReceiveOnOneChannel) {
  in_every_order([] {
    for (const int capacity : {0, 10}) {
      const auto channel = make_chan<int>(capacity);
      WaitGroup both;
      for (int p = 0; p < 2; ++p) {
        both.go([&, p] {
          for (int i = 0; i < 200; ++i) {
            int got = 1 - p;
            if (p == 0 || i % 2 == 0) {
              select(send(channel, p), recv(channel, got));
            } else {
              select(recv(channel, got), send(channel, p));
            }
            EXPECT_TRUE(capacity != 0 || got == 1 - p) << "nobody receives from himself";
          }
        });
      }
      both.wait();
    }
  });
}

TEST(GoRuntime, SendersReceiversAndSelectsOnFourChannels) {
  constexpr int kCount = 500;
  in_every_order([] {
    const std::array<Chan<int>, 4> channels = {make_chan<int>(), make_chan<int>(),
                                               make_chan<int>(2), make_chan<int>(3)};
    WaitGroup all;
    for (const auto& channel : channels) {
      all.go([&channel] {
        for (int i = 0; i < kCount; ++i) channel.send(0);
      });
      all.go([&channel] {
        for (int i = 0; i < kCount; ++i) channel.recv();
      });
    }
    for (const bool sends : {true, false}) {
      all.go([sends, mine = channels]() mutable {
        std::array<int, 4> counts{};
        for (int i = 0; i < 4 * kCount; ++i) {
          const int chosen =
              sends ? select(send(mine[0], 0), send(mine[1], 0), send(mine[2], 0), send(mine[3], 0))
                    : select(recv(mine[0]), recv(mine[1]), recv(mine[2]), recv(mine[3]));
          const auto place = static_cast<std::size_t>(chosen);
          if (++counts[place] == kCount) mine[place] = {};  // nil from now on
        }
        EXPECT_EQ(counts, (std::array{kCount, kCount, kCount, kCount}));
      });
    }
    all.wait();
    for (const auto& channel : channels) EXPECT_EQ(channel.len(), 0u);
  });
}

TEST(GoRuntime, TwoFullChannelsAreServedAlike) {
  constexpr int kTrials = 10'000;
  run([] {
    const auto one = make_chan<int>(kTrials + 1);
    const auto two = make_chan<int>(kTrials + 1);
    for (int i = 0; i <= kTrials; ++i) {
      one.send(1);
      two.send(2);
    }
    const auto never = make_chan<int>();
    const auto out = make_chan<int>();
    const auto done = make_chan<Signal>();
    WaitGroup other;
    other.go([&] {
      int value = 0;
      do {
        select(recv(never, value), recv(Chan<int>(), value), recv(one, value), recv(two, value));
      } while (select(send(out, value), recv(done)) == 0);
    });
    int ones = 0;
    for (int i = 0; i < kTrials; ++i) ones += *out.recv() == 1 ? 1 : 0;
    done.close();
    EXPECT_NEAR(ones, kTrials / 2.0, 250) << "five standard deviations";
  });
}

TEST(GoRuntime, ManySendsOfOneSelectToOneChannelAreChosenAtRandom) {
  constexpr int kCount = 100;
  in_every_order([] {
    for (const int capacity : {0, kCount}) {
      const auto channel = make_chan<int>(capacity);
      int ones = 0;
      WaitGroup receiver;
      receiver.go([&] {
        for (int i = 0; i < kCount; ++i) {
          yield();
          ones += *channel.recv();
        }
      });
      for (int i = 0; i < kCount; ++i) select(send(channel, 1), send(channel, 0));
      receiver.wait();
      EXPECT_GT(ones, kCount / 10);
      EXPECT_LT(ones, kCount - kCount / 10);
    }
  });
}

TEST(GoRuntime, AChannelOfAnything) {
  struct Empty {};
  run([] {
    const auto channel = make_chan<std::any>(1);
    channel.send(std::any(std::make_shared<Empty>()));
    EXPECT_EQ(select(send(channel, std::any(1)), otherwise()), 1);
    EXPECT_EQ(select(send(channel, std::any(1)), send(channel, std::any("x")), otherwise()), 2);
    EXPECT_TRUE(std::any_cast<std::shared_ptr<Empty>>(*channel.recv()));
    const auto either = make_chan<std::variant<int, std::string>>(1);
    either.send("text");
    EXPECT_EQ(std::get<std::string>(*either.recv()), "text");
  });
}

TEST(GoRuntime, ManyConsumersShareTheWork) {
  constexpr int kCount = 20'000;
  constexpr std::array kValues = {2, 3, 7, 11, 13, 17, 19, 23, 27, 31};
  in_every_order(
      [&] {
        const auto work = make_chan<int>(23 * 3);
        const auto results = make_chan<int>(23 * 3);
        WaitGroup workers;
        for (std::size_t w = 0; w < 23; ++w) {
          workers.go([&, w] {
            for (const int value : work) {
              if (value == kValues[w % kValues.size()]) yield();
              results.send(value);
            }
          });
        }
        int expected = 0;
        go([&] {
          for (std::size_t i = 0; i < kCount; ++i) {
            expected += kValues[i % kValues.size()];
            work.send(kValues[i % kValues.size()]);
          }
          work.close();
          workers.wait();
          results.close();
        });
        int count = 0;
        int sum = 0;
        for (const int value : results) {
          ++count;
          sum += value;
        }
        EXPECT_EQ(count, kCount);
        EXPECT_EQ(sum, expected);
      },
      2);
}

TEST(GoRuntime, ADuplicateChannelLeavesTheQueueInOrder) {
  in_every_order([] {
    const auto c = make_chan<int>();
    const auto d = make_chan<int>();
    const auto e = make_chan<int>();
    go([&] {
      select(recv(c), recv(c), recv(d));
      e.send(9);
    });
    until_others_park();
    int last = 0;
    go([&] { last = *c.recv(); });
    until_others_park();

    d.send(7);  // the select leaves c, twice
    e.recv();
    EXPECT_TRUE(c.try_send(8));

    until_others_park();
    EXPECT_EQ(last, 8);
  });
}

TEST(GoRuntime, AReceiveThatWasNotChosenLeavesItsVariableAlone) {
  in_every_order([] {
    const auto c = make_chan<int*>();
    const auto d = make_chan<int*>();
    for (const bool twice : {false, true}) {
      go([&, twice] {
        int value = 42;
        int* kept = &value;
        int* other = nullptr;
        const Chan<int*> c2 = twice ? c : Chan<int*>();
        const Chan<int*> d2 = twice ? d : Chan<int*>();
        const int chosen = select(recv(c, kept), recv(c2), recv(d, other), recv(d2, other));
        EXPECT_TRUE(chosen == 2 || chosen == 3);
        EXPECT_EQ(kept, &value);
        EXPECT_EQ(other, nullptr);
      });
      until_others_park();
      d.send(nullptr);
      until_others_park();
    }
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

TEST(GoRuntime, APointerThatIsSentArrivesWhole) {
  struct Response {
    std::string error = "mine";
  };
  in_every_order([] {
    for (const bool uses_select : {true, false}) {
      WaitGroup all;
      for (int i = 0; i < 10; ++i) {
        all.go([uses_select] {
          for (int j = 0; j < 20; ++j) {
            const auto channel = make_chan<std::shared_ptr<Response>>();
            const auto done = make_chan<Signal>();
            go([=] {
              if (uses_select) {
                select(send(channel, std::make_shared<Response>()), recv(done));
              } else {
                channel.send(std::make_shared<Response>());
              }
            });
            const auto response = *channel.recv();
            yield();
            EXPECT_EQ(response->error, "mine");
          }
        });
      }
    }
  });
}

// --- reflect.Select

TEST(GoReflect, ASelectOfAListIsASelect) {
  in_every_order([] {
    for (int i = 0; i < 100; ++i) {
      const auto full = filled(2);
      const auto empty = make_chan<int>(1);
      const auto closed = make_chan<int>();
      closed.close();
      std::vector<std::optional<int>> got(5);
      std::vector<SelectCase> cases;
      cases.emplace_back(recv(full, got[0]));
      cases.emplace_back(recv(empty, got[1]));
      cases.emplace_back(recv(closed, got[2]));
      cases.emplace_back(send(empty, 7));
      cases.emplace_back(recv(Chan<int>(), got[4]));
      const int chosen = select(cases);
      EXPECT_TRUE(chosen == 0 || chosen == 2 || chosen == 3);
      EXPECT_EQ(full.len(), chosen == 0 ? 1u : 2u);
      EXPECT_EQ(empty.len(), chosen == 3 ? 1u : 0u);
      EXPECT_EQ(got[0], chosen == 0 ? std::optional(0) : std::nullopt);
    }
  });
}

TEST(GoReflect, TheListMayHave65536Cases) {
  run([] {
    const auto closed = make_chan<int>();
    closed.close();
    std::vector<SelectCase> cases;
    for (int i = 0; i < 65'536; ++i) cases.emplace_back(recv(closed));
    EXPECT_GE(select(cases), 0);
    cases.emplace_back(recv(closed));
    panic_of([&] { select(cases); });
  });
}

TEST(GoReflect, AListOfOnlyOtherwiseDoesNotBlock) {
  run([] {
    std::vector<SelectCase> cases;
    cases.emplace_back(otherwise());
    EXPECT_EQ(select(cases), 0);
  });
}

}  // namespace
}  // namespace conclave
