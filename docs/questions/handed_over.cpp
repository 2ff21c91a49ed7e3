/// @file
/// A receiver takes one parcel and leaves.  What do the senders know?
#include <chrono>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::timeout;
using namespace std::chrono_literals;

//! [deliver]
void deliver(int capacity) {
  auto parcels = make_chan<int>(capacity);
  go([parcels] { parcels.recv(); });
  for (int parcel = 1; parcel <= 2; ++parcel) {
    const bool sent = select(send(parcels, parcel), timeout(1h)) == 0;
    fmt::print("capacity {}: parcel {} {}\n", capacity, parcel, sent ? "sent" : "comes back");
  }
}
//! [deliver]

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        deliver(0);
        deliver(1);
      },
      {.clock = &clock});
}
