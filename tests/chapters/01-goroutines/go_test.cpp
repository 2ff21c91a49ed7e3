// The laws of go.hpp that a program sees without going wrong: start, arguments, run, yield.
#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "support.hpp"

namespace conclave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// ---- start ----

TEST(Go, NeverRunsTheNewGoroutineBeforeItReturns) {  // law 1
  for (const Order order : {Order::standard, Order::random}) {
    run(
        [] {
          int started = 0;
          WaitGroup group;
          for (int i = 0; i < 100; ++i) {
            group.go([&] { ++started; });
            EXPECT_EQ(started, 0);
          }
        },
        {.order = order});
  }
}

TEST(Go, ASpawnNeverTakesTheProcessorFromTheRunningGoroutine) {  // law 2
  run([] {
    bool intruded = false;
    go([&] { intruded = true; });
    const auto count = num_goroutines();
    Mutex mutex;
    for (int i = 0; i < 1000; ++i) {
      const std::scoped_lock lock(mutex);  // free, so it does not park
    }
    EXPECT_FALSE(intruded);
    EXPECT_EQ(count, 2u);
    let_others_park();
    EXPECT_TRUE(intruded);
  });
}

TEST(Go, EveryGoroutineRunsWhateverTheOrder) {  // law 3
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<int> ran;
    run(
        [&] {
          WaitGroup group;
          for (int i = 0; i < 5; ++i) group.go([&ran, i] { ran.push_back(i); });
        },
        {.order = Order::random, .seed = seed});
    EXPECT_THAT(ran, UnorderedElementsAre(0, 1, 2, 3, 4));
  }
}

