/// @file  What goroutines cost here; figures.go beside this file does the same work in Go.
///
/// `make bench C=01` runs both and compares them; common/bench/measure.hpp says how is measured.
#include <chrono>
#include <concepts>
#include <cstdlib>
#include <sys/resource.h>

#include <fmt/core.h>

#include "bench/measure.hpp"
#include "goroutines/goroutines.hpp"

namespace {

using namespace std::chrono_literals;
using conclave::Mutex;
using conclave::WaitGroup;
using conclave::bench::Benchmark;
using conclave::bench::ns_each;
using conclave::bench::print;
using conclave::bench::resident_bytes;

// --- what they share -------------------------------------------------------------------------------

/// Runs `f` in `count` goroutines and waits for them.
void in_goroutines(int count, std::invocable auto f) {
  WaitGroup done;
  for (int i = 0; i < count; ++i) done.go(f);
  done.wait();
}

/// Goroutines that have started and stand at a gate.
class Crowd {
 public:
  /// Starts `count` goroutines; returns when all of them are parked. Behind the gate each runs `then(number)`.
  Crowd(int count, std::invocable<int> auto then) {
    gate_.add(1);
    arriving_.add(count);
    for (int i = 0; i < count; ++i) {
      done_.go([this, i, then] {
        arriving_.done();
        gate_.wait();
        then(i);
      });
    }
    arriving_.wait();
  }

  /// Opens the gate and waits until all are done.
  void finish() {
    gate_.done();
    done_.wait();
  }

 private:
  WaitGroup gate_;
  WaitGroup arriving_;
  WaitGroup done_;
};

// --- the benchmarks --------------------------------------------------------------------------------

/// What a yield costs, from one goroutine to the next.
void yield() {
  constexpr int kSwitches = 2'000'000;
  for (const int goroutines : {2, 1'000}) {
    const double ns = ns_each(kSwitches, [goroutines] {
      in_goroutines(goroutines, [rounds = kSwitches / goroutines] {
        for (int i = 0; i < rounds; ++i) conclave::yield();
      });
    });
    print(fmt::format("yield {}", goroutines), ns, "ns");
  }
}

/// What it costs to start a goroutine and to see it end.
void spawn() {
  constexpr int kBatch = 1'000;
  constexpr int kBatches = 1'000;
  const auto batch = [] { in_goroutines(kBatch, [] {}); };
  batch();  // the first one gets the memory
  const double ns = ns_each(kBatch * kBatches, [&] {
    for (int i = 0; i < kBatches; ++i) batch();
  });
  print("spawn", ns, "ns");
}

/// What a mutex around an addition costs.
void mutex() {
  Mutex mutex;
  std::int64_t counter = 0;
  const auto add = [&](int times) {
    for (int i = 0; i < times; ++i) {
      mutex.lock();
      ++counter;
      mutex.unlock();
    }
  };
  constexpr int kAdditions = 10'000'000;
  print("mutex alone", ns_each(kAdditions, [&] { add(kAdditions); }), "ns");
  print("mutex 100",
        ns_each(kAdditions, [&] { in_goroutines(100, [&] { add(kAdditions / 100); }); }), "ns");

  // The holder yields, so that all the others come to a locked door.
  constexpr int kHandOffs = 500'000;
  print("mutex handoff",
        ns_each(kHandOffs,
                [&] {
                  in_goroutines(100, [&] {
                    for (int i = 0; i < kHandOffs / 100; ++i) {
                      mutex.lock();
                      ++counter;
                      conclave::yield();
                      mutex.unlock();
                    }
                  });
                }),
        "ns");
  if (counter != 2 * kAdditions + kHandOffs) std::abort();
}

/// What a sleep costs when 100,000 others sleep. All are set before the first is due; 100 ns lie between
/// two deadlines, which are set in a scattered order.
void timers() {
  constexpr int kSleepers = 100'000;
  conclave::TimePoint first;
  Crowd sleepers(kSleepers, [&](int i) {
    const int place = static_cast<int>(std::int64_t{i} * 7'919 % kSleepers);
    conclave::sleep_for(first + place * 100ns - conclave::now());
  });
  const double ns = ns_each(kSleepers, [&] {
    first = conclave::now() + 300ms;
    sleepers.finish();
  });
  print("timers", ns, "ns");
}

/// What it costs to start goroutines that all park, to wake them, and to see them end: at first, when their
/// stacks are new, and later.
void spawn_idle() {
  constexpr int kGoroutines = 50'000;
  const auto round = [] { Crowd(kGoroutines, [](int) {}).finish(); };
  print("spawn-idle cold", ns_each(kGoroutines, round), "ns");
  constexpr int kRounds = 3;
  const double warm = ns_each(kGoroutines * kRounds, [&] {
    for (int i = 0; i < kRounds; ++i) round();
  });
  print("spawn-idle warm", warm, "ns");
}

/// What a parked goroutine takes of the memory.
void memory() {
  constexpr int kGoroutines = 100'000;
  const std::int64_t before = resident_bytes();
  Crowd crowd(kGoroutines, [](int) {});
  const std::int64_t after = resident_bytes();
  print("memory", static_cast<double>(after - before) / kGoroutines, "B");
  crowd.finish();
}

/// Whether so many goroutines can be alive at once.
void live() {
  constexpr int kGoroutines = 200'000;
  int finished = 0;
  Crowd(kGoroutines, [&](int) { ++finished; }).finish();
  print("live", finished, "");
}

/// What a process does while its only goroutine sleeps for a second. One wake-up is the timer's.
void idle() {
  rusage before{};
  rusage after{};
  getrusage(RUSAGE_SELF, &before);
  const double ns = ns_each(1, [] { conclave::sleep_for(1s); });
  getrusage(RUSAGE_SELF, &after);
  print("idle wake-ups", static_cast<double>(after.ru_nvcsw - before.ru_nvcsw - 1), "");
  print("idle time", ns / 1e3, "µs");
}

constexpr Benchmark kBenchmarks[] = {
    {"yield", yield},           {"spawn", spawn},   {"mutex", mutex}, {"timers", timers},
    {"spawn-idle", spawn_idle}, {"memory", memory}, {"live", live},   {"idle", idle},
};

}  // namespace

int main(int count, char** arguments) {
  return conclave::bench::main_of(kBenchmarks, count, arguments,
                                  [](void (*benchmark)()) { conclave::run(benchmark); });
}
