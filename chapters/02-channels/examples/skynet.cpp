/// @file
/// Skynet: a million goroutines, each with a number, and a tree of channels that adds the numbers up.
#include <cstdint>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::go;
using conclave::make_chan;

//! [skynet]
void skynet(const Chan<std::int64_t>& parent, std::int64_t first, std::int64_t size) {
  if (size == 1) return parent.send(first);
  auto children = make_chan<std::int64_t>();
  for (std::int64_t i = 0; i < 10; ++i) {
    go([=] { skynet(children, first + i * size / 10, size / 10); });
  }
  std::int64_t sum = 0;
  for (int i = 0; i < 10; ++i) sum += *children.recv();
  parent.send(sum);
}
//! [skynet]

int main() {
  conclave::run([] {
    auto result = make_chan<std::int64_t>();
    go([=] { skynet(result, 0, 1'000'000); });
    fmt::print("the sum of 0 to 999,999 is {}\n", *result.recv());
  });
}
