#include "goroutines/goroutine_group.hpp"

#include <cstdlib>

#include "common/assert.hpp"
#include "goroutines/parking.hpp"
#include "goroutines/processor.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {

std::string detail::Goroutine::full_name() const {
  if (group == nullptr || group->name.empty()) return name;
  return name.empty() ? group->name : group->name + ": " + name;
}

GoroutineGroup::GoroutineGroup(std::string name) {
  state_.name = std::move(name);
  state_.handle = this;
  if (detail::current_processor == nullptr) return;
  const detail::RuntimeCode runtime;
  state_.outer = detail::current_processor->group_of_starter();
  if (state_.outer == nullptr) return;
  state_.outer->inner.push_back(&state_);
  state_.clock = state_.outer->clock;
}

GoroutineGroup::GoroutineGroup(std::string name, GroupClock clock) {
  ensure(clock.offset >= Duration{}, "a clock begins at zero or later (offset {} ns)",
         clock.offset.count());
  ensure(std::abs(clock.drift_ppm) <= GroupClock::kDriftMax,
         "a clock drifts by at most {} parts per million ({})", GroupClock::kDriftMax,
         clock.drift_ppm);
  state_.name = std::move(name);
  state_.handle = this;
  state_.clock = clock;
}

GoroutineGroup::~GoroutineGroup() {
  // Also without members: timers that they had set may be left.
  if (detail::current_processor != nullptr) {
    detail::current_processor->end_group(state_);
    if (state_.live != 0) detail::current_processor->forget(state_);
  }
  const detail::RuntimeCode runtime;
  detail::GroupState* const outer = state_.outer;
  if (outer != nullptr) std::erase(outer->inner, &state_);
  for (detail::GroupState* group : state_.inner) {
    group->outer = outer;
    if (outer != nullptr) outer->inner.push_back(group);
  }
}

void GoroutineGroup::start(detail::Task&& task, std::string&& name, std::source_location place) {
  detail::current(place);
  detail::current_processor->start_in(&state_, std::move(task), std::move(name), nullptr, place);
}

void GoroutineGroup::pause(std::source_location place) {
  if (!detail::inside_run()) detail::panic_outside_run(place);
  detail::current_processor->pause(state_);
}

void GoroutineGroup::resume(std::source_location place) {
  if (!detail::inside_run()) detail::panic_outside_run(place);
  detail::current_processor->resume(state_);
}

void GoroutineGroup::end(std::source_location place) {
  const detail::Goroutine& self = detail::current(place);
  const bool was_ending = self.ending;
  detail::current_processor->end_group(state_);
  const bool was_ended = self.ending && !was_ending;  // by one of those whom it has ended
  const bool is_member = self.group != nullptr && self.group->is_within(state_);
  if (is_member || was_ended) detail::current_processor->end_self(place);
}

}  // namespace conclave
