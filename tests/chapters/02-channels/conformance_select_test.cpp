// What the selects of Go's test/chan/*.go check, as tests of ours.  conformance.md says which is which.
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

// --- select.go: each value is evaluated once in each select, whatever is chosen and whatever is nil

TEST(GoSelect, EveryValueIsEvaluatedOnceInEachSelect) {
  run([] {
    int evaluated = 0;
    int shift = 0;
    const auto value = [&] {
      ++evaluated;
      return 1 << shift;
    };
    const auto send_to_both = [&](Chan<int> a, Chan<int> b) {
      int sent = 0;
      for (;; ++shift, ++sent) {
        const int chosen = select(send(a, value()), send(b, value()), otherwise());
        if (chosen == 2) return sent;
        (chosen == 0 ? a : b) = {};
      }
    };
    const auto a = make_chan<int>(1);
    const auto b = make_chan<int>(1);
    EXPECT_EQ(send_to_both(a, b), 2);
    EXPECT_EQ(*a.recv() | *b.recv(), 3);
    EXPECT_EQ(send_to_both(a, {}), 1);
    EXPECT_EQ(evaluated, 10);
  });
}

// --- select3.go: what blocks, what does not, what panics

/// Whether `f` blocks: everybody is parked, and it has not returned.
bool blocks(const std::function<void()>& f) {
  bool returned = false;
  go([&returned, f] {
    f();
    returned = true;
  });
  until_others_park();
  return !returned;
}

/// Checks whether each of `calls` blocks, in both orders.
void expect_all(bool to_block, const std::vector<std::function<void()>>& calls) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    static bool blocked;  // outlives the goroutine that is left parked
    in_every_order([&] { blocked = blocks(calls[i]); }, 2);
    EXPECT_EQ(blocked, to_block) << "call " << i;
  }
}

TEST(GoSelect, WhatBlocks) {
  expect_all(true, {
                       [] { Chan<int>().send(7); },
                       [] { Chan<int>().recv(); },
                       [] { make_chan<int>().recv(); },
                       [] { make_chan<int>().send(7); },
                       [] { select(); },
                       [] { select(recv(Chan<int>())); },
                       [] { select(send(Chan<int>(), 7)); },
                       [] { select(recv(Chan<int>()), send(Chan<int>(), 7)); },
                       [] { select(recv(make_chan<int>())); },
                       [] { select(send(make_chan<int>(), 7)); },
                       [] {  // it does not take itself for its partner
                         const auto channel = make_chan<int>();
                         select(send(channel, 7), recv(channel));
                       },
                   });
}

TEST(GoSelect, WhatDoesNotBlock) {
  static const auto closed = [] {
    const auto channel = make_chan<int>();
    channel.close();
    return channel;
  }();
  expect_all(false, {
                        [] { make_chan<int>(1).send(7); },
                        [] {
                          for (int i = 0; i < 10; ++i) EXPECT_EQ(closed.recv(), std::nullopt);
                        },
                        [] { select(otherwise()); },
                        [] { EXPECT_EQ(select(recv(Chan<int>()), otherwise()), 1); },
                        [] { EXPECT_EQ(select(send(Chan<int>(), 7), otherwise()), 1); },
                        [] { EXPECT_EQ(select(send(make_chan<int>(1), 7), otherwise()), 0); },
                        [] {
                          const auto full = make_chan<int>(1);
                          full.send(7);
                          EXPECT_EQ(select(recv(full), otherwise()), 0);
                        },
                        [] { select(recv(closed)); },
                        [] {
                          int value = 1;
                          bool ok = true;
                          select(recv(closed, value, ok));
                          EXPECT_FALSE(ok);
                          EXPECT_EQ(value, 0);
                        },
                    });
}

TEST(GoSelect, WhatPanics) {
  const auto closed = make_chan<int>();
  closed.close();
  panic_of([&] { closed.send(7); });
  run([&] {
    panic_of([&] { closed.send(7); });
    panic_of([&] { select(send(closed, 7)); });
    panic_of([&] { select(send(closed, 7), otherwise()); });
    panic_of([&] { select(send(closed, 7), recv(Chan<int>())); });
  });
}

// --- select4.go: where a value goes is not looked up unless it comes

TEST(GoSelect, TheTargetOfAReceiveThatWasNotChosenIsNotAskedFor) {
  run([] {
    const auto full = make_chan<int>(1);
    full.send(42);
    struct {
      int a = 0;
    } x;
    int asked = 0;
    const auto target = [&](int value) {
      ++asked;
      x.a = value;
    };
    EXPECT_EQ(select(recv(make_chan<int>(), target), recv(full, x.a)), 1);
    EXPECT_EQ(x.a, 42);
    EXPECT_EQ(asked, 0);
  });
}

