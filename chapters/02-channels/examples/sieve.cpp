/// @file
/// The sieve: a goroutine for each prime takes its multiples out of the stream of numbers.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;

//! [sieve]
RecvChan<int> numbers_from(int first) {
  auto out = make_chan<int>();
  go([=] {
    for (int n = first;; ++n) out.send(n);
  });
  return out;
}

RecvChan<int> without_multiples(const RecvChan<int>& in, int prime) {
  auto out = make_chan<int>();
  go([=] {
    for (int n : in) {
      if (n % prime != 0) out.send(n);
    }
  });
  return out;
}

int main() {
  conclave::run([] {
    RecvChan<int> stream = numbers_from(2);
    for (int i = 0; i < 25; ++i) {
      const int prime = *stream.recv();
      fmt::print("{} ", prime);
      stream = without_multiples(stream, prime);
    }
    fmt::print("\n{} goroutines\n", conclave::num_goroutines());
  });
}
//! [sieve]
