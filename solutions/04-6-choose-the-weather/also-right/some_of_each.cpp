// Some faults of each kind but those of disks, and half of them in each run.  The checks say the same in other words.
#include <algorithm>
#include <chrono>
#include <map>

#include "goroutines/goroutines.hpp"
#include "weather.hpp"

namespace conclave {

using simulation::Fault;

Plan plan() {
  return {.faults = {Fault::duplication, Fault::delay, Fault::reordering, Fault::clog,
                     Fault::one_way, Fault::crash, Fault::power_failure, Fault::pause, Fault::slow,
                     Fault::drift, Fault::schedule}};
}

namespace {

/// Whether the value `one` was there before `other` was.
bool comes_before(const History& history, int one, int other) {
  std::uint64_t first_end = one == 0 ? 0 : kNever;
  std::uint64_t last_begin = 0;
  for (const Operation& operation : history) {
    if (operation.value == one) first_end = std::min(first_end, operation.ended);
    if (operation.value == other) last_begin = std::max(last_begin, operation.begun);
  }
  return first_end < last_begin;
}

}  // namespace

Status is_right(const History& history) {
  std::map<int, bool> values{{0, true}};
  for (const Operation& operation : history) values[operation.value] = true;
  for (auto one = values.begin(); one != values.end(); ++one) {
    for (auto other = values.begin(); other != one; ++other) {
      if (comes_before(history, one->first, other->first) &&
          comes_before(history, other->first, one->first))
        return Status::internal("two values come before each other");
    }
  }
  return {};
}

Status still_answers(Healed& healed, const Context& bound) {
  while (bound.status().ok()) {
    if (healed.read("n2").ok() && healed.write().ok() && healed.read("n1").ok()) return {};
    sleep_for(std::chrono::milliseconds(10));
  }
  return bound.status();
}

}  // namespace conclave