// --- select5.go: one real send or receive, phrased in every way

/// Every way to receive an int in a select, as a list of one case, from `channel` into `x`.
std::vector<std::function<SelectCase(const Chan<int>&, int&)>> ways_to_receive() {
  return {
      [](const Chan<int>& channel, int& x) { return SelectCase(recv(channel, x)); },
      [](const Chan<int>& channel, int& x) {
        static bool ok;
        return SelectCase(recv(channel, x, ok));
      },
      [](const Chan<int>& channel, int& x) {
        return SelectCase(recv(channel, [&x](int value) { x = value; }));
      },
      [](const Chan<int>& channel, int& x) {
        return SelectCase(
            recv(channel, [&x](std::optional<int> value) { x = value.value_or(-1); }));
      },
      [](const Chan<int>& channel, int& x) {
        return SelectCase(recv(RecvChan<int>(channel), [&x](long value) { x = int(value); }));
      },
  };
}

/// Calls `f` with each set of the cases that never are ready, before and after the real one.
void with_every_company(const std::function<void(std::vector<SelectCase>& cases, bool before)>& f,
                        const std::function<void(std::vector<SelectCase>& cases)>& add_real) {
  static const auto dummy = make_chan<int>();
  for (unsigned set = 0; set < 64; ++set) {
    std::vector<SelectCase> cases;
    const bool otherwise_before = (set & 1U) != 0;
    const bool otherwise_after = !otherwise_before && (set & 2U) != 0;
    if (otherwise_before) cases.emplace_back(otherwise());
    add_real(cases);
    if (otherwise_after) cases.emplace_back(otherwise());
    if ((set & 4U) != 0) cases.emplace_back(send(dummy, 1));
    if ((set & 8U) != 0) cases.emplace_back(recv(dummy));
    if ((set & 16U) != 0) cases.emplace_back(send(Chan<int>(), 1));
    if ((set & 32U) != 0) cases.emplace_back(recv(Chan<int>()));
    f(cases, otherwise_before);
  }
}

TEST(GoSelect, EveryWayToReceiveInEveryCompany) {
  run([] {
    const auto channel = make_chan<int>(1);
    int n = 0;
    int x = 0;
    for (const auto& way : ways_to_receive()) {
      with_every_company(
          [&](std::vector<SelectCase>& cases, bool before) {
            channel.send(++n);
            EXPECT_EQ(select(cases), before ? 1 : 0);
            EXPECT_EQ(x, n);
          },
          [&](std::vector<SelectCase>& cases) { cases.push_back(way(channel, x)); });
    }
    EXPECT_EQ(n, 5 * 64);
  });
}

TEST(GoSelect, ASendInEveryCompany) {
  run([] {
    const auto channel = make_chan<int>(1);
    int n = 0;
    with_every_company(
        [&](std::vector<SelectCase>& cases, bool before) {
          EXPECT_EQ(select(cases), before ? 1 : 0);
          EXPECT_EQ(channel.recv(), n);
        },
        [&](std::vector<SelectCase>& cases) { cases.emplace_back(send(channel, ++n)); });
  });
}

TEST(GoSelect, NothingIsAssignedWhenNothingIsReady) {
  run([] {
    int x = 17;
    const auto dummy = make_chan<int>();
    for (const auto& way : ways_to_receive()) {
      for (const auto& channel : {dummy, Chan<int>()}) {
        with_every_company(
            [&](std::vector<SelectCase>& cases, bool /*before*/) {
              cases.emplace_back(way(channel, x));
              cases.emplace_back(recv(channel, [](int) { ADD_FAILURE() << "received"; }));
              cases.emplace_back(otherwise());
              EXPECT_GE(select(cases), 0);
              EXPECT_EQ(x, 17);
            },
            [&](std::vector<SelectCase>& /*cases*/) {});
      }
    }
  });
}

