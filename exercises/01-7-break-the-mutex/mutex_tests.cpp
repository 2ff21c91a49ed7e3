#include "mutex_tests.hpp"

#include <chrono>
#include <mutex>
#include <vector>

#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;  // sleep_for(1s)

// An example of a test, and not a strong one: two goroutines, and never both inside.
void one_at_a_time(SomeMutex& mutex) {
  int inside = 0;
  WaitGroup group;
  for (int i = 0; i < 2; ++i) {
    group.go([&] {
      const std::scoped_lock lock(mutex);
      ++inside;
      yield();  // if anybody else can come in, now is the time
      expect(inside == 1, "whoever holds the mutex is alone inside");
      --inside;
    });
  }
  group.wait();
}

void in_the_order_in_which_they_came(SomeMutex& mutex) {
  todo("1.7: a test of the second law: waiters get the mutex in the order in which they came");
}

}  // namespace

std::vector<MutexTest> mutex_tests() {
  return {
      {"one at a time", one_at_a_time},
      {"in the order in which they came", in_the_order_in_which_they_came},
  };
}

}  // namespace conclave
