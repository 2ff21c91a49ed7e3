#include "goroutines/run_queue.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace conclave::detail {
namespace {

Goroutine* pop_front(Queue& queue) noexcept {
  auto& first = static_cast<Goroutine&>(queue.front());
  queue.pop_front();
  return &first;
}

Goroutine* pop_back(Queue& queue) noexcept {
  auto& last = static_cast<Goroutine&>(queue.back());
  queue.pop_back();
  return &last;
}

}  // namespace

void RunQueue::reset(Order order, std::uint64_t seed, ChangePoints change_points) {
  const RuntimeCode runtime;  // also on a stack that main has left and goroutines have written to
  woken_.clear();
  started_.clear();
  yielded_.clear();
  any_.clear();
  order_ = order;
  picks_ = 0;
  random_ = Random(seed).stream("order");
  lowest_ = kDrawn;
  change_points_.clear();
  if (order != Order::pct) return;
  for (unsigned i = 0; i < change_points.count; ++i)
    change_points_.push_back(random_.between(std::uint64_t{1}, change_points.among));
  std::ranges::sort(change_points_, std::greater());
}

void RunQueue::push(Queue& queue, Goroutine& goroutine) noexcept {
  if (order_ != Order::standard) {
    any_.push_back(&goroutine);
  } else {
    queue.push_back(goroutine);
  }
}

void RunQueue::remove(Goroutine& goroutine) noexcept {
  goroutine.unlink();
  std::erase(any_, &goroutine);
}

Goroutine* RunQueue::pop() noexcept {
  if (order_ == Order::random) return pop_random();
  if (order_ == Order::pct) return pop_pct();

  ++picks_;
  if (picks_ % kPatience == 0) {
    if (Goroutine* neglected = pop_neglected()) return neglected;
  }
  const bool prefer_started = picks_ % 4 == 0;
  if (!woken_.empty() && !(prefer_started && !started_.empty())) return pop_front(woken_);
  if (!started_.empty()) return pop_back(started_);
  if (!yielded_.empty()) return pop_front(yielded_);
  return nullptr;
}

Goroutine* RunQueue::pop_neglected() noexcept {
  if (picks_ % kPatienceStarted == 0 && !started_.empty()) return pop_front(started_);
  if (!yielded_.empty()) return pop_front(yielded_);
  return nullptr;
}

Goroutine* RunQueue::pop_random() noexcept {
  return any_.empty() ? nullptr : take(random_.below(any_.size()));
}

/// The one with the highest priority, unless this is a change point: then it is moved back first.
Goroutine* RunQueue::pop_pct() noexcept {
  if (any_.empty()) return nullptr;
  const auto highest = [this] { return std::ranges::max_element(any_, {}, &Goroutine::priority); };
  ++picks_;
  while (!change_points_.empty() && change_points_.back() <= picks_) {
    change_points_.pop_back();
    move_back(**highest());
  }
  return take(static_cast<std::size_t>(highest() - any_.begin()));
}

Goroutine* RunQueue::take(std::size_t slot) noexcept {
  std::swap(any_[slot], any_.back());
  Goroutine* taken = any_.back();
  any_.pop_back();
  return taken;
}

}  // namespace conclave::detail
