// The check says what register.hpp promises, one sentence after the other; and each run has some of few faults: reordering shows
// one mistake and hides another, so that half of the runs are without.
#include <algorithm>
#include <chrono>
#include <vector>

#include "goroutines/goroutines.hpp"
#include "weather.hpp"

namespace conclave {

using simulation::Fault;

Plan plan() {
  return {.faults = {Fault::duplication, Fault::delay, Fault::reordering, Fault::clog,
                     Fault::one_way, Fault::power_failure, Fault::pause},
          .draws = true};
}

namespace {

/// When the value was there at the latest: its write was answered, or somebody had read it.
std::uint64_t was_there(const History& history, int value) {
  if (value == 0) return 0;
  std::uint64_t end = kNever;
  for (const Operation& operation : history) {
    if (operation.value == value) end = std::min(end, operation.ended);
  }
  return end;
}

}  // namespace

Status is_right(const History& history) {
  for (const Operation& write : history) {
    if (write.kind != Operation::Kind::write) continue;
    const std::uint64_t replaced = was_there(history, write.value);
    for (const Operation& read : history) {
      if (read.kind != Operation::Kind::read || read.begun < replaced) continue;
      if (was_there(history, read.value) < write.begun)
        return Status::data_loss("a read has returned what had been replaced");
    }
  }
  return {};
}

Status still_answers(Healed& healed, const Context& bound) {
  std::vector<const char*> silent{"n1", "n2"};
  while (!silent.empty() && bound.status().ok()) {
    std::erase_if(silent, [&](const char* node) { return healed.read(node).ok(); });
    sleep_for(std::chrono::milliseconds(50));
  }
  return silent.empty() ? Status() : Status::deadline_exceeded(silent.front());
}

}  // namespace conclave
