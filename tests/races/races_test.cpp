/// @file
/// Races that the sanitizer must report, each beside a twin that it must not: `make tsan` runs them.
///
/// The lines that race are marked.  A report must name two of them (or one, when it races with itself), and is the
/// only one of its program; the twin prints nothing.  What orders what is in goroutines/race_detector.hpp.
///
/// One long table on purpose: each race stands whole beside its twin.

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "../chapters/01-goroutines/support.hpp"
#include "channels/channels.hpp"

namespace conclave {
namespace {

using std::chrono_literals::operator""ms;
using testing::HasSubstr;
using testing::Not;

/// Two programs that differ in what orders their goroutines.
struct Pair {
  const char* name;
  void (*racing)();
  void (*ordered)();
};

/// For a Cond alone: it orders nothing itself.
struct NoLock {
  void lock() {}
  void unlock() {}
};

/// Uses a value, so that it is read.
void look_at(int value) { ASSERT_GE(value, 0); }

const std::vector<Pair> kPairs = {
    {"AYieldBetweenReadAndWrite",
     [] {
       int count = 0;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           const int seen = count;  // races
           yield();
           count = seen + 1;  // races
         });
       }
       group.wait();
     },
     [] {
       int count = 0;
       Mutex mutex;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           const std::scoped_lock lock(mutex);
           const int seen = count;
           yield();
           count = seen + 1;
         });
       }
       group.wait();
     }},

    {"OneSideTakesTheLock",
     [] {
       int count = 0;
       Mutex mutex;
       WaitGroup group;
       group.go([&] {
         const std::scoped_lock lock(mutex);
         ++count;  // races
       });
       group.go([&] {
         ++count;  // races
       });
       group.wait();
     },
     [] {
       int count = 0;
       Mutex mutex;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           const std::scoped_lock lock(mutex);
           ++count;
         });
       }
       group.wait();
     }},

    {"EachTakesALockOfItsOwn",
     [] {
       int count = 0;
       Mutex ours;
       Mutex theirs;
       WaitGroup group;
       group.go([&] {
         const std::scoped_lock lock(ours);
         ++count;  // races
       });
       group.go([&] {
         const std::scoped_lock lock(theirs);
         ++count;  // races
       });
       group.wait();
     },
     [] {
       int count = 0;
       Mutex ours;
       Mutex theirs;
       WaitGroup group;
       group.go([&] {
         const std::scoped_lock lock(ours, theirs);
         ++count;
       });
       group.go([&] {
         const std::scoped_lock lock(theirs, ours);
         ++count;
       });
       group.wait();
     }},

    {"ReadersLockAndTheWriterDoesNot",
     [] {
       int price = 1;
       RWMutex mutex;
       WaitGroup group;
       group.go([&] {
         const std::shared_lock lock(mutex);
         look_at(price);  // races
       });
       group.go([&] {
         price = 2;  // races
       });
       group.wait();
     },
     [] {
       int price = 1;
       RWMutex mutex;
       WaitGroup group;
       for (int i = 0; i < 3; ++i) {
         group.go([&] {
           const std::shared_lock lock(mutex);
           look_at(price);
           yield();
         });
       }
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           const std::unique_lock lock(mutex);
           price = 2;
           yield();
         });
       }
       group.wait();
     }},

    {"ReadersWrite",
     [] {
       int hits = 0;
       RWMutex mutex;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           const std::shared_lock lock(mutex);
           ++hits;  // races
         });
       }
       group.wait();
     },
     [] {
       int hits = 0;
       RWMutex mutex;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           const std::unique_lock lock(mutex);
           ++hits;
         });
       }
       group.wait();
     }},

    {"ATryThatFailsLearnsNothing",
     [] {
       int count = 0;
       Mutex mutex;
       WaitGroup group;
       group.go([&] {
         const std::scoped_lock lock(mutex);
         ++count;  // races
         yield();
       });
       yield();
       group.go([&] {
         if (mutex.try_lock()) return mutex.unlock();
         look_at(count);  // races
       });
       group.wait();
     },
     [] {
       int count = 0;
       Mutex mutex;
       WaitGroup group;
       group.go([&] {
         const std::scoped_lock lock(mutex);
         ++count;
         yield();
       });
       yield();
       group.go([&] {
         while (!mutex.try_lock()) yield();
         look_at(count);
         mutex.unlock();
       });
       group.wait();
     }},

    {"AFlagIsPolled",
     [] {
       int answer = 0;
       bool ready = false;
       go([&] {
         answer = 42;   // races
         ready = true;  // races
       });
       while (!ready) yield();  // races
       look_at(answer);         // races
     },
     [] {
       int answer = 0;
       const auto ready = make_chan<Signal>();
       go([&, ready] {
         answer = 42;
         ready.close();
       });
       ready.recv();
       look_at(answer);
     }},

    {"TheFlagOfACondIsSetWithoutTheLock",
     [] {
       bool open = false;
       Mutex mutex;
       Cond changed;
       go([&] {
         open = true;  // races
         changed.notify_all();
       });
       std::unique_lock lock(mutex);
       yield();
       changed.wait(lock, [&] {
         const bool seen = open;  // races
         return seen;
       });
     },
     [] {
       bool open = false;
       Mutex mutex;
       Cond changed;
       go([&] {
         const std::scoped_lock lock(mutex);
         open = true;
         changed.notify_all();
       });
       std::unique_lock lock(mutex);
       yield();
       changed.wait(lock, [&] { return open; });
     }},

    {"WrittenAfterTheNotification",
     [] {
       int news = 0;
       NoLock none;
       Cond changed;
       go([&] {
         changed.notify_one();
         news = 1;  // races
       });
       changed.wait(none);
       look_at(news);  // races
     },
     [] {
       int news = 0;
       NoLock none;
       Cond changed;
       go([&] {
         news = 1;
         changed.notify_one();
       });
       changed.wait(none);
       look_at(news);
     }},

    {"TheLastOwnerEndsIt",
     [] {
       auto shared = std::make_shared<std::vector<int>>(1);
       go([shared] {
         shared->at(0) = 1;  // races
       });
       yield();
       shared->at(0) = 2;  // races
     },
     [] {
       const auto shared = std::make_shared<std::vector<int>>(1);
       for (int i = 0; i < 3; ++i) {
         go([shared] { look_at(shared->at(0)); });
       }
       yield();
     }},

    {"DoneIsSaidBeforeTheLastWrite",
     [] {
       int sum = 0;
       WaitGroup group;
       group.add(1);
       go([&] {
         group.done();
         sum = 5;  // races
       });
       group.wait();
       look_at(sum);  // races
     },
     [] {
       int sum = 0;
       WaitGroup group;
       group.add(1);
       go([&] {
         sum = 5;
         group.done();
       });
       group.wait();
       look_at(sum);
     }},

    {"TheGoroutineAddsItself",
     [] {
       WaitGroup group;
       go([&] {
         group.add(1);  // races
         yield();
         group.done();
       });
       yield();
       group.wait();  // races
     },
     [] {
       WaitGroup group;
       group.add(1);
       go([&] {
         yield();
         group.done();
       });
       yield();
       group.wait();
     }},

    {"TheLoopVariableIsShared",
     [] {
       WaitGroup group;
       int i = 0;
       while (i < 3) {
         group.go([&] {
           look_at(i);  // races
         });
         yield();
         ++i;  // races
       }
       group.wait();
     },
     [] {
       WaitGroup group;
       for (int i = 0; i < 3; ++i) {
         group.go([i] { look_at(i); });
         yield();
       }
       group.wait();
     }},

    {"AGoroutineThatEndedOrdersNothing",
     [] {
       int state = 0;
       go([&] {
         state = 1;  // races
       });
       yield();
       go([&] {
         state = 2;  // races
       });
       yield();
     },
     [] {
       int state = 0;
       WaitGroup first;
       first.go([&] { state = 1; });
       first.wait();
       WaitGroup second;
       second.go([&] { state = 2; });
       second.wait();
     }},

    {"TheValueIsChangedAfterItWasSent",
     [] {
       const auto orders = make_chan<std::shared_ptr<int>>(1);
       const auto order = std::make_shared<int>(1);
       go([orders] {
         look_at(**orders.recv());  // races
       });
       orders.send(order);
       *order = 2;  // races
       yield();
     },
     [] {
       const auto orders = make_chan<std::unique_ptr<int>>(1);
       auto order = std::make_unique<int>(1);
       go([orders] { look_at(**orders.recv()); });
       *order = 2;
       orders.send(std::move(order));
       yield();
     }},

    {"TheAnswerIsReadBeforeItIsReceived",
     [] {
       int answer = 0;
       const auto done = make_chan<Signal>();
       go([&, done] {
         answer = 42;  // races
         done.send({});
       });
       yield();
       look_at(answer);  // races
       done.recv();
     },
     [] {
       int answer = 0;
       const auto done = make_chan<Signal>();
       go([&, done] {
         answer = 42;
         done.send({});
       });
       yield();
       done.recv();
       look_at(answer);
     }},

    {"ASendIntoABufferWaitsForNobody",
     [] {
       int page = 0;
       const auto ask = make_chan<Signal>(1);
       go([&, ask] {
         page = 7;  // races
         ask.recv();
       });
       yield();
       ask.send({});
       look_at(page);  // races
     },
     [] {
       int page = 0;
       const auto ask = make_chan<Signal>();
       go([&, ask] {
         page = 7;
         ask.recv();
       });
       yield();
       ask.send({});
       look_at(page);
     }},

    {"ALockHasRoomForTwo",
     [] {
       int count = 0;
       const auto lock = make_chan<Signal>(2);
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&, lock] {
           lock.send({});
           ++count;  // races
           yield();
           lock.recv();
         });
       }
       group.wait();
     },
     [] {
       int count = 0;
       const auto lock = make_chan<Signal>(1);
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&, lock] {
           lock.send({});
           ++count;
           yield();
           lock.recv();
         });
       }
       group.wait();
     }},

    {"OneSenderLearnsNothingFromAnother",
     [] {
       int note = 0;
       const auto numbers = make_chan<int>(2);
       go([&, numbers] {
         note = 1;  // races
         numbers.send(1);
       });
       yield();
       go([&, numbers] {
         numbers.send(2);
         look_at(note);  // races
       });
       yield();
     },
     [] {
       int note = 0;
       const auto numbers = make_chan<int>(2);
       go([&, numbers] {
         note = 1;
         numbers.send(1);
       });
       yield();
       go([&, numbers] {
         numbers.recv();
         look_at(note);
       });
       yield();
     }},

    {"TheChannelIsClosedBeforeTheLastWrite",
     [] {
       int lines = 0;
       const auto done = make_chan<Signal>();
       go([&, done] {
         done.close();
         lines = 3;  // races
       });
       done.recv();
       look_at(lines);  // races
     },
     [] {
       int lines = 0;
       const auto done = make_chan<Signal>();
       go([&, done] {
         lines = 3;
         done.close();
       });
       done.recv();
       look_at(lines);
     }},

    {"SelectLearnsOnlyFromTheCaseItChose",
     [] {
       int left = 0;
       const auto lefts = make_chan<int>();
       const auto rights = make_chan<int>();
       go([&, lefts] {
         left = 1;  // races
         lefts.send(1);
       });
       yield();
       go([rights] { rights.send(2); });
       yield();
       for (int value = 0; value != 2; yield()) select(recv(rights, value), otherwise());
       look_at(left);  // races
       lefts.recv();
     },
     [] {
       int left = 0;
       const auto lefts = make_chan<int>();
       const auto rights = make_chan<int>();
       go([&, lefts] {
         left = 1;
         lefts.send(1);
       });
       go([rights] { rights.send(2); });
       for (int i = 0; i < 2; ++i) select(recv(lefts), recv(rights));
       look_at(left);
     }},

    {"OnceByHand",
     [] {
       int config = 0;
       bool loaded = false;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           if (!loaded) {  // races
             yield();
             config = 1;     // races
             loaded = true;  // races
           }
           look_at(config);  // races
         });
       }
       group.wait();
     },
     [] {
       int config = 0;
       Once loaded;
       WaitGroup group;
       for (int i = 0; i < 3; ++i) {
         group.go([&] {
           loaded.call([&] {
             yield();
             config = 1;
           });
           look_at(config);
         });
       }
       group.wait();
     }},

    {"ASemaphoreOfTwoIsNoLock",
     [] {
       int count = 0;
       Semaphore permits(2);
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           permits.acquire();
           ++count;  // races
           yield();
           permits.release();
         });
       }
       group.wait();
     },
     [] {
       int count = 0;
       Semaphore permits(1);
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           permits.acquire();
           ++count;
           yield();
           permits.release();
         });
       }
       group.wait();
     }},

    {"MainSleepsLongerThanTheTimer",
     [] {
       int fired = 0;
       const Timer timer = after_func(1ms, [&] {
         fired = 1;  // races
       });
       sleep_for(5ms);
       look_at(fired);  // races
     },
     [] {
       int fired = 0;
       const auto done = make_chan<Signal>();
       fired = 2;
       const Timer timer = after_func(1ms, [&] {
         ++fired;
         done.close();
       });
       done.recv();
       look_at(fired);
     }},

    {"TwoTimersAreNotOrderedByTheirTimes",
     [] {
       int last = 0;
       const Timer early = after_func(1ms, [&] {
         last = 1;  // races
       });
       const Timer late = after_func(2ms, [&] {
         last = 2;  // races
       });
       sleep_for(5ms);
     },
     [] {
       int last = 0;
       const auto done = make_chan<Signal>();
       const Timer early = after_func(1ms, [&] {
         last = 1;
         after_func(1ms, [&] {
           last = 2;
           done.close();
         });
       });
       done.recv();
       look_at(last);
     }},

    {"TheCauseComesAfterTheCancel",
     [] {
       int reason = 0;
       auto [context, cancel] = with_cancel({});
       go([&reason, context = context] {
         context.done().recv();
         look_at(reason);  // races
       });
       yield();
       cancel();
       reason = 4;  // races
       yield();
     },
     [] {
       int reason = 0;
       auto [context, cancel] = with_cancel({});
       go([&reason, context = context] {
         context.done().recv();
         look_at(reason);
       });
       go([&reason, context = context] {
         while (context.status().ok()) yield();
         look_at(reason);
       });
       yield();
       reason = 4;
       cancel();
       let_others_park();
     }},

    {"AGroupOfErrorsSharesOneResult",
     [] {
       int best = 0;
       ErrGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&best, i] {
           best = i;  // races
           return Status();
         });
       }
       EXPECT_TRUE(group.wait().ok());
     },
     [] {
       std::vector<int> results(2);
       ErrGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&results, i] {
           results[static_cast<std::size_t>(i)] = i;
           return i == 0 ? Status() : Status::aborted("on purpose");
         });
       }
       EXPECT_FALSE(group.wait().ok());
       look_at(results[1]);
     }},

    {"TwoFlightsAtATime",
     [] {
       int calls = 0;
       SingleFlight<int, int> flights;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&, i] {
           const Result<int> result = flights.call(i, [&]() -> Result<int> {
             ++calls;  // races
             yield();
             return 1;
           });
           EXPECT_TRUE(result.ok());
         });
       }
       group.wait();
     },
     [] {
       int calls = 0;
       SingleFlight<int, int> flights;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           const Result<int> result = flights.call(1, [&]() -> Result<int> {
             ++calls;
             yield();
             return 1;
           });
           EXPECT_TRUE(result.ok());
           look_at(calls);
         });
       }
       group.wait();
     }},

    {"ManyPushIntoOneVector",
     [] {
       std::vector<int> squares;
       WaitGroup group;
       for (int i = 0; i < 4; ++i) {
         group.go([&, i] {
           squares.push_back(i * i);  // races
         });
       }
       group.wait();
     },
     [] {
       const auto squares = make_chan<int>();
       for (int i = 0; i < 4; ++i) go([squares, i] { squares.send(i * i); });
       std::vector<int> all;
       for (int i = 0; i < 4; ++i) all.push_back(*squares.recv());
     }},

    {"OneMapForAll",
     [] {
       std::map<int, int> hits;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           ++hits[1];  // races
         });
       }
       group.wait();
     },
     [] {
       std::map<int, int> hits;
       Mutex mutex;
       WaitGroup group;
       for (int i = 0; i < 2; ++i) {
         group.go([&] {
           const std::scoped_lock lock(mutex);
           ++hits[1];
         });
       }
       group.wait();
     }},

    {"WrittenAfterThePost",
     [] {
       int count = 0;
       WaitGroup done;
       done.add(1);
       std::thread other([&, handle = RunHandle()] {
         (void)handle.post([&] {
           look_at(count);  // races
           done.done();
         });
         count = 1;  // races
       });
       done.wait();
       other.join();
     },
     [] {
       int count = 0;
       WaitGroup done;
       done.add(1);
       std::thread other([&, handle = RunHandle()] {
         count = 1;
         (void)handle.post([&] {
           look_at(count);
           done.done();
         });
       });
       done.wait();
       other.join();
     }},

    {"WrittenWhileAHelperReads",
     [] {
       int count = 0;
       WaitGroup group;
       group.go([&] {
         blocking([&] {
           look_at(count);  // races
         });
       });
       group.go([&] {
         count = 1;  // races
       });
       group.wait();
     },
     [] {
       int count = 1;
       blocking([&] { count = 2; });
       count = 3;
     }},

    {"AMemberThatWasNotEnded",
     [] {
       int count = 0;
       GoroutineGroup group;
       group.go([&] {
         count = 1;  // races
         sleep_for(1ms);
       });
       yield();
       look_at(count);  // races
       group.end();
     },
     [] {
       int count = 0;
       GoroutineGroup group;
       group.go([&] {
         count = 1;
         sleep_for(1ms);
       });
       yield();
       group.end();
       look_at(count);
     }},
};

