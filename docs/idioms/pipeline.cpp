/// @file
/// Stages that are goroutines, with channels between them.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;

//! [part]
RecvChan<int> count(int n) {
  auto out = make_chan<int>();
  go([out, n] {
    for (int i = 1; i <= n; ++i) out.send(i);
    out.close();
  });
  return out;
}

RecvChan<int> square(RecvChan<int> in) {
  auto out = make_chan<int>();
  go([in, out] {
    for (int n : in) out.send(n * n);
    out.close();
  });
  return out;
}

int main() {
  conclave::run([] {
    for (int n : square(square(count(4)))) {
      fmt::print("{}\n", n);
    }
  });
}
//! [part]
