// select.hpp: what moves and when, handlers, run-time lists, and bad input.
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// --- law 1: what moves

TEST(SelectValues, OnlyTheChosenSendTakesItsValue) {
  run([] {
    const auto full = make_chan<std::unique_ptr<int>>();
    const auto free = make_chan<std::unique_ptr<int>>(1);
    auto one = std::make_unique<int>(1);
    auto two = std::make_unique<int>(2);

    EXPECT_EQ(select(send(full, std::move(one)), send(free, std::move(two))), 1);

    ASSERT_NE(one, nullptr) << "stays where it was";
    EXPECT_EQ(*one, 1);
    EXPECT_EQ(two, nullptr);
    EXPECT_EQ(**free.recv(), 2);
    EXPECT_EQ(select(send(full, std::move(one)), otherwise()), 1);
    EXPECT_NE(one, nullptr);
  });
}

TEST(SelectValues, OneThatParkedTakesOnlyTheChosenValueToo) {
  in_every_order([] {
    const auto first = make_chan<std::unique_ptr<int>>();
    const auto second = make_chan<std::unique_ptr<int>>();
    auto one = std::make_unique<int>(1);
    auto two = std::make_unique<int>(2);
    go([&] { EXPECT_EQ(**second.recv(), 2); });
    EXPECT_EQ(select(send(first, std::move(one)), send(second, std::move(two))), 1);
    EXPECT_NE(one, nullptr);
    EXPECT_EQ(two, nullptr);

    EXPECT_EQ(select(send(first, std::move(one)), timeout(seconds(1))), 1);
    EXPECT_NE(one, nullptr) << "nobody came";
  });
}

TEST(SelectValues, AnLvalueIsCopiedWhenTheCaseIsMade) {
  in_every_order([] {
    const auto channel = make_chan<std::string>();
    std::string text = "as it was";
    std::optional<std::string> got;
    go([&] {
      text = "changed";
      got = channel.recv();
    });
    EXPECT_EQ(select(send(channel, text), recv(Chan<int>())), 0);
    until_others_park();
    EXPECT_EQ(got, "as it was");
    EXPECT_EQ(text, "changed");
  });
}

TEST(SelectValues, AValueIsConvertedToWhatTheChannelCarries) {
  run([] {
    const auto words = make_chan<std::string>(1);
    EXPECT_EQ(select(send(words, "literal")), 0);
    EXPECT_EQ(words.recv(), "literal");
    const auto numbers = make_chan<double>(1);
    EXPECT_EQ(select(send(numbers, 2)), 0);
    EXPECT_EQ(numbers.recv(), 2.0);
    const auto pointers = make_chan<std::shared_ptr<const int>>(1);
    EXPECT_EQ(select(send(pointers, std::make_unique<int>(3))), 0);
    EXPECT_EQ(**pointers.recv(), 3);
  });
}

/// Whether a case may send a U to a channel of T.
template <class T, class U>
concept CaseSends =
    requires(const Chan<T>& channel, U&& value) { (void)send(channel, std::forward<U>(value)); };

TEST(SelectValues, AreConvertedWhereChanSendConvertsThemAndNowhereElse) {
  EXPECT_TRUE((CaseSends<long, int> && CaseSends<std::string, const char*>));
  EXPECT_TRUE((CaseSends<std::unique_ptr<int>, std::unique_ptr<int>>));
  EXPECT_FALSE((CaseSends<std::vector<int>, int>)) << "5 is not five zeros";
  EXPECT_FALSE((CaseSends<std::unique_ptr<int>, int*>)) << "nobody said that it is owned";
}

TEST(SelectValues, EveryValueIsDestroyedOnce) {
  in_every_order([] {
    const auto channel = make_chan<CopyBreaks>(1);
    const auto boxed = make_chan<MoveBreaks>(1);
    for (int i = 0; i < 20; ++i) {
      select(send(channel, CopyBreaks(1)), send(boxed, MoveBreaks(2)), send(channel, CopyBreaks(3)),
             otherwise());
      std::optional<CopyBreaks> copy;
      std::optional<MoveBreaks> move;
      select(recv(channel, copy), recv(boxed, move), otherwise());
    }
    while (channel.try_recv()) {
    }
    while (boxed.try_recv()) {
    }
    EXPECT_EQ(CopyBreaks::alive, 0);
    EXPECT_EQ(MoveBreaks::alive, 0);
  });
}

