// One long test: the life of one mutex, told from main.
#include <chrono>

#include "goroutines/goroutines.hpp"
#include "mutex_tests.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

bool panics_on_unlock(SomeMutex& mutex) {
  try {
    mutex.unlock();
    return false;
  } catch (const Panic&) {
    return true;
  }
}

void life(SomeMutex& mutex) {
  expect(panics_on_unlock(mutex), "a new mutex has no holder");
  mutex.lock();

  // They come a second apart, and each keeps the mutex for a minute.
  std::vector<int> served;
  for (int i = 0; i < 5; ++i) {
    go([&mutex, &served, i] {
      sleep_for(i * 1s);
      mutex.lock();
      served.push_back(i);
      sleep_for(1min);
      mutex.unlock();
    });
  }
  sleep_for(30s);
  expect(served.empty(), "main holds it");
  mutex.unlock();
  expect(!mutex.try_lock(), "it belongs to the first that waits, who has not run yet");

  for (std::size_t minute = 1; minute <= 5; ++minute) {
    sleep_for(30s);
    expect(served.size() == minute, "each minute one of them is served");
    const TimePoint before = now();
    expect(!mutex.try_lock() && now() == before, "try_lock says no, and at once");
    sleep_for(30s);
  }
  sleep_for(1s);
  expect(served == std::vector{0, 1, 2, 3, 4}, "in the order in which they came");

  expect(mutex.try_lock(), "in the end it is free");
  go([&mutex] {
    sleep_for(1min);
    mutex.unlock();
  });
  const TimePoint before = now();
  mutex.lock();
  expect(now() - before == 1min, "main, which holds it, waits until another goroutine unlocks it");
  mutex.unlock();
}

}  // namespace

std::vector<MutexTest> mutex_tests() { return {{"life", life}}; }

}  // namespace conclave
