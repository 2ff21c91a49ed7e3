// The laws of once.hpp.
#include <memory>
#include <stdexcept>
#include <string>

#include "support.hpp"

namespace conclave {
namespace {

using testing::HasSubstr;

TEST(Once, CallsTheFirstFunctionAndNoOther) {  // law 1
  run([] {
    Once once;
    Log log;
    once.call([&] { log.push_back("first"); });
    once.call([&] { log.push_back("first again"); });
    once.call([&] { log.push_back("second"); });
    EXPECT_THAT(log, testing::ElementsAre("first"));
  });
}

TEST(Once, ConcurrentCallersReturnWhenTheOneCallHasEnded) {  // laws 1 and 2
  for (const Order order : {Order::standard, Order::random}) {
    int calls = 0;
    int returned = 0;
    in_virtual_time(
        [&] {
          Once once;
          bool ended = false;
          WaitGroup group;
          for (int i = 0; i < 20; ++i) {
            group.go([&] {
              once.call([&] {
                ++calls;
                yield();
                sleep_for(std::chrono::seconds(1));  // it may park
                ended = true;
              });
              EXPECT_TRUE(ended);
              ++returned;
            });
          }
        },
        {.order = order});
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(returned, 20);
  }
}

TEST(Once, ACallThatThrowsCountsAsTheOneCall) {  // law 3
  run([] {
    Once once;
    int calls = 0;
    EXPECT_THROW(once.call([&] {
      ++calls;
      throw std::runtime_error("once");
    }),
                 std::runtime_error);
    once.call([&] { ++calls; });
    EXPECT_EQ(calls, 1);
  });
}

TEST(Once, TheOthersReturnWhenTheOneCallThrows) {  // law 3
  run([] {
    Once once;
    int thrown = 0;
    int returned = 0;
    WaitGroup group;
    for (int i = 0; i < 5; ++i) {
      group.go([&] {
        try {
          once.call([] {
            yield();
            throw std::runtime_error("once");
          });
          ++returned;
        } catch (const std::runtime_error&) {
          ++thrown;
        }
      });
    }
    group.wait();
    EXPECT_EQ(thrown, 1);
    EXPECT_EQ(returned, 4);
  });
}

TEST(Once, TakesMoveOnlyFunctionsAndDropsResults) {
  run([] {
    Once once;
    int seen = 0;
    once.call([&seen, own = std::make_unique<int>(4)] { return seen = *own; });
    EXPECT_EQ(seen, 4);
  });
}

TEST(OnceValue, CallsAtTheFirstUseAndNeverAgain) {
  run([] {
    int calls = 0;
    const auto value = once_value([&] { return ++calls * 10; });
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(value(), 10);
    EXPECT_EQ(value(), 10);
    EXPECT_EQ(calls, 1);
  });
}

TEST(OnceValue, CopiesShareTheOneValue) {
  run([] {
    int calls = 0;
    const auto value = once_value([&] { return std::to_string(++calls); });
    const auto copy = value;
    EXPECT_EQ(&copy(), &value());
    EXPECT_EQ(calls, 1);
  });
}

TEST(OnceValue, ConcurrentUsersGetTheSameValue) {
  int calls = 0;
  in_virtual_time([&] {
    const auto value = once_value([&] {
      ++calls;
      sleep_for(std::chrono::seconds(1));
      return std::string("value");
    });
    WaitGroup group;
    for (int i = 0; i < 10; ++i) group.go([value] { EXPECT_EQ(value(), "value"); });
  });
  EXPECT_EQ(calls, 1);
}

TEST(OnceValue, ThrowsTheSameExceptionAtEveryUse) {
  run([] {
    int calls = 0;
    const auto value =
        once_value([&]() -> int { throw std::runtime_error(std::to_string(++calls)); });
    for (int i = 0; i < 3; ++i) {
      try {
        (void)value();
        ADD_FAILURE() << "a use without an exception";
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "1");
      }
    }
    EXPECT_EQ(calls, 1);
  });
}

TEST(OnceValue, HoldsMoveOnlyValuesAndFunctions) {
  run([] {
    const auto value =
        once_value([own = std::make_unique<int>(3)]() mutable { return std::move(own); });
    EXPECT_EQ(*value(), 3);
    EXPECT_EQ(*value(), 3);
  });
}

TEST(OnceValue, LetsGoOfTheFunctionAfterTheCall) {
  run([] {
    const auto held = std::make_shared<int>(1);
    const auto value = once_value([held] { return *held; });
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_EQ(value(), 1);
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST(Once, OutsideRunPanicsAndIsStillToBeCalled) {
  Once once;
  int calls = 0;
  const Panic panic = panic_of([&] { once.call([&] { ++calls; }); });
  EXPECT_THAT(panic.what(), HasSubstr("once_test.cpp:"));
  EXPECT_EQ(calls, 0);
  run([&] { once.call([&] { ++calls; }); });
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace conclave