// --- where the value goes

TEST(SelectRecv, EachWayTellsAValueFromTheEnd) {
  run([] {
    const auto channel = make_chan<int>(4);
    for (int i = 1; i <= 3; ++i) channel.send(i);
    int value = 0;
    bool ok = false;
    std::optional<int> maybe;

    select(recv(channel, value));
    EXPECT_EQ(value, 1);
    select(recv(channel, value, ok));
    EXPECT_EQ(value, 2);
    EXPECT_TRUE(ok);
    select(recv(channel, maybe));
    EXPECT_EQ(maybe, 3);

    channel.close();
    select(recv(channel, value, ok));
    EXPECT_EQ(value, 0);
    EXPECT_FALSE(ok);
    value = 9;
    select(recv(channel, value));
    EXPECT_EQ(value, 0);
    select(recv(channel, maybe));
    EXPECT_EQ(maybe, std::nullopt);
  });
}

TEST(SelectRecv, AHandlerTakesAValueOrTheEndOrNothing) {
  run([] {
    const auto channel = make_chan<int>(1);
    Log log;
    for (int i = 0; i < 6; ++i) {
      if (i < 3) channel.send(i);
      if (i == 3) channel.close();
      if (i % 3 == 0) {
        select(recv(channel, [&](std::optional<int> v) {
          log.push_back(v ? fmt::format("maybe {}", *v) : "the end");
        }));
      } else if (i % 3 == 1) {
        select(recv(channel, [&](int v) { log.push_back(fmt::format("value {}", v)); }));
      } else {
        select(recv(channel, [&] { log.push_back("called"); }));
      }
    }
    EXPECT_THAT(log, ElementsAre("maybe 0", "value 1", "called", "the end", "value 0", "called"));
  });
}

TEST(SelectRecv, WhatCanOnlyBeMovedGoesToAHandlerOrAVariable) {
  run([] {
    const auto channel = make_chan<std::unique_ptr<int>>(2);
    channel.send(std::make_unique<int>(1));
    channel.send(std::make_unique<int>(2));
    std::unique_ptr<int> kept;
    select(recv(channel, [&](std::unique_ptr<int> p) { kept = std::move(p); }));
    EXPECT_EQ(*kept, 1);
    select(recv(channel, kept));
    EXPECT_EQ(*kept, 2);
  });
}

// --- handlers

TEST(SelectHandler, OnlyThatOfTheChosenCaseIsCalledAndBeforeSelectReturns) {
  in_every_order([] {
    const auto ready = make_chan<int>(1);
    const auto never = make_chan<int>();
    Log log;
    const auto say = [&](const char* what) { return [&log, what] { log.push_back(what); }; };
    select(send(ready, 1, say("sent")), recv(never, say("received")), otherwise(say("otherwise")));
    select(recv(never, say("received")), timeout(seconds(1), say("timeout")));
    select(send(never, 1, say("sent")), otherwise(say("otherwise")));
    EXPECT_THAT(log, ElementsAre("sent", "timeout", "otherwise"));
  });
}

TEST(SelectHandler, MayParkAndSelectAgain) {
  in_every_order([] {
    const auto requests = make_chan<Chan<int>>();
    const auto inner = make_chan<int>();
    go([&] {
      const auto reply = make_chan<int>();
      requests.send(reply);
      EXPECT_EQ(reply.recv(), 1);
      inner.send(2);
    });
    int got = 0;
    select(recv(requests,
                [&](const Chan<int>& reply) {
                  sleep_for(seconds(1));
                  reply.send(1);
                  select(recv(inner, got), recv(requests));
                }),
           timeout(seconds(100)));
    EXPECT_EQ(got, 2);
    EXPECT_EQ(now().time_since_epoch(), seconds(1));
  });
}

