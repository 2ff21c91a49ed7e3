#include "goroutines/timers.hpp"

#include <algorithm>

namespace conclave::detail {

void Timers::push(TimePoint deadline, Goroutine& sleeper) {
  const Entry entry{deadline, arrivals_++, &sleeper};
  std::size_t hole = heap_.size();
  heap_.push_back(entry);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kArity;
    if (!entry.before(heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = entry;
}

Goroutine* Timers::pop_due(TimePoint now) noexcept {
  if (heap_.empty() || heap_.front().deadline > now) return nullptr;
  Goroutine* sleeper = heap_.front().sleeper;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (heap_.empty()) return sleeper;

  std::size_t hole = 0;
  for (;;) {
    const std::size_t first_child = hole * kArity + 1;
    if (first_child >= heap_.size()) break;
    const std::size_t end = std::min(first_child + kArity, heap_.size());
    std::size_t least = first_child;
    for (std::size_t child = first_child + 1; child < end; ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(last)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = last;
  return sleeper;
}

}  // namespace conclave::detail
