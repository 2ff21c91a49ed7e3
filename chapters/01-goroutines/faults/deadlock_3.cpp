/// @file
/// Three goroutines each hold what the next one wants; the report shows the ring.
#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>

#include "goroutines/goroutines.hpp"

using conclave::Mutex;
using conclave::WaitGroup;

struct Table {
  std::array<Mutex, 3> forks;
  int meals = 0;

  void eat(Mutex& left, Mutex& right) {
    const std::scoped_lock left_fork(left);
    conclave::sleep_for(std::chrono::seconds(90));  // looks for the salt
    const std::scoped_lock right_fork(right);
    ++meals;
  }
  void sit_down(std::size_t seat) {
    eat(forks[seat], forks[(seat + 1) % forks.size()]);
    ++meals;  // a second helping
  }
};

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        Table table;
        WaitGroup group;
        for (std::size_t seat = 0; seat < 3; ++seat) {
          group.go([&table, seat] { table.sit_down(seat); });
        }
      },
      {.clock = &clock});
}
