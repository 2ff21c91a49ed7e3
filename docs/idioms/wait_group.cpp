/// @file
/// Starts four goroutines and waits until all are done.
#include <vector>

#include <fmt/ranges.h>

#include "goroutines/goroutines.hpp"

using conclave::WaitGroup;

//! [part]
void square(int n, int* result) { *result = n * n; }

int main() {
  conclave::run([] {
    std::vector<int> results(4);
    WaitGroup group;
    for (int i = 0; i < 4; ++i) {
      group.go(square, i, &results[i]);
    }
    group.wait();
    fmt::print("[{}]\n", fmt::join(results, " "));
  });
}
//! [part]