// The same without a list, where each count of cases has its own code.
TEST(GoSelect, OneTwoAndThreeCasesAreTheSame) {
  run([] {
    const auto channel = make_chan<int>(1);
    const auto dummy = make_chan<int>();
    int x = 0;
    const auto expect_received = [&](int chosen, int expected) {
      EXPECT_EQ(chosen, expected);
      EXPECT_EQ(x, 5);
      x = 0;
      channel.send(5);
    };
    channel.send(5);
    expect_received(select(recv(channel, x)), 0);
    expect_received(select(recv(channel, x), otherwise()), 0);
    expect_received(select(otherwise(), recv(channel, x)), 1);
    expect_received(select(recv(dummy), recv(channel, x)), 1);
    expect_received(select(send(dummy, 1), recv(channel, x), otherwise()), 1);
    expect_received(select(recv(Chan<int>()), otherwise(), recv(channel, x)), 2);
    channel.recv();
    EXPECT_EQ(select(send(channel, 6)), 0);
    EXPECT_EQ(channel.recv(), 6);
    EXPECT_EQ(select(send(channel, 6), otherwise()), 0);
    EXPECT_EQ(channel.recv(), 6);
    EXPECT_EQ(select(otherwise(), recv(dummy), send(channel, 6)), 2);
    EXPECT_EQ(channel.recv(), 6);
  });
}

// --- select6.go: a select that was last in a queue leaves it as it was

TEST(GoSelect, WhoLeavesAQueueLastDoesNotBreakIt) {
  in_every_order([] {
    const auto c1 = make_chan<bool>();
    const auto c2 = make_chan<bool>();
    const auto c3 = make_chan<bool>();
    int received = 0;
    go([&] {
      c1.recv();
      ++received;
    });
    until_others_park();
    go([&] {
      EXPECT_EQ(select(recv(c1), recv(c2)), 1);
      c3.send(true);
      c1.recv();
      ++received;
    });
    until_others_park();
    go([&] { c2.send(true); });
    c3.recv();
    c1.send(true);
    c1.send(true);
    until_others_park();
    EXPECT_EQ(received, 2);
  });
}

// --- select7.go: a value that nobody keeps

TEST(GoSelect, AValueMayBeDropped) {
  using Receive = std::function<void(const Chan<int>&)>;
  using Send = std::function<void(const Chan<int>&)>;
  const std::vector<Receive> receives = {
      [](const Chan<int>& c) { c.recv(); },
      [](const Chan<int>& c) { select(recv(c)); },
      [](const Chan<int>& c) { select(recv(c), recv(make_chan<int>())); },
  };
  const std::vector<Send> sends = {
      [](const Chan<int>& c) { c.send(1); },
      [](const Chan<int>& c) { select(send(c, 1)); },
      [](const Chan<int>& c) { select(send(c, 1), send(make_chan<int>(), 1)); },
  };
  in_every_order([&] {
    for (const auto& receive : receives) {
      for (const auto& send_one : sends) {
        const auto channel = make_chan<int>();
        go([&] { receive(channel); });
        yield();
        send_one(channel);
        until_others_park();
        EXPECT_EQ(num_goroutines(), 1u);
      }
    }
  });
}

// --- select8.go: leaving a select early

TEST(GoSelect, BreakLeavesTheSwitchAroundIt) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    go([&] {
      for (;;) channel.send(5);
    });
    int reached = 0;
    switch (select(recv(channel))) {
      case 0:
        if (reached == 0) break;
        ADD_FAILURE();
    }
    ++reached;
    switch (select(recv(channel), otherwise())) {
      case 0:
      case 1:
        if (reached == 1) break;
        ADD_FAILURE();
    }
    ++reached;
    switch (select(recv(channel), send(channel, 10), otherwise())) {
      case 1:
        ADD_FAILURE() << "nobody receives";
        break;
      default:
        break;
    }
    ++reached;
    EXPECT_EQ(reached, 3);
  });
}

// --- doubleselect.go: never two cases of one select

TEST(GoSelect, NoValueGoesToTwoChannels) {
  constexpr int kCount = 2000;
  in_every_order([] {
    const std::vector<Chan<int>> inputs = {make_chan<int>(), make_chan<int>(), make_chan<int>(),
                                           make_chan<int>()};
    const auto merged = make_chan<int>();
    go([&] {
      for (int i = 0; i < kCount; ++i) {
        select(send(inputs[0], i), send(inputs[1], i), send(inputs[2], i), send(inputs[3], i));
      }
      for (const auto& input : inputs) input.close();
    });
    WaitGroup forwarders;
    for (const auto& input : inputs) {
      forwarders.go([&] {
        for (const int value : input) merged.send(value);
      });
    }
    go([&] {
      forwarders.wait();
      merged.close();
    });
    std::set<int> seen;
    for (const int value : merged) EXPECT_TRUE(seen.insert(value).second) << value << " twice";
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(kCount));
  });
}

}  // namespace
}  // namespace conclave
