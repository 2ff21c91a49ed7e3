/// @file
/// Two sources become one channel.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;

RecvChan<std::string> source(const std::string& name) {
  auto out = make_chan<std::string>();
  go([out, name] {
    out.send(name + "1");
    out.send(name + "2");
  });
  return out;
}

//! [part]
RecvChan<std::string> fan_in(RecvChan<std::string> a,
                             RecvChan<std::string> b) {
  auto out = make_chan<std::string>();
  go([a, b, out] {
    for (;;) {
      std::string message;
      select(recv(a, message), recv(b, message));
      out.send(std::move(message));
    }
  });
  return out;
}
//! [part]

int main() {
  conclave::run([] {
    auto all = fan_in(source("a"), source("b"));
    std::vector<std::string> got;
    for (int i = 0; i < 4; ++i) got.push_back(*all.recv());
    // Who comes first is nobody's promise.
    std::sort(got.begin(), got.end());
    fmt::print("[{}]\n", fmt::join(got, " "));
  });
}
