// panic.hpp, law 1: what could be undefined behaviour is a clear message with its place instead.
#include <sys/resource.h>
#include <unistd.h>

#include "support.hpp"

namespace conclave {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

using Function = void (*)();
using FunctionOfInt = void (*)(int);

struct Target {
  void method() {}
};
using Method = void (Target::*)();

TEST(BadInput, AnEmptyFunctionPanicsWhereItIsHandedOver) {
  const auto expect_panic = [](const std::function<void()>& call) {
    const Panic panic = panic_of(call);
    EXPECT_THAT(panic.message(), HasSubstr("empty"));
    EXPECT_THAT(panic.what(), HasSubstr("bad_input_test.cpp:"));
  };
  expect_panic([] { run(std::function<void()>()); });
  expect_panic([] { run(Function{nullptr}); });
  run([&] {
    expect_panic([] { go(std::function<void()>()); });
    expect_panic([] { go(Function{nullptr}); });
    expect_panic([] { go(FunctionOfInt{nullptr}, 1); });
    expect_panic([] { go(Name("nobody"), std::function<void(int)>(), 1); });
    Target target;
    expect_panic([&] { go(Method{nullptr}, &target); });
    WaitGroup group;
    expect_panic([&] { group.go(std::function<void()>()); });
    EXPECT_EQ(group.count(), 0);
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

TEST(BadInput, RunInsideRunPanicsAndTheOuterRunGoesOn) {
  run([] {
    bool ran = false;
    const int line = __LINE__ + 1;
    const Panic panic = panic_of([] { run([] {}); });
    EXPECT_THAT(panic.what(), HasSubstr(place_in("bad_input_test.cpp", line)));
    WaitGroup group;
    group.go([&] {
      panic_of([] { run([] {}); });
      ran = true;
    });
    group.wait();
    EXPECT_TRUE(ran);
  });
}

TEST(BadInput, TheVerbsOutsideRunPanicAtTheirPlace) {
  const auto expect_panic = [](const std::function<void()>& call) {
    EXPECT_THAT(panic_of(call).what(), HasSubstr("bad_input_test.cpp:"));
  };
  expect_panic([] { go([] {}); });
  expect_panic([] { go(Name("nobody"), [] {}); });
  expect_panic([] { yield(); });
  expect_panic([] { (void)num_goroutines(); });
  expect_panic([] { (void)now(); });
  expect_panic([] { sleep_for(std::chrono::seconds(1)); });
  expect_panic([] { sleep_for(std::chrono::seconds(0)); });
  expect_panic([] { sleep_until(TimePoint()); });
}

TEST(BadInput, AfterRunIsOutsideRun) {
  run([] {});
  panic_of([] { yield(); });
  panic_of([] { go([] {}); });
}

TEST(BadInput, StacksOutOfRangePanicNamingValueAndLimits) {
  const auto with_stacks_of = [](std::size_t bytes) {
    return [bytes] { run([] {}, {.stack_bytes = bytes}); };
  };
  constexpr std::size_t kMin = 16 * 1024;
  constexpr std::size_t kMax = std::size_t{1} << 30;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, kMin - 1, kMax + 1, SIZE_MAX}) {
    const Panic panic = panic_of(with_stacks_of(bytes));
    EXPECT_THAT(panic.message(), HasSubstr(std::to_string(bytes)));
    EXPECT_THAT(panic.message(), AnyOf(HasSubstr("16 KiB"), HasSubstr(std::to_string(kMin))));
  }
  with_stacks_of(kMin)();
  with_stacks_of(kMin + 1)();
}

TEST(BadInput, AWrongOptionChangesNothing) {
  panic_of([] { run([] {}, {.stack_bytes = 1}); });
  panic_of([] { run(std::function<void()>()); });
  int ran = 0;
  run([&] {
    go([&] { ++ran; });
    yield();
  });
  EXPECT_EQ(ran, 1);
}

TEST(BadInput, OutOfStacksEndsTheProgramSayingSo) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer needs all the address space there is";
  const Ending ending = ending_of([] {
    rlimit limit{};
    ::getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = std::size_t{256} << 20;
    ::setrlimit(RLIMIT_AS, &limit);
    run([] {
      WaitGroup never;
      never.add(1);
      for (int i = 0; i < 100'000; ++i) {
        go([&] { never.wait(); });
        yield();
      }
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("stack"));
  EXPECT_THAT(ending.words, HasSubstr("goroutines"));
}

TEST(BadInput, NoDescriptorLeftIsAClearMessage) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer opens files of its own";
  const Ending ending = ending_of([] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 3;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    try {
      run([] { sleep_for(std::chrono::milliseconds(1)); });
    } catch (const Panic& panic) {
      std::fputs(panic.what(), stderr);
      std::_Exit(2);
    }
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, HasSubstr("descriptor"));
}

}  // namespace
}  // namespace conclave
