/// @file
/// A mistake panics: the program ends and says which goroutine made it, and where.
#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Name;
using conclave::WaitGroup;

//! [main]
int main() {
  conclave::run([] {
    WaitGroup group;
    group.add(1);
    go(Name("worker"), [&] {
      fmt::print("done, and done again\n");
      group.done();
      group.done();
    });
    group.wait();
  });
}
//! [main]
