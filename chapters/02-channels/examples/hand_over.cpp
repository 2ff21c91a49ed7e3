/// @file
/// What a channel orders: what came before the send comes before what follows the receive, in every order of turns.
#include <set>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::make_chan;
using conclave::Order;
using conclave::Signal;
using conclave::yield;

//! [publish]
/// One goroutine writes a page in three strokes; main reads it.
std::string read_page(bool wait_for_it) {
  std::string page;
  auto written = make_chan<Signal>();
  conclave::WaitGroup group;
  group.go([&] {
    for (const char* word : {"one ", "two ", "three"}) {
      page += word;
      yield();
    }
    written.close();
  });
  yield();
  if (wait_for_it) written.recv();
  std::string read = page;  // now, before the group waits
  return read;
}
//! [publish]

int main() {
  for (bool wait_for_it : {false, true}) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      conclave::run([&] { seen.insert(read_page(wait_for_it)); },
                    {.order = Order::random, .seed = seed});
    }
    fmt::print("{}", wait_for_it ? "after the receive:  " : "without a receive:  ");
    for (const std::string& page : seen) fmt::print(" '{}'", page);
    fmt::print("\n");
  }
}
