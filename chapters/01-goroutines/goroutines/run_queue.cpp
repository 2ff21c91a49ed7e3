#include "goroutines/run_queue.hpp"

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

void RunQueue::reset(Order order, std::uint64_t seed) {
  woken_.clear();
  started_.clear();
  yielded_.clear();
  any_.clear();
  order_ = order;
  picks_ = 0;
  random_ = Random(seed).stream("order");
}

void RunQueue::push(Queue& queue, Goroutine& goroutine) noexcept {
  if (order_ == Order::random) {
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
  if (any_.empty()) return nullptr;
  std::swap(any_[random_.below(any_.size())], any_.back());
  Goroutine* chosen = any_.back();
  any_.pop_back();
  return chosen;
}

}  // namespace conclave::detail
