/// @file
/// A queue: a cook puts plates on a counter, and a waiter looks there again and again.
///
/// Watch for the two numbers at the end. A queue alone does not know who waits for it, so the waiter has to look;
/// and it has no end, so a cook who is faster than the waiter fills the room.
#include <algorithm>
#include <cstddef>
#include <deque>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::yield;

//! [queue]
std::deque<int> counter;  // the plates that are ready
std::size_t most = 0;     // that ever stood there
int looks_in_vain = 0;

void send(int plate) {
  counter.push_back(plate);
  most = std::max(most, counter.size());
}

int recv() {
  while (counter.empty()) {
    ++looks_in_vain;
    yield();
  }
  const int plate = counter.front();
  counter.pop_front();
  return plate;
}
//! [queue]

//! [main]
/// Each takes so many turns.
void work(int turns) {
  for (int i = 0; i < turns; ++i) yield();
}

void evening(int turns_of_the_cook, int turns_of_the_waiter) {
  constexpr int kPlates = 1000;
  most = 0;
  looks_in_vain = 0;
  conclave::WaitGroup group;
  group.go([=] {
    for (int plate = 1; plate <= kPlates; ++plate) {
      work(turns_of_the_cook);
      send(plate);
    }
  });
  group.go([=] {
    for (int i = 0; i < kPlates; ++i) {
      recv();
      work(turns_of_the_waiter);
    }
  });
  group.wait();
  fmt::print("looks in vain {:>5}   plates on the counter, at most {:>4}\n", looks_in_vain, most);
}

int main() {
  conclave::run([] {
    fmt::print("slow cook:  ");
    evening(5, 1);
    fmt::print("quick cook: ");
    evening(1, 5);
  });
}
//! [main]
