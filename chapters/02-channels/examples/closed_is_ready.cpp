/// @file
/// A closed channel is always ready: a select that keeps it in its list spins; nil takes it out.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Chan;
using conclave::go;
using conclave::make_chan;
using conclave::recv;
using conclave::select;

namespace {

Chan<int> three_values(conclave::Duration apart) {
  auto channel = make_chan<int>();
  go([channel, apart] {
    for (int n = 1; n <= 3; ++n) {
      conclave::sleep_for(apart);
      channel.send(n);
    }
    channel.close();
  });
  return channel;
}

//! [merge]
/// Receives from both until both are closed; returns how many rounds that took.
int rounds(bool forget_the_closed) {
  Chan<int> quick = three_values(1s);
  Chan<int> slow = three_values(1min);
  bool quick_open = true;
  bool slow_open = true;
  int rounds = 0;
  while (quick_open || slow_open) {
    if (++rounds == 1'000) break;
    int value = 0;
    switch (select(recv(quick, value, quick_open), recv(slow, value, slow_open))) {
      case 0:
        if (!quick_open && forget_the_closed) quick = {};  // nil: never ready again
        break;
      case 1:
        if (!slow_open && forget_the_closed) slow = {};
        break;
    }
  }
  return rounds;
}
//! [merge]

}  // namespace

int main() {
  for (bool forget : {false, true}) {
    conclave::VirtualClock clock;
    conclave::run(
        [&] {
          const int took = rounds(forget);
          fmt::print("{} {} rounds, {} s\n",
                     forget ? "closed becomes nil:" : "closed stays:      ", took,
                     clock.elapsed() / 1s);
        },
        {.clock = &clock});
  }
}
