/// @file
/// Several stages receive from one channel; each value goes to one of them.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;

RecvChan<int> tickets(int n) {
  auto out = make_chan<int>();
  go([out, n] {
    for (int i = 0; i < n; ++i) out.send(i);
    out.close();
  });
  return out;
}

//! [part]
RecvChan<int> sell(RecvChan<int> tickets) {
  auto sold = make_chan<int>(1);
  go([tickets, sold] {
    int count = 0;
    while (tickets.recv()) ++count;
    sold.send(count);
  });
  return sold;
}

int main() {
  conclave::run([] {
    auto all = tickets(100);
    auto a = sell(all), b = sell(all), c = sell(all);
    fmt::print("sold: {}\n",
               *a.recv() + *b.recv() + *c.recv());
  });
}
//! [part]
