/// @file
/// Reads two channels until both are closed.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;

RecvChan<int> source(int n) {
  auto out = make_chan<int>();
  go([out, n] {
    for (int i = 1; i <= n; ++i) out.send(i);
    out.close();
  });
  return out;
}

int main() {
  conclave::run([] {
    RecvChan<int> a = source(3), b = source(10);
    //! [part]
    int sum = 0;
    while (a || b) {
      int n = 0;
      bool ok = false;
      switch (select(recv(a, n, ok), recv(b, n, ok))) {
        case 0:
          if (!ok) a = {};  // this case is off now
          break;
        case 1:
          if (!ok) b = {};
      }
      sum += n;
    }
    fmt::print("sum: {}\n", sum);
    //! [part]
  });
}