TEST(Go, CountsTheGoroutinesThatAreAlive) {
  run([] {
    EXPECT_EQ(num_goroutines(), 1u);
    go([] {});
    go([] {});
    EXPECT_EQ(num_goroutines(), 3u);
    let_others_park();
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

TEST(Go, TwoHundredThousandLiveAtATime) {
  constexpr int kGoroutines = kUnderThreadSanitizer ? 500 : kUnderSanitizer ? 20'000 : 200'000;
  int waiting = 0;
  int ran_on = 0;
  run(
      [&] {
        WaitGroup open;
        WaitGroup all;
        open.add(1);
        for (int i = 0; i < kGoroutines; ++i) {
          all.go([&] {
            ++waiting;
            open.wait();
            ++ran_on;
          });
        }
        while (waiting < kGoroutines) yield();
        EXPECT_EQ(ran_on, 0);
        EXPECT_EQ(num_goroutines(), static_cast<std::size_t>(kGoroutines) + 1);
        open.done();
      },
      {.stack_bytes = 16 * 1024});
  EXPECT_EQ(ran_on, kGoroutines);
}

// ---- arguments ----

TEST(Go, CopiesArgumentsBeforeItReturns) {  // law 1
  run([] {
    std::string text = "before";
    std::string seen;
    go([&seen](const std::string& argument) { seen = argument; }, text);
    text = "after";
    let_others_park();
    EXPECT_EQ(seen, "before");
  });
}

TEST(Go, CopiesTheFunctionBeforeItReturns) {  // law 1
  run([] {
    std::string seen;
    std::function<void()> f = [&seen] { seen = "first"; };
    go(f);
    f = [&seen] { seen = "second"; };
    let_others_park();
    EXPECT_EQ(seen, "first");
  });
}

TEST(Go, TakesMoveOnlyArgumentsAndFunctions) {
  run([] {
    int seen = 0;
    go([&seen](std::unique_ptr<int> number) { seen += *number; }, std::make_unique<int>(1));
    auto named = std::make_unique<int>(10);
    go([&seen](std::unique_ptr<int> number) { seen += *number; }, std::move(named));
    EXPECT_EQ(named, nullptr);
    go([&seen, own = std::make_unique<int>(100)] { seen += *own; });
    let_others_park();
    EXPECT_EQ(seen, 111);
  });
}

TEST(Go, PassesAReferenceOnlyWhenAskedTo) {
  run([] {
    int number = 1;
    go([](int copy) { EXPECT_EQ(++copy, 2); }, number);
    let_others_park();
    EXPECT_EQ(number, 1);
    go([](int& original) { original = 7; }, std::ref(number));
    let_others_park();
    EXPECT_EQ(number, 7);
  });
}

int total_of_functions = 0;
void add_one() { ++total_of_functions; }
void add_product(int a, int b) { total_of_functions += a * b; }
int result_is_dropped() { return ++total_of_functions; }

TEST(Go, TakesFunctionsFunctionPointersAndDropsResults) {
  run([] {
    total_of_functions = 0;
    go(add_one);
    go(&add_one);
    go(add_product, 3, 4);
    go(result_is_dropped);
    let_others_park();
    EXPECT_EQ(total_of_functions, 15);
  });
}

struct Account {
  int balance = 0;
  void deposit(int amount) { balance += amount; }
  void deposit(int amount, int times) { balance += amount * times; }
  void close() { balance = -1; }
};

TEST(Go, TakesMemberFunctionsOverloadedOnesByCast) {
  run([] {
    Account account;
    go(static_cast<void (Account::*)(int)>(&Account::deposit), &account, 5);
    go(static_cast<void (Account::*)(int, int)>(&Account::deposit), std::ref(account), 10, 3);
    let_others_park();
    EXPECT_EQ(account.balance, 35);

    WaitGroup group;
    group.go(&Account::close, &account);
    group.wait();
    EXPECT_EQ(account.balance, -1);

    auto shared = std::make_shared<Account>();
    go(Name("closer"), &Account::close, shared);
    let_others_park();
    EXPECT_EQ(shared->balance, -1);
  });
}

struct Overloaded {
  Log* log;
  void operator()(int) const { log->push_back("int"); }
  void operator()(const std::string&) const { log->push_back("string"); }
  void operator()(const char*) const { log->push_back("literal"); }
  void operator()() const { log->push_back("nothing"); }
};

TEST(Go, ChoosesTheOverloadByTheArguments) {
  Log log;
  run([&] {
    const Overloaded f{&log};
    for (int i = 0; i < 4; ++i) {
      if (i == 0) go(f, 1);
      if (i == 1) go(f, std::string("text"));
      if (i == 2) go(f, "text");
      if (i == 3) go(f);
      let_others_park();
    }
  });
  EXPECT_THAT(log, ElementsAre("int", "string", "literal", "nothing"));
}

/// Counts how many of it are alive.
struct Counted {
  explicit Counted(int* alive) : alive_(alive) { ++*alive_; }
  Counted(const Counted& other) : alive_(other.alive_) { ++*alive_; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive_; }
  int* alive_;
};

TEST(Go, RunsClosuresOfEverySizeAndDestroysThemOnce) {
  int alive = 0;
  int sum = 0;
  run([&] {
    go([&sum, counted = Counted(&alive)] { ++sum; });
    go([&sum, counted = Counted(&alive), bytes = std::array<char, 64>{1}] { sum += bytes[0]; });
    go([&sum, counted = Counted(&alive), bytes = std::array<char, 100'000>{1}] {
      sum += bytes[0];
    });
    struct alignas(128) Aligned {
      int one = 1;
    };
    go([&sum, counted = Counted(&alive), aligned = Aligned{}] {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&aligned) % 128, 0u);
      sum += aligned.one;
    });
    let_others_park();
    EXPECT_EQ(alive, 0);
  });
  EXPECT_EQ(sum, 4);
  EXPECT_EQ(alive, 0);
}

struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied&) { throw std::runtime_error("no copies"); }
  ThrowsWhenCopied& operator=(const ThrowsWhenCopied&) = delete;
};

