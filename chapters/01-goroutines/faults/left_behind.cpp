/// @file
/// Main returns while goroutines wait: their destructors run, newest first, and the program ends at once.
#include <chrono>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Mutex;

struct Connection {
  int number;
  ~Connection() { fmt::print("connection {} is closed\n", number); }
};

int main() {
  const auto begin = std::chrono::steady_clock::now();
  conclave::run([] {
    for (int number = 1; number <= 3; ++number) {
      go([number] {
        const Connection connection{number};
        conclave::sleep_for(std::chrono::hours(1));
        fmt::print("never printed\n");
      });
    }
    conclave::yield();
    fmt::print("main returns; {} goroutines are left\n", conclave::num_goroutines() - 1);
  });
  const auto took = std::chrono::steady_clock::now() - begin;
  fmt::print("run() has returned, {}\n", took < std::chrono::minutes(1) ? "at once" : "late");
}
