// Only what many goroutines and a deadlock report can tell: five of the seven, and no virtual time.
#include <mutex>

#include "goroutines/goroutines.hpp"
#include "mutex_tests.hpp"

namespace conclave {
namespace {

void a_crowd(SomeMutex& mutex) {
  bool busy = false;
  WaitGroup group;
  for (int i = 0; i < 20; ++i) {
    group.go([&] {
      const std::lock_guard lock(mutex);
      expect(!busy, "nobody is inside yet");
      busy = true;
      yield();
      busy = false;
    });
  }
  group.wait();  // whoever is forgotten ends this test in a deadlock report
}

void no_second_chance(SomeMutex& mutex) {
  std::string log;
  WaitGroup group;
  mutex.lock();
  group.go([&] {
    log += "waits ";
    mutex.lock();
    log += "served ";
    mutex.unlock();
  });
  while (log.empty()) yield();
  mutex.unlock();
  mutex.lock();
  log += "again ";
  mutex.unlock();
  group.wait();
  expect(log == "waits served again ", "the one that waits is served before the one that returns");
}

void refusals(SomeMutex& mutex) {
  mutex.lock();
  expect(!mutex.try_lock(), "held is held, also for its holder");
  mutex.unlock();
  try {
    mutex.unlock();
    expect(false, "a second unlock panics");
  } catch (const Panic&) {
  }
}

}  // namespace

std::vector<MutexTest> mutex_tests() {
  return {{"a crowd", a_crowd}, {"no second chance", no_second_chance}, {"refusals", refusals}};
}

}  // namespace conclave
