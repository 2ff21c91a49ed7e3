// What a reader is told: the panics of channels and select, and their lines in a deadlock report.
#include <map>
#include <regex>
#include <vector>

#include "chan_support.hpp"

namespace conclave {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

/// "chan_report_test.cpp:12".
std::string at(int line) { return place_in(__FILE__, line); }

// Each call stands on a line whose number is known.
// clang-format off
constexpr int kClose = __LINE__ + 1;
template <class C> void close(const C& channel) { channel.close(); }
constexpr int kCloseAgain = __LINE__ + 1;
template <class C> void close_again(const C& channel) { channel.close(); }
constexpr int kSend = __LINE__ + 1;
template <class C> void send_to(const C& channel) { channel.send(1); }
constexpr int kTrySend = __LINE__ + 1;
template <class C> void try_send_to(const C& channel) { (void)channel.try_send(1); }
constexpr int kRecv = __LINE__ + 1;
template <class C> void receive_from(const C& channel) { channel.recv(); }
constexpr int kRange = __LINE__ + 1;
template <class C> void range_over(const C& channel) { for (const int value : channel) EXPECT_EQ(value, 0); }
constexpr int kSelectSend = __LINE__ + 1;
void select_send(const Chan<int>& channel) { select(recv(Chan<int>()), send(channel, 1)); }
constexpr int kSelect = __LINE__ + 1;
void select_both(const Chan<int>& from, const Chan<int>& to) { select(recv(from), send(to, 1), recv(Chan<int>())); }
constexpr int kSelectList = __LINE__ + 1;
void select_list(std::vector<SelectCase>& cases) { select(cases); }
constexpr int kForEver = __LINE__ + 1;
void select_nothing() { select(); }
constexpr int kTimeout = __LINE__ + 1;
void select_never() { select(recv(Chan<int>()), timeout(hours::max())); }
// clang-format on

// --- panics

TEST(ChanPanic, SendOnAClosedChannelNamesBothPlaces) {
  in_every_order([] {
    const auto channel = make_chan<int>(1);
    close(channel);
    const auto expect_told = [](const Panic& panic, int line) {
      EXPECT_THAT(panic.message(),
                  AllOf(HasSubstr("send on closed channel"), HasSubstr(at(kClose))));
      EXPECT_THAT(panic.what(), HasSubstr(at(line)));
    };
    expect_told(panic_of([&] { send_to(channel); }), kSend);
    expect_told(panic_of([&] { send_to(SendChan<int>(channel)); }), kSend);
    expect_told(panic_of([&] { try_send_to(channel); }), kTrySend);
    expect_told(panic_of([&] { select_send(channel); }), kSelectSend);
  });
}

TEST(ChanPanic, ASenderThatWaitsIsToldWhoClosed) {
  in_every_order([] {
    const auto channel = make_chan<int>();
    int told = 0;
    const auto expect_told = [&](const std::function<void()>& f, int line) {
      const Panic panic = panic_of(f);
      EXPECT_THAT(panic.message(),
                  AllOf(HasSubstr("send on closed channel"), HasSubstr(at(kClose))));
      EXPECT_THAT(panic.what(), HasSubstr(at(line)));
      ++told;
    };
    go([&] { expect_told([&] { send_to(channel); }, kSend); });
    go([&] { expect_told([&] { select_send(channel); }, kSelectSend); });
    until_others_park();
    close(channel);
    until_others_park();
    EXPECT_EQ(told, 2);
  });
}

TEST(ChanPanic, ASecondCloseNamesTheFirst) {
  const auto channel = make_chan<int>();
  close(channel);
  for (int i = 0; i < 2; ++i) {
    const Panic panic = panic_of([&] { close_again(channel); });
    EXPECT_THAT(panic.message(),
                AllOf(HasSubstr("close of closed channel"), HasSubstr(at(kClose))));
    EXPECT_THAT(panic.what(), HasSubstr(at(kCloseAgain)));
  }
}

TEST(ChanPanic, CloseOfNil) {
  const auto expect_told = [](const Panic& panic) {
    EXPECT_THAT(panic.message(), HasSubstr("close of nil channel"));
    EXPECT_THAT(panic.what(), HasSubstr(at(kClose)));
  };
  expect_told(panic_of([] { close(Chan<int>()); }));
  expect_told(panic_of([] { close(SendChan<int>()); }));
}

TEST(ChanPanic, ThatLeavesAGoroutineEndsTheProgram) {
  const Ending ending = ending_of([] {
    run([] {
      const auto channel = make_chan<int>();
      go([&] { send_to(channel); });
      let_others_park();
      close(channel);
      let_others_park();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, AllOf(HasSubstr("send on closed channel"), HasSubstr(at(kClose)),
                                  HasSubstr(at(kSend)), Not(HasSubstr("deadlock"))));
}

// --- deadlocks

/// A way to park for ever, how a report should tell it, and the line on which it stands.
struct Way {
  std::string told;  // a regular expression
  int line;
  std::function<void()> park;
};

constexpr const char* kNumber = "channel [0-9]+";

// clang-format off
const std::vector<Way> kWays = {
    {"Chan::send: channel [0-9]+, length 0, capacity 0", kSend, [] { send_to(make_chan<int>()); }},
    {"Chan::send: channel [0-9]+, length 0, capacity 0", kSend, [] { send_to(SendChan<int>(make_chan<int>())); }},
    {"Chan::send: channel [0-9]+, length 2, capacity 2", kSend, [] { const auto full = make_chan<int>(2); for (;;) send_to(full); }},
    {"Chan::send: nil channel", kSend, [] { send_to(Chan<int>()); }},
    {"Chan::recv: channel [0-9]+, length 0, capacity 0", kRecv, [] { receive_from(make_chan<int>()); }},
    {"Chan::recv: channel [0-9]+, length 0, capacity 5", kRecv, [] { receive_from(RecvChan<int>(make_chan<int>(5))); }},
    {"Chan::recv: nil channel", kRecv, [] { receive_from(Chan<int>()); }},
    {"Chan::recv: channel [0-9]+, length 0, capacity 1", kRange, [] { range_over(make_chan<int>(1)); }},
    {"select: recv channel [0-9]+, length 0, capacity 3; send channel [0-9]+, length 1, capacity 1; recv nil channel", kSelect,
     [] { const auto full = make_chan<int>(1); full.send(1); select_both(make_chan<int>(3), full); }},
    {"select: recv nil channel; send nil channel; recv nil channel", kSelect, [] { select_both({}, {}); }},
    {"select: no cases", kForEver, [] { select_nothing(); }},
    {"select: recv nil channel; timeout", kTimeout, [] { select_never(); }},
    {"select: no cases", kSelectList, [] { std::vector<SelectCase> cases; select_list(cases); }},
    {"select: recv channel [0-9]+, length 0, capacity 0; send nil channel", kSelectList, [] {
       std::vector<SelectCase> cases;
       cases.emplace_back(recv(make_chan<int>()));
       cases.emplace_back(send(Chan<int>(), 1));
       select_list(cases);
     }},
};
// clang-format on

TEST(ChanDeadlock, EveryOperationSaysWhatItWaitsForAndWhere) {
  const Ending ending = ending_of([] {
    run([] {
      for (std::size_t i = 0; i < kWays.size(); ++i) {
        go(Name(fmt::format("way {}", i)), kWays[i].park);
      }
      select_nothing();
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("all goroutines are asleep - deadlock!"));
  for (std::size_t i = 0; i < kWays.size(); ++i) {
    const auto& [told, line, park] = kWays[i];
    EXPECT_THAT(ending.words,
                ContainsRegex(fmt::format("\\(way {}\\)[^\n]*{}[^\n]*\n *waits at +[^\n]*{}\n", i,
                                          told, at(line))));
  }
}

TEST(ChanDeadlock, AChannelHasOneNumberWhoeverWaitsAtIt) {
  const Ending ending = ending_of([] {
    run([] {
      const auto one = make_chan<int>(1);
      const auto other = make_chan<int>(2);
      for (const char* name : {"ada", "bob", "cy"}) {  // one entry each
        go(Name(name), [&] { receive_from(one); });
      }
      go([&] { select_both(one, {}); });
      go([&] { receive_from(other); });
      let_others_park();
      send_to(Chan<int>());
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  const std::regex number("channel ([0-9]+), length 0, capacity ([12])");
  std::map<std::string, std::map<std::string, int>> numbers;  // by capacity
  for (std::sregex_iterator found(ending.words.begin(), ending.words.end(), number), end;
       found != end; ++found) {
    ++numbers[(*found)[2]][(*found)[1]];
  }
  ASSERT_EQ(numbers["1"].size(), 1u);
  ASSERT_EQ(numbers["2"].size(), 1u);
  EXPECT_EQ(numbers["1"].begin()->second, 4);
  EXPECT_NE(numbers["1"].begin()->first, numbers["2"].begin()->first);
}

TEST(ChanDeadlock, ALongSelectShowsItsFirstCasesAndCountsTheRest) {
  const Ending ending = ending_of([] {
    run([] {
      std::vector<SelectCase> cases;
      for (int i = 0; i < 100; ++i) cases.emplace_back(recv(make_chan<int>(i)));
      select_list(cases);
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex(fmt::format("recv {}, length 0, capacity 7", kNumber)));
  EXPECT_THAT(ending.words, HasSubstr("and 92 more"));
}

TEST(ChanDeadlock, ComesInVirtualTimeAndRandomOrderToo) {
  const Ending ending = ending_of([] {
    in_virtual_time(
        [] {
          const auto channel = make_chan<int>();
          EXPECT_EQ(select(recv(channel), timeout(hours(1))), 1);
          receive_from(channel);
        },
        {.order = Order::random, .seed = 3});
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("deadlock!"));
}

}  // namespace
}  // namespace conclave
