#include "goroutines/timers.hpp"

#include <algorithm>
#include <utility>

#include "goroutines/goroutine_group.hpp"

namespace conclave::detail {

void Timers::push(TimePoint deadline, Goroutine& sleeper) {
  push({deadline, arrivals_ += 2, &sleeper});
}

void Timers::push(TimePoint deadline, Alarm& alarm) {
  push({deadline, (arrivals_ += 2) + 1, &alarm});
}

void Timers::push(const Entry& entry) {
  heap_.push_back(entry);
  sift_up(heap_.size() - 1, entry);
}

Timers::Due Timers::pop_due(TimePoint now) noexcept {
  if (heap_.empty() || heap_.front().deadline > now) return {};
  const Entry first = heap_.front();
  const Entry last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) sift_down(0, last);

  if (Alarm* alarm = first.alarm()) {
    alarm->slot_ = Alarm::kNowhere;
    return {.alarm = alarm};
  }
  return {.sleeper = static_cast<Goroutine*>(first.who)};
}

void Timers::cancel(Alarm& alarm) noexcept { remove(std::exchange(alarm.slot_, Alarm::kNowhere)); }

void Timers::lapse(const GroupState& group) noexcept {
  const auto sleeps = [&](const Entry& entry) {
    if (entry.alarm() != nullptr) return false;
    const GroupState* its = static_cast<const Goroutine*>(entry.who)->group;
    return its != nullptr && its->is_within(group);
  };
  if (std::erase_if(heap_, sleeps) != 0) make_heap();
  const auto of_group = [&](const Entry& entry) {
    Alarm* alarm = entry.alarm();
    if (alarm == nullptr || alarm->group_ == nullptr || !alarm->group_->is_within(group))
      return false;
    if (alarm->lapses_ == Alarm::Lapses::with_group) return true;
    alarm->group_ = nullptr;
    return false;
  };
  // An alarm that lapses may cancel others: each time the heap is another one, so we look from the start.
  for (auto found = std::ranges::find_if(heap_, of_group); found != heap_.end();
       found = std::ranges::find_if(heap_, of_group)) {
    Alarm* alarm = found->alarm();
    remove(static_cast<std::size_t>(found - heap_.begin()));
    alarm->slot_ = Alarm::kNowhere;
    alarm->lapse();
  }
}

void Timers::remove(std::size_t hole) noexcept {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (hole == heap_.size()) return;  // it was the last
  if (hole > 0 && last.before(heap_[(hole - 1) / kArity])) {
    sift_up(hole, last);
  } else {
    sift_down(hole, last);
  }
}

void Timers::make_heap() noexcept {
  for (std::size_t slot = heap_.size(); slot-- > 0;) {
    const Entry entry = heap_[slot];  // a copy: its slot is the first that sift_down() writes to
    sift_down(slot, entry);
  }
}

void Timers::clear() noexcept {
  while (!heap_.empty()) {  // one by one: an alarm that lapses may cancel others
    Alarm* alarm = heap_.back().alarm();
    heap_.pop_back();
    if (alarm == nullptr) continue;
    alarm->slot_ = Alarm::kNowhere;
    alarm->lapse();
  }
}

void Timers::put(std::size_t slot, const Entry& entry) noexcept {
  heap_[slot] = entry;
  if (Alarm* alarm = entry.alarm()) alarm->slot_ = slot;
}

void Timers::sift_up(std::size_t hole, const Entry& entry) noexcept {
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kArity;
    if (!entry.before(heap_[parent])) break;
    put(hole, heap_[parent]);
    hole = parent;
  }
  put(hole, entry);
}

void Timers::sift_down(std::size_t hole, const Entry& entry) noexcept {
  for (;;) {
    const std::size_t first_child = hole * kArity + 1;
    if (first_child >= heap_.size()) break;
    const std::size_t end = std::min(first_child + kArity, heap_.size());
    std::size_t least = first_child;
    for (std::size_t child = first_child + 1; child < end; ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(entry)) break;
    put(hole, heap_[least]);
    hole = least;
  }
  put(hole, entry);
}

}  // namespace conclave::detail
