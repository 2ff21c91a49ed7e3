/// @file
/// A pipeline: three goroutines, two channels, and no variable that two of them share.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;

//! [pipeline]
int main() {
  conclave::run([] {
    auto numbers = make_chan<int>();
    auto squares = make_chan<int>();

    go([numbers] {
      for (int n = 1; n <= 3; ++n) numbers.send(n);
      numbers.close();
    });
    go([numbers, squares] {
      for (int n : numbers) squares.send(n * n);
      squares.close();
    });

    for (int square : squares) fmt::print("{}\n", square);
    fmt::print("and that is all\n");
  });
}
//! [pipeline]
