/// @file
/// What one can still do with a closed channel.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::make_chan;
using conclave::Panic;

int main() {
  conclave::run([] {
    //! [closed]
    auto values = make_chan<int>(2);
    values.send(7);
    values.close();
    for (int value : values) fmt::print("received {}\n", value);
    fmt::print("received the end: {}\n", !values.recv().has_value());
    fmt::print("and again: {}\n", !values.recv().has_value());
    try {
      values.send(8);
    } catch (const Panic& mistake) {
      fmt::print("{}\n", mistake.message());
    }
    //! [closed]
  });
}
