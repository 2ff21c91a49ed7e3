/// @file
/// Three goroutines each hold what the next one wants; the report shows the ring.
#include <array>
#include <chrono>
#include <mutex>
#include <string>

#include "goroutines/goroutines.hpp"

using conclave::Mutex;
using conclave::WaitGroup;

void eat(Mutex& left, Mutex& right) {
  const std::scoped_lock left_fork(left);
  conclave::sleep_for(std::chrono::seconds(90));  // looks for the salt
  const std::scoped_lock right_fork(right);
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        std::array<Mutex, 3> forks;
        WaitGroup group;
        group.go([&] { eat(forks[0], forks[1]); });
        group.go([&] { eat(forks[1], forks[2]); });
        group.go([&] { eat(forks[2], forks[0]); });
      },
      {.clock = &clock});
}
