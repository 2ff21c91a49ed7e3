// The laws of panic.hpp, and what an exception does at the edge of its goroutine.
#include <stdexcept>

#include "support.hpp"

namespace conclave {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

std::string at(int line) { return place_in(__FILE__, line); }

TEST(Panic, CarriesTheMessageAndThePlace) {
  const int line = __LINE__ + 1;
  const Panic panic = panic_of([] { conclave::panic("the till is empty"); });

  EXPECT_EQ(panic.message(), "the till is empty");
  EXPECT_EQ(static_cast<int>(panic.place().line()), line);
  EXPECT_THAT(panic.what(), StartsWith("the till is empty\n    at "));
  EXPECT_THAT(panic.what(), HasSubstr(at(line)));
}

TEST(Panic, IsAnExceptionThatAGoroutineMayHandle) {
  run([] {
    bool handled = false;
    WaitGroup group;
    group.go([&] {
      try {
        Mutex().unlock();
      } catch (const std::exception& error) {
        handled = true;
        EXPECT_STRNE(error.what(), "");
      }
    });
    group.wait();
    EXPECT_TRUE(handled);
  });
}

// clang-format off
constexpr int kPanic = __LINE__ + 1;
void panic_here() { panic("the till is empty"); }
constexpr int kGo = __LINE__ + 1;
void start(const std::function<void()>& f) { go(Name("cashier"), f); }
constexpr int kRun = __LINE__ + 1;
void run_main(const std::function<void()>& main) { run(main); }
// clang-format on

/// How a program ends in which a goroutine named "cashier" does `f`.
Ending ending_of_goroutine(const std::function<void()>& f) {
  return ending_of([&] {
    run_main([&] {
      go([] { sleep_for(std::chrono::hours(1)); });
      let_others_park();
      start(f);
      for (;;) yield();
    });
  });
}

TEST(UncaughtException, APanicEndsTheProgramNamingGoroutineAndPlaces) {
  const Ending ending = ending_of_goroutine(panic_here);

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("panic: the till is empty\n"));
  EXPECT_THAT(ending.words, HasSubstr(at(kPanic)));
  EXPECT_THAT(ending.words, HasSubstr("goroutine 3 (cashier) "));
  EXPECT_THAT(ending.words, HasSubstr(at(kGo)));
}

TEST(UncaughtException, AMistakeInTheUseOfTheLibraryEndsTheProgramAtItsPlace) {
  const int line = __LINE__ + 1;
  const auto mistake = [] { WaitGroup().done(); };
  const Ending ending = ending_of_goroutine(mistake);

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("panic: "));
  EXPECT_THAT(ending.words, HasSubstr(at(line)));
  EXPECT_THAT(ending.words, HasSubstr("(cashier)"));
}

TEST(UncaughtException, AStandardOneIsNamedWithItsMessage) {
  const Ending ending = ending_of_goroutine([] { throw std::out_of_range("item 7 of 3"); });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("panic: .*std::out_of_range: item 7 of 3"));
  EXPECT_THAT(ending.words, HasSubstr("goroutine 3 (cashier) "));
  EXPECT_THAT(ending.words, HasSubstr(at(kGo)));
}

struct Refund {};

TEST(UncaughtException, AnythingThatCanBeThrownIsNamedByItsType) {
  const Ending of_int = ending_of_goroutine([] { throw 42; });
  EXPECT_EQ(of_int.how, "exit 2");
  EXPECT_THAT(of_int.words, ContainsRegex("panic: .*int"));

  const Ending of_type = ending_of_goroutine([] { throw Refund(); });
  EXPECT_EQ(of_type.how, "exit 2");
  EXPECT_THAT(of_type.words, ContainsRegex("panic: .*Refund"));
  EXPECT_THAT(of_type.words, HasSubstr("(cashier)"));
}

TEST(UncaughtException, MainIsAGoroutineToo) {
  const Ending ending = ending_of([] { run_main([] { throw std::runtime_error("main's own"); }); });

  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, ContainsRegex("panic: .*std::runtime_error: main's own"));
  EXPECT_THAT(ending.words, HasSubstr("goroutine 1 "));
  EXPECT_THAT(ending.words, HasSubstr(at(kRun)));
}

TEST(UncaughtException, OfAGroupsGoroutineEndsTheProgramToo) {
  const Ending ending = ending_of([] {
    run([] {
      WaitGroup group;
      group.go([] { throw std::runtime_error("in a group"); });
      group.wait();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("in a group"));
  EXPECT_THAT(ending.words, HasSubstr("goroutine 2 "));
}

TEST(UncaughtException, ComesAfterWhatTheProgramPrinted) {
  const Ending ending = ending_of([] {
    run([] {
      std::fputs("printed before", stdout);
      panic_here();
    });
  });
  EXPECT_THAT(ending.words, ContainsRegex("printed before.*panic: "));
}

TEST(UncaughtException, RunsNoOtherGoroutineAndNoDestructor) {
  struct SaysGoodbye {
    ~SaysGoodbye() { std::puts("goodbye"); }
  };
  const Ending ending = ending_of([] {
    run([] {
      go([] {
        const SaysGoodbye says;
        sleep_for(std::chrono::hours(1));
      });
      let_others_park();
      panic_here();
    });
  });
  EXPECT_THAT(ending.words, testing::Not(HasSubstr("goodbye")));
}

}  // namespace
}  // namespace conclave