TEST(SelectHandler, ThatThrowsDoesSoOutOfSelectAndTheValueHasLeft) {
  run([] {
    const auto channel = make_chan<int>(2);
    channel.send(1);
    channel.send(2);
    EXPECT_THROW(select(recv(channel, [](int) { throw std::runtime_error("no"); })),
                 std::runtime_error);
    EXPECT_EQ(channel.recv(), 2);
    EXPECT_THROW(select(send(channel, 3, [] { throw std::runtime_error("no"); })),
                 std::runtime_error);
    EXPECT_EQ(channel.recv(), 3) << "it was sent before the handler was called";
  });
}

TEST(SelectHandler, AnEmptyOnePanicsWhereTheCaseIsMadeAndNothingHappens) {
  run([] {
    const auto channel = make_chan<int>(1);
    channel.send(1);
    const std::function<void(int)> of_int;
    const std::function<void(std::optional<int>)> of_optional;
    const std::function<void()> of_nothing;
    using Function = void (*)();
    const auto expect_panic = [&](const std::function<void()>& f) {
      const Panic panic = panic_of(f);
      EXPECT_THAT(panic.message(), HasSubstr("empty"));
      EXPECT_THAT(panic.what(), HasSubstr("select_values_test.cpp:"));
      EXPECT_EQ(channel.len(), 1u);
    };
    expect_panic([&] { select(recv(channel, of_int)); });
    expect_panic([&] { select(recv(channel, of_optional)); });
    expect_panic([&] { select(recv(channel, of_nothing)); });
    expect_panic([&] { select(recv(channel, Function{nullptr})); });
    expect_panic([&] { select(send(channel, 1, of_nothing), recv(channel)); });
    expect_panic([&] { select(recv(channel), timeout(seconds(1), of_nothing)); });
    expect_panic([&] { select(recv(channel), otherwise(of_nothing)); });
    expect_panic([&] { (void)SelectCase(otherwise(of_nothing)); });
  });
}

// --- run-time lists

TEST(SelectList, ReturnsTheIndexInTheList) {
  in_every_order([] {
    std::vector<Chan<int>> inputs;
    for (int i = 0; i < 40; ++i) inputs.push_back(make_chan<int>());
    for (const int speaker : {0, 17, 39}) {
      std::vector<int> values(inputs.size());
      std::vector<SelectCase> cases;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        cases.emplace_back(recv(inputs[i], values[i]));
      }
      go([&, speaker] { inputs[static_cast<std::size_t>(speaker)].send(100 + speaker); });
      EXPECT_EQ(select(cases), speaker);
      EXPECT_EQ(values[static_cast<std::size_t>(speaker)], 100 + speaker);
    }
  });
}

TEST(SelectList, HasEveryKindOfCase) {
  in_every_order([] {
    const auto channel = make_chan<int>(1);
    Log log;
    std::vector<SelectCase> cases;
    cases.emplace_back(recv(channel, [&](int v) { log.push_back(fmt::format("got {}", v)); }));
    cases.emplace_back(otherwise([&] { log.push_back("otherwise"); }));
    EXPECT_EQ(select(cases), 1);
    channel.send(1);
    EXPECT_EQ(select(cases), 0);

    std::vector<SelectCase> timed;
    timed.emplace_back(recv(channel));
    timed.emplace_back(timeout(seconds(3), [&] { log.push_back("timeout"); }));
    EXPECT_EQ(select(timed), 1);
    EXPECT_EQ(now().time_since_epoch(), seconds(3));

    std::vector<SelectCase> sends;
    sends.emplace_back(send(channel, 5, [&] { log.push_back("sent"); }));
    EXPECT_EQ(select(sends), 0);
    EXPECT_EQ(channel.recv(), 5);
    EXPECT_THAT(log, ElementsAre("otherwise", "got 1", "timeout", "sent"));
  });
}

TEST(SelectList, MayBeUsedAgain) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    int got = 0;
    std::vector<SelectCase> cases;
    cases.emplace_back(recv(channel, got));
    cases.emplace_back(timeout(seconds(1)));
    go([channel] {
      channel.send(1);
      channel.send(2);
    });
    EXPECT_EQ(select(cases), 0);
    EXPECT_EQ(got, 1);
    EXPECT_EQ(select(cases), 0);
    EXPECT_EQ(got, 2);
    EXPECT_EQ(select(cases), 1);
    channel.close();
    EXPECT_EQ(select(cases), 0);
    EXPECT_EQ(got, 0);
  });
}

