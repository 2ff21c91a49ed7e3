/// @file
/// Zero was sent, or nothing was?
#include <optional>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::make_chan;

int main() {
  conclave::run([] {
    //! [part]
    auto readings = make_chan<int>(1);
    readings.send(0);
    readings.close();

    std::optional<int> got = readings.recv();
    fmt::print("{} {}\n", got.value_or(0), got.has_value());
    got = readings.recv();
    fmt::print("{} {}\n", got.value_or(0), got.has_value());
    //! [part]
  });
}