TEST(Go, AnArgumentThatCannotBeCopiedStartsNothing) {
  run([] {
    const ThrowsWhenCopied argument;
    WaitGroup group;
    EXPECT_THROW(go([](const ThrowsWhenCopied&) {}, argument), std::runtime_error);
    EXPECT_THROW(group.go([](const ThrowsWhenCopied&) {}, argument), std::runtime_error);
    EXPECT_EQ(group.count(), 0);
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

TEST(Go, MayBeCalledFromAnyGoroutineAtAnyDepth) {
  run([] {
    constexpr int kDepth = 1000;
    int deepest = 0;
    const std::function<void(int)> dig = [&](int depth) {
      deepest = depth;
      if (depth < kDepth) go(dig, depth + 1);
    };
    go(dig, 1);
    while (num_goroutines() > 1) yield();
    EXPECT_EQ(deepest, kDepth);
  });
}

// ---- run ----

TEST(Run, ReturnsWhenMainReturnsAndTakesWhatIsCallable) {
  int calls = 0;
  const auto lambda = [&calls] { ++calls; };
  const std::function<void()> function = lambda;
  run(lambda);
  run(function);
  run(std::move(lambda));
  run([&calls, own = std::make_unique<int>(1)] { calls += *own; });
  total_of_functions = 0;
  run(add_one);
  run(&add_one);
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(total_of_functions, 2);
}

TEST(Run, MayRunAgainAndAgain) {
  for (int round = 0; round < 50; ++round) {
    int sum = 0;
    const std::size_t stack_bytes = round % 2 == 0 ? 64 * 1024 : 256 * 1024;
    run(
        [&] {
          EXPECT_EQ(num_goroutines(), 1u);
          WaitGroup group;
          for (int i = 1; i <= 10; ++i) {
            group.go([&sum, i] {
              yield();
              sum += i;
            });
          }
        },
        {.stack_bytes = stack_bytes});
    EXPECT_EQ(sum, 55);
  }
}

TEST(Run, TwoThreadsMayRunTheirOwnGoroutines) {
  constexpr int kRounds = 2000;
  const auto count = [](long& sum) {
    run([&] {
      Mutex mutex;
      WaitGroup group;
      for (int i = 0; i < 10; ++i) {
        group.go([&] {
          for (int round = 0; round < kRounds; ++round) {
            const std::scoped_lock lock(mutex);
            const long before = sum;
            yield();
            sum = before + 1;
          }
        });
      }
      sleep_for(std::chrono::milliseconds(1));
    });
  };
  long first = 0;
  long second = 0;
  std::thread other([&] { count(second); });
  count(first);
  other.join();
  EXPECT_EQ(first, 10 * kRounds);
  EXPECT_EQ(second, 10 * kRounds);
}

TEST(Run, AThreadThatRanGoroutinesEndsCleanly) {
  for (int i = 0; i < 10; ++i) {
    int sum = 0;
    std::thread([&] {
      run([&] {
        for (int k = 0; k < 10; ++k) {
          go([&] {
            ++sum;
            sleep_for(std::chrono::hours(1));
          });
        }
        let_others_park();
      });
    }).join();
    EXPECT_EQ(sum, 10);
  }
}

// ---- yield ----

TEST(Yield, LetsEveryReadyGoroutineRun) {
  run([] {
    int ran = 0;
    for (int i = 0; i < 10; ++i) go([&] { ++ran; });
    yield();  // the others go before one that yields
    EXPECT_EQ(ran, 10);
  });
}

TEST(Yield, ReturnsWhenNobodyElseIsReady) {
  run([] {
    for (int i = 0; i < 1000; ++i) yield();
  });
}

TEST(Yield, TakesTurnsAmongThoseWhoYield) {
  run([] {
    std::string turns;
    WaitGroup group;
    for (const char who : {'a', 'b'}) {
      group.go([&turns, who] {
        for (int i = 0; i < 10; ++i) {
          turns += who;
          yield();
        }
      });
    }
    group.wait();
    for (std::size_t i = 1; i < turns.size(); ++i) EXPECT_NE(turns[i], turns[i - 1]) << turns;
  });
}

}  // namespace
}  // namespace conclave
