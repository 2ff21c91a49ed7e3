// dump.hpp, describe.hpp: who is there, what each goroutine waits for, since when, and through which calls.
#include <array>
#include <stdexcept>
#include <fcntl.h>
#include <unistd.h>

#include "support.hpp"

namespace conclave {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// "dump_test.cpp:12".
std::string at(int line) { return place_in(__FILE__, line); }

// clang-format off
constexpr int kWait = __LINE__ + 1;
void wait(WaitGroup& group) { group.wait(); yield(); }
constexpr int kWaitBelow = __LINE__ + 1;
[[gnu::noinline]] void wait_below(WaitGroup& group) { wait(group); yield(); }
constexpr int kYield = __LINE__ + 1;
void give_way() { yield(); static_cast<void>(num_goroutines()); }
constexpr int kGo = __LINE__ + 1;
void start(Name name, const std::function<void()>& f) { go(std::move(name), f); }
constexpr int kDump = __LINE__ + 1;
[[gnu::noinline]] std::string dump() { std::string text = dump_goroutines(); yield(); return text; }
constexpr int kThrow = __LINE__ + 1;
[[gnu::noinline]] void fail(const std::string& why) { throw std::out_of_range(why); }
constexpr int kFail = __LINE__ + 1;
[[gnu::noinline]] void try_it(const std::string& why) { if (!why.empty()) fail(why); yield(); }
constexpr int kRelease = __LINE__ + 1;
[[gnu::noinline]] void give_back(Semaphore& semaphore) { semaphore.release(); yield(); }
constexpr int kGiveBack = __LINE__ + 1;
[[gnu::noinline]] void leave(Semaphore& semaphore) { give_back(semaphore); yield(); }
// clang-format on

/// The part of `text` that is about the goroutine with the heading `who`.
std::string entry(const std::string& text, const std::string& who) {
  const std::size_t begin = text.find(who);
  return begin == std::string::npos ? "no entry " + who
                                    : text.substr(begin, text.find("\n\n", begin) - begin);
}

/// What dump_goroutines() says after `body` has run as main, in virtual time.
std::string dump_after(const std::function<void(WaitGroup&)>& body) {
  std::string text;
  in_virtual_time([&] {
    WaitGroup never;
    never.add(1);
    body(never);
    text = dump();
    never.done();
  });
  return text;
}

TEST(Dump, SaysOfAParkedGoroutineWhoWhyWhereAndFromWhere) {
  const std::string text = dump_after([](WaitGroup& never) {
    start(Name("waiter"), [&] {
      wait_below(never);
      yield();
    });
    let_others_park();
  });

  const std::string waiter = entry(text, "goroutine 2");
  EXPECT_THAT(waiter, StartsWith("goroutine 2 (waiter) [WaitGroup::wait: 1 not done]\n"));
  EXPECT_THAT(waiter, ContainsRegex("\n    waits at   [^\n]*" + at(kWait) + "\n"));
  EXPECT_THAT(waiter,
              ContainsRegex("\n    in [^\n]*wait, called at [^\n]*" + at(kWaitBelow) + "\n"));
  EXPECT_THAT(waiter, ContainsRegex("\n    in [^\n]*wait_below, called at [^\n]*dump_test.cpp"));
  EXPECT_THAT(waiter, ContainsRegex("\n    started at [^\n]*" + at(kGo)));
}

TEST(Dump, TheOneThatAsksComesFirstAndRuns) {
  const std::string text = dump_after([](WaitGroup& never) {
    start(Name("waiter"), [&] { wait(never); });
    let_others_park();
  });

  EXPECT_THAT(text, StartsWith("goroutine 1 (main) [running]\n"));
  EXPECT_THAT(entry(text, "goroutine 1"),
              ContainsRegex("\n    runs at    [^\n]*" + at(kDump) + "\n"));
}

TEST(Dump, TheProgramGoesOn) {
  int rounds = 0;
  in_virtual_time([&] {
    WaitGroup group;
    for (int i = 0; i < 3; ++i) {
      group.go([&] {
        EXPECT_THAT(dump_goroutines(), HasSubstr("[running]"));
        sleep_for(std::chrono::seconds(1));
        ++rounds;
      });
    }
  });
  EXPECT_EQ(rounds, 3);
}

TEST(Dump, OneThatIsReadyIsRunnableAndShowsWhereItGoesOn) {
  const std::string text = dump_after([](WaitGroup& never) {
    start(Name("yielded"), [] {
      for (int i = 0; i < 200; ++i) give_way();
    });
    yield();
    yield();
    start(Name("new"), [&] { wait(never); });
  });

  EXPECT_THAT(entry(text, "goroutine 2"),
              AllOf(StartsWith("goroutine 2 (yielded) [runnable]\n"),
                    ContainsRegex("\n    goes on at [^\n]*" + at(kYield))));
  const std::string fresh = entry(text, "goroutine 3");
  EXPECT_THAT(fresh, StartsWith("goroutine 3 (new) [runnable]\n    started at "));
}

TEST(Dump, OneThatWasWokenIsRunnable) {
  const std::string text = dump_after([](WaitGroup&) {
    static WaitGroup soon;
    soon.add(1);
    start(Name("woken"), [] { wait(soon); });
    let_others_park();
    soon.done();
  });
  EXPECT_THAT(entry(text, "goroutine 2"), StartsWith("goroutine 2 (woken) [runnable]\n"));
}

TEST(Dump, SaysSinceWhenFromOneSecondOn) {
  const auto after = [](Duration d) {
    const std::string text = dump_after([d](WaitGroup& never) {
      start(Name("waiter"), [&] { wait(never); });
      let_others_park();
      sleep_for(d);
    });
    const std::string waiter = entry(text, "goroutine 2");
    return waiter.substr(0, waiter.find('\n'));
  };

  EXPECT_THAT(after(std::chrono::milliseconds(999)), EndsWith("not done]"));
  EXPECT_THAT(after(std::chrono::seconds(1)), EndsWith("not done] for 1 s"));
  EXPECT_THAT(after(std::chrono::seconds(59)), EndsWith(" for 59 s"));
  EXPECT_THAT(after(std::chrono::seconds(60)), EndsWith(" for 1 min"));
  EXPECT_THAT(after(std::chrono::minutes(119)), EndsWith(" for 1 h"));
  EXPECT_THAT(after(std::chrono::hours(100)), EndsWith(" for 4 d"));
}

TEST(Dump, OneThatWaitsAnewWaitsSinceThen) {
  const std::string text = dump_after([](WaitGroup& never) {
    sleep_for(std::chrono::hours(1));  // so that it does not begin at zero
    start(Name("waiter"), [&] {
      sleep_for(std::chrono::hours(1));
      wait(never);
    });
    sleep_for(std::chrono::hours(1) + std::chrono::seconds(3));
  });
  EXPECT_THAT(entry(text, "goroutine 2"),
              StartsWith("goroutine 2 (waiter) [WaitGroup::wait: 1 not done] for 3 s\n"));
}

TEST(Dump, GoroutinesInTheSamePlaceAreOneEntry) {
  const std::string text = dump_after([](WaitGroup& never) {
    for (int i = 0; i <= 500; ++i) {
      start(Name(i < 500 ? "same" : "other name"), [&] { wait(never); });
      if (i < 500) sleep_for(std::chrono::seconds(1));
    }
    start(Name("same"), [&] { wait_below(never); });
    let_others_park();
  });

  EXPECT_THAT(text, HasSubstr("\ngoroutines 2 to 501 (same, 500 of them) [WaitGroup::wait: 1 not "
                              "done] for 1 s to 8 min\n"));
  EXPECT_THAT(text, HasSubstr("\ngoroutine 502 (other name) "));
  EXPECT_THAT(text, HasSubstr("\ngoroutine 503 (same) "));
}

TEST(Dump, AnEntryWithGapsListsNumbers) {
  const auto text_of = [](int count) {
    return dump_after([count](WaitGroup& never) {
      for (int i = 0; i < count; ++i) {
        go([&] { wait(never); });
        go([] {});
      }
      let_others_park();
    });
  };
  EXPECT_THAT(text_of(4), HasSubstr("\ngoroutines 2, 4, 6, 8 (4 of them) ["));
  EXPECT_THAT(text_of(9), HasSubstr("\ngoroutines 2, 4, 6, ... 18 (9 of them) ["));
}

TEST(Dump, OutsideRunPanics) {
  EXPECT_THAT(panic_of([] { static_cast<void>(dump_goroutines()); }).message(),
              HasSubstr("outside run()"));
}

// --- the calls of a throw ------------------------------------------------------------------------------

TEST(PanicReport, OfAnUncaughtExceptionShowsTheCallsThatThrew) {
  const Ending ending = ending_of([] {
    run([] {
      start(Name("thrower"), [] {
        try_it("far");
        yield();
      });
      yield();
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("\n    thrown at  [^\n]*" + at(kThrow) + "\n"));
  EXPECT_THAT(ending.words,
              ContainsRegex("\n    in [^\n]*fail, called at [^\n]*" + at(kFail) + "\n"));
  EXPECT_THAT(ending.words, ContainsRegex("\n    in [^\n]*try_it, called at [^\n]*dump_test.cpp"));
}

TEST(PanicReport, SaysThePlaceOnceAndThenTheCalls) {
  const Ending ending = ending_of([] {
    run([] {
      Semaphore semaphore(1);
      start(Name("giver"), [&] {
        leave(semaphore);
        yield();
      });
      yield();
    });
  });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("    at [^\n]*" + at(kRelease) +
                                          "\n\ngoroutine 2 .giver. .running.\n    in "));
  EXPECT_THAT(ending.words,
              ContainsRegex("\n    in [^\n]*give_back, called at [^\n]*" + at(kGiveBack) + "\n"));
  EXPECT_THAT(ending.words, Not(HasSubstr("thrown at")));
}

TEST(PanicReport, ShowsTheLastThrowAndNotOneThatWasCaught) {
  const Ending ending = ending_of([] {
    run([] {
      try {
        try_it("far");
      } catch (const std::out_of_range&) {
      }
      throw std::runtime_error("another");
    });
  });
  EXPECT_THAT(ending.words, HasSubstr("another"));
  EXPECT_THAT(ending.words, Not(HasSubstr("try_it")));
}

TEST(Dump, AMembersNameFollowsItsGroups) {
  run([] {
    GoroutineGroup group("machine 1");
    group.go(Name("logger"), [] { sleep_for(std::chrono::hours(1)); });
    group.go([] { go([] { sleep_for(std::chrono::hours(1)); }); });
    let_others_park();

    const std::string dump = dump_goroutines();

    EXPECT_THAT(dump, HasSubstr("goroutine 2 (machine 1: logger) [sleep]"));
    EXPECT_THAT(dump, HasSubstr("goroutine 4 (machine 1) [sleep]"));
  });
}

TEST(Dump, WhoDiffersInTheDescriptorAloneIsOneEntry) {
  run([] {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    const Descriptor first(ends[0]);
    const Descriptor copy(fcntl(ends[0], F_DUPFD_CLOEXEC, 0));
    const Descriptor writing(ends[1]);
    for (const Descriptor* each : {&first, &copy}) {
      go([each] { EXPECT_FALSE(wait_readable(each->get()).ok()); });
    }
    let_others_park();

    EXPECT_THAT(dump_goroutines(), HasSubstr("goroutines 2 to 3 (2 of them) [wait_readable]"));
  });
}

}  // namespace
}  // namespace conclave