TEST(SelectList, KeepsItsChannelsAndItsValues) {
  in_every_order([] {
    std::vector<SelectCase> cases;
    std::optional<int> got;
    {
      auto value = std::make_unique<int>(7);
      const auto channel = make_chan<std::unique_ptr<int>>();
      cases.emplace_back(send(channel, std::move(value)));
      go([channel, &got] { got = **channel.recv(); });
    }
    EXPECT_EQ(select(cases), 0);
    until_others_park();
    EXPECT_EQ(got, 7);
  });
}

TEST(SelectList, ASendThatWasChosenHasNoValueToSendAgain) {
  in_every_order([] {
    const auto buffered = make_chan<std::string>(5);
    const auto unbuffered = make_chan<std::string>();
    for (const auto& channel : {buffered, unbuffered}) {
      std::vector<SelectCase> cases;
      cases.emplace_back(send(channel, "once"));
      cases.emplace_back(timeout(seconds(1)));
      if (channel == unbuffered) go([&] { EXPECT_EQ(unbuffered.recv(), "once"); });
      ASSERT_EQ(select(cases), 0);

      const Panic panic = panic_of([&] { select(cases); });

      EXPECT_THAT(panic.message(), HasSubstr("sent its value"));
      EXPECT_THAT(panic.what(), HasSubstr("select_values_test.cpp:"));
      until_others_park();
      EXPECT_FALSE(unbuffered.try_recv());
    }
    EXPECT_EQ(buffered.len(), 1u);
  });
}

TEST(SelectList, ASendThatWasNotChosenMayBeTriedAgain) {
  in_every_order([] {
    const auto channel = make_chan<std::string>();
    std::vector<SelectCase> cases;
    cases.emplace_back(send(channel, "in the end"));
    cases.emplace_back(timeout(seconds(1)));
    EXPECT_EQ(select(cases), 1);
    EXPECT_EQ(select(cases), 1);
    std::optional<std::string> got;
    go([&] { got = channel.recv(); });
    EXPECT_EQ(select(cases), 0);
    until_others_park();
    EXPECT_EQ(got, "in the end");
  });
}

TEST(SelectList, OfMoreThan65536CasesPanics) {
  run([] {
    const auto channel = make_chan<int>(1);
    channel.send(1);
    std::vector<SelectCase> cases;
    for (int i = 0; i < 65'536; ++i) cases.emplace_back(recv(Chan<int>()));
    cases.back() = recv(channel);
    EXPECT_EQ(select(cases), 65'535);

    channel.send(2);
    cases.emplace_back(recv(channel));
    const Panic panic = panic_of([&] { select(cases); });

    EXPECT_THAT(panic.message(), AllOf(HasSubstr("65537"), HasSubstr("65536")));
    EXPECT_THAT(panic.what(), HasSubstr("select_values_test.cpp:"));
    EXPECT_EQ(channel.len(), 1u);
  });
}

TEST(SelectList, ServesOneGoroutineAtATime) {
  in_every_order([] {
    const auto one = make_chan<int>();
    const auto other = make_chan<int>();
    std::vector<SelectCase> cases;
    cases.emplace_back(recv(Chan<int>()));
    cases.emplace_back(recv(one));
    cases.emplace_back(recv(other));
    WaitGroup first;
    first.go([&] { EXPECT_EQ(select(cases), 2); });
    until_others_park();

    const Panic panic = panic_of([&] { select(cases); });

    EXPECT_THAT(panic.message(), testing::HasSubstr("another goroutine waits with this list"));
    EXPECT_TRUE(other.try_send(1)) << "and the other goes on waiting";
    first.wait();
  });
}

TEST(SelectList, ACaseThatWasMovedAwayPanics) {
  run([] {
    const auto channel = make_chan<int>(1);
    std::vector<SelectCase> cases;
    cases.emplace_back(recv(channel));
    cases.emplace_back(send(channel, 1));
    const SelectCase taken = std::move(cases[0]);
    EXPECT_THAT(panic_of([&] { select(cases); }).what(), HasSubstr("select_values_test.cpp:"));
    EXPECT_EQ(channel.len(), 0u);
  });
}

}  // namespace
}  // namespace conclave
