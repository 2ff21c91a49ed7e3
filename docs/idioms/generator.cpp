/// @file
/// A function that returns the channel into which its goroutine sends.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;
using conclave::Signal;

//! [part]
RecvChan<int> naturals(RecvChan<Signal> done) {
  auto out = make_chan<int>();
  go([out, done] {
    int n = 1;
    while (select(send(out, n), recv(done)) == 0) ++n;
    out.close();
  });
  return out;
}
//! [part]

int main() {
  conclave::run([] {
    auto done = make_chan<Signal>();
    RecvChan<int> numbers = naturals(done);
    for (int i = 0; i < 3; ++i) {
      fmt::print("{}\n", *numbers.recv());
    }
    done.close();
    while (numbers.recv()) {
    }
    fmt::print("the generator has ended\n");
  });
}
