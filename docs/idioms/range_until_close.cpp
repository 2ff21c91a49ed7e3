/// @file
/// The sender closes; the receiver's loop ends.
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;

int main() {
  conclave::run([] {
    //! [part]
    auto lines = make_chan<std::string>();
    go([lines] {
      for (const char* line : {"one", "two"}) {
        lines.send(line);
      }
      lines.close();
    });
    for (const std::string& line : lines) {
      fmt::print("{}\n", line);
    }
    fmt::print("end\n");
    //! [part]
  });
}
