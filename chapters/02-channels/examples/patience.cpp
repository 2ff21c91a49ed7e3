/// @file
/// Three degrees of patience: not at all, for a while, and for ever.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::go;
using conclave::make_chan;
using conclave::otherwise;
using conclave::recv;
using conclave::select;
using conclave::sleep_for;
using conclave::timeout;

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [&] {
        auto answers = make_chan<int>();
        go([answers] {
          sleep_for(3s);
          answers.send(42);
        });

        //! [patience]
        int answer = 0;
        switch (select(recv(answers, answer), otherwise())) {
          case 0:
            fmt::print("an answer: {}\n", answer);
            break;
          case 1:
            fmt::print("none yet, and it is {} s\n", clock.elapsed() / 1s);
            break;
        }
        switch (select(recv(answers, answer), timeout(2s))) {
          case 0:
            fmt::print("an answer: {}\n", answer);
            break;
          case 1:
            fmt::print("none within two seconds: it is {} s\n", clock.elapsed() / 1s);
            break;
        }
        select(recv(answers, answer));
        fmt::print("an answer: {}, and it is {} s\n", answer, clock.elapsed() / 1s);
        //! [patience]
      },
      {.clock = &clock});
}
