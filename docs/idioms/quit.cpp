/// @file
/// One close tells everybody.
#include <array>

#include <fmt/ranges.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::make_chan;
using conclave::Signal;
using conclave::WaitGroup;

int main() {
  conclave::run([] {
    //! [part]
    auto quit = make_chan<Signal>();
    std::array<bool, 3> stopped{};
    WaitGroup workers;
    for (bool& mine : stopped) {
      workers.go([quit, &mine] {
        quit.recv();
        mine = true;
      });
    }
    quit.close();
    workers.wait();
    fmt::print("stopped: [{}]\n", fmt::join(stopped, " "));
    //! [part]
  });
}
