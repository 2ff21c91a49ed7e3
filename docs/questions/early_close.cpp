/// @file
/// Two send, and the one that is done first closes.  The other did not know.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::Name;

int main() {
  conclave::run([] {
    //! [early]
    auto lines = make_chan<int>();
    for (int count : {1, 3}) {
      go(Name("sender"), [lines, count] {
        for (int i = 0; i < count; ++i) lines.send(i);
        lines.close();
      });
    }
    for (int line : lines) fmt::print("line {}\n", line);
    //! [early]
  });
}
