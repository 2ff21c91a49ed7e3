/// @file
/// A function that answers later returns a channel.
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;

//! [part]
RecvChan<std::string> fetch(const std::string& page) {
  auto result = make_chan<std::string>(1);
  go([result, page] {
    result.send("the text of " + page);
  });
  return result;
}

int main() {
  conclave::run([] {
    auto news = fetch("news");
    auto weather = fetch("weather");
    fmt::print("{}\n", *weather.recv());
    fmt::print("{}\n", *news.recv());
  });
}
//! [part]
