#include "weather.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "goroutines/goroutines.hpp"

namespace conclave {

using simulation::Fault;

Plan plan() {
  return {.faults = {Fault::duplication, Fault::delay, Fault::reordering, Fault::clog,
                     Fault::one_way, Fault::rolling_restart, Fault::power_failure, Fault::pause}};
}

namespace {

/// The operations of one value: the write, and the reads that saw it.
struct Zone {
  std::uint64_t first_end = kNever;
  std::uint64_t last_begin = 0;
};

}  // namespace

// One value comes before another when an operation of the one ends before one of the other begins.  Of two values that come
// before each other, one has returned after it had been replaced; and where there are no such two, there is an order.
// Gibbons and Korach, "Testing Shared Memories", SIAM J. Comput. 1997, §4.1.
Status is_right(const History& history) {
  std::map<int, Zone> zones{{0, {.first_end = 0}}};
  for (const Operation& operation : history) {
    Zone& zone = zones[operation.value];
    zone.first_end = std::min(zone.first_end, operation.ended);
    zone.last_begin = std::max(zone.last_begin, operation.begun);
  }
  for (const auto& [one, its] : zones) {
    for (const auto& [other, zone] : zones) {
      if (one != other && its.first_end < zone.last_begin && zone.first_end < its.last_begin)
        return Status::data_loss(fmt::format("{} was there, {}, and {} again", one, other, one));
    }
  }
  return {};
}

Status still_answers(Healed& healed, const Context& bound) {
  for (const char* node : {"n1", "n2"}) {
    while (!healed.read(node).ok()) {
      if (!bound.status().ok())
        return Status::deadline_exceeded(fmt::format("{} answers no reads", node));
      sleep_for(std::chrono::milliseconds(100));
    }
  }
  while (!healed.write().ok()) {
    if (!bound.status().ok()) return Status::deadline_exceeded("n1 answers no writes");
  }
  return {};
}

}  // namespace conclave
