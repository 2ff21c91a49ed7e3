/// @file
/// A log that drops a line rather than wait.
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::make_chan;
using conclave::otherwise;

int main() {
  conclave::run([] {
    //! [part]
    auto log = make_chan<std::string>(1);
    for (const std::string line : {"one", "two"}) {
      if (select(send(log, line), otherwise()) == 0) {
        fmt::print("kept {}\n", line);
      } else {
        fmt::print("dropped {}\n", line);
      }
    }

    if (auto line = log.try_recv()) {
      fmt::print("read {}\n", *line);
    } else {
      fmt::print("nothing to read\n");
    }
    //! [part]
  });
}