/// The lines of this file that are marked in the racing program of `name`, as a report names them.
std::vector<std::string> marked_lines(std::string_view name) {
  std::ifstream file(__FILE__);
  std::vector<std::string> places;
  std::string line;
  bool inside = false;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with("    {\"")) inside = line.find(name) != std::string::npos;
    if (inside && line.ends_with("// races")) places.push_back(place_in(__FILE__, number));
  }
  return places;
}

class Races : public testing::TestWithParam<Pair> {
 protected:
  void SetUp() override {
    if (!kUnderThreadSanitizer) GTEST_SKIP() << "the race detector is not built in: make tsan";
  }

  static Ending ending_of_main(void (*program)()) {
    return ending_of([program] { in_virtual_time(program); });
  }
};

TEST_P(Races, AreReported) {
  const std::vector<std::string> lines = marked_lines(GetParam().name);
  ASSERT_FALSE(lines.empty());

  const Ending ending = ending_of_main(GetParam().racing);

  EXPECT_THAT(ending.words, HasSubstr("WARNING: ThreadSanitizer: data race"));
  const auto named = std::ranges::count_if(
      lines, [&](const std::string& line) { return ending.words.find(line) != std::string::npos; });
  EXPECT_GE(named, std::min<std::ptrdiff_t>(2, std::ssize(lines))) << ending.words;
  EXPECT_THAT(ending.words, HasSubstr("'goroutine "));
}

TEST_P(Races, TheOrderedTwinIsSilent) {
  const Ending ending = ending_of_main(GetParam().ordered);

  EXPECT_EQ(ending.words, "");
  EXPECT_EQ(ending.how, "exit 0");
}

INSTANTIATE_TEST_SUITE_P(Planted, Races, testing::ValuesIn(kPairs),
                         [](const auto& pair) { return std::string(pair.param.name); });

}  // namespace
}  // namespace conclave
