/// @file
/// A catch-all catches the end of its goroutine, too, and the goroutine goes on: that ends the program.
#include <chrono>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Name;

void serve() {
  for (;;) {
    try {
      conclave::sleep_for(std::chrono::seconds(1));
    } catch (...) {  // "whatever happens, the server goes on"
      fmt::print("something went wrong; going on\n");
    }
  }
}

int main() {
  conclave::run([] {
    go(Name("server"), [] { serve(); });
    conclave::yield();
  });
}
