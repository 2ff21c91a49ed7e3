#include "mutex_tests.hpp"

#include <mutex>

#include "goroutines/goroutines.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

/// On the virtual clock: returns when every other goroutine has ended or cannot go on.
void let_the_others_get_stuck() { sleep_for(1s); }

// Five goroutines, so that several wait at once, and each comes back.
void one_at_a_time(SomeMutex& mutex) {
  int inside = 0;
  WaitGroup group;
  for (int i = 0; i < 5; ++i) {
    group.go([&] {
      for (int round = 0; round < 3; ++round) {
        const std::scoped_lock lock(mutex);
        ++inside;
        yield();
        expect(inside == 1, "whoever holds the mutex is alone inside");
        --inside;
      }
    });
  }
  group.wait();
}

// Who comes last, without a pause after unlock(), is the strongest barger.
void in_the_order_in_which_they_came(SomeMutex& mutex) {
  std::vector<int> came;
  std::vector<int> served;
  mutex.lock();
  WaitGroup group;
  for (int i = 0; i < 4; ++i) {
    group.go([&, i] {
      came.push_back(i);
      mutex.lock();
      served.push_back(i);
      mutex.unlock();
    });
  }
  let_the_others_get_stuck();
  mutex.unlock();
  mutex.lock();
  expect(served.size() == 4, "whoever waits comes before a newcomer");
  mutex.unlock();
  group.wait();
  expect(served == came, "waiters are served in the order in which they came");
}

void try_lock_answers_at_once(SomeMutex& mutex) {
  expect(mutex.try_lock(), "try_lock takes a free mutex");
  bool answered = false;
  go([&] {
    expect(!mutex.try_lock(), "try_lock does not take a mutex that is held");
    answered = true;
  });
  let_the_others_get_stuck();
  expect(answered, "try_lock does not wait");
  mutex.unlock();
}

void unlock_of_a_free_mutex_panics(SomeMutex& mutex) {
  bool panicked = false;
  try {
    mutex.unlock();
  } catch (const Panic&) {
    panicked = true;
  }
  expect(panicked, "unlock of a mutex that nobody holds panics");
  expect(mutex.try_lock(), "and the mutex is as free as before");
  mutex.unlock();
}

void the_holder_waits_for_itself(SomeMutex& mutex) {
  bool twice = false;
  WaitGroup group;
  group.go([&] {
    mutex.lock();
    mutex.lock();
    twice = true;
    mutex.unlock();
  });
  let_the_others_get_stuck();
  expect(!twice, "a second lock by the holder waits");
  mutex.unlock();  // anybody may; now the second lock gets it
  group.wait();
}

}  // namespace

std::vector<MutexTest> mutex_tests() {
  return {
      {"one at a time", one_at_a_time},
      {"in the order in which they came", in_the_order_in_which_they_came},
      {"try_lock answers at once", try_lock_answers_at_once},
      {"unlock of a free mutex panics", unlock_of_a_free_mutex_panics},
      {"the holder waits for itself", the_holder_waits_for_itself},
  };
}

}  // namespace conclave
