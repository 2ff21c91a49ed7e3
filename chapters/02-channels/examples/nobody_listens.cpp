/// @file
/// Ask three, take the first answer, and look who is still there afterwards.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::go;
using conclave::make_chan;
using conclave::sleep_for;

//! [ask]
int first_answer() {
  auto answers = make_chan<int>();
  for (int replica : {3, 1, 2}) {
    go([answers, replica] {
      sleep_for(replica * 1s);
      answers.send(replica);
    });
  }
  return *answers.recv();
}
//! [ask]

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        for (int i = 0; i < 3; ++i) {
          const int replica = first_answer();
          sleep_for(1h);
          fmt::print("replica {} was first; an hour later {} goroutines are alive\n", replica,
                     conclave::num_goroutines());
        }
      },
      {.clock = &clock});
}
