/// @file
/// A goroutine waits inside a noexcept function when main returns: it cannot be unwound, and the report says why.
#include <chrono>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Name;

void drain() noexcept { conclave::sleep_for(std::chrono::seconds(1)); }

int main() {
  conclave::run([] {
    go(Name("drain"), [] {
      drain();
      conclave::yield();
    });
    conclave::yield();
  });
}
