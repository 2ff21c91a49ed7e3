/// @file
/// A query that may take five milliseconds, and its part, which may take an hour.
#include <chrono>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Code;
using conclave::Context;
using conclave::make_chan;
using conclave::Status;
using namespace std::chrono_literals;

//! [part]
Status query(const Context& parent) {
  auto [context, cancel] = with_timeout(parent, 1h);
  auto answer = make_chan<std::string>();  // never comes
  switch (select(recv(answer), recv(context.done()))) {
    case 0:
      return {};
    default:
      return context.status();
  }
}

void ask() {
  auto [context, cancel] = with_timeout(Context(), 5ms);
  const Code code = query(context).code();
  fmt::print("too late: {}\n",
             code == Code::deadline_exceeded);
}
//! [part]

int main() {
  conclave::VirtualClock clock;
  conclave::run(ask, {.clock = &clock});
}
