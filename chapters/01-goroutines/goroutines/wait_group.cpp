#include "goroutines/wait_group.hpp"

#include <limits>

#include <fmt/format.h>

#include "goroutines/go.hpp"
#include "goroutines/processor.hpp"

namespace conclave {
namespace {

std::string explain(const void* group) {
  return fmt::format("{} not done", static_cast<const WaitGroup*>(group)->count());
}

}  // namespace

WaitGroup::~WaitGroup() noexcept(false) {
  const detail::Acquires order(done_);
  if (count_ == 0) return;
  detail::current(made_at_);
  struct Forget {
    WaitGroup& group;
    ~Forget() {
      if (group.count_ != 0) detail::current_processor->forget(group);
    }
  } forget{*this};
  while (count_ != 0 && !detail::unwinding()) {
    detail::park_in(waiters_, {"WaitGroup::~WaitGroup", made_at_, this, explain});
  }
}

void WaitGroup::add(std::int64_t delta, std::source_location place) {
  if (detail::gone(this)) return;
  const detail::CalledHere caller;
  if (count_ == 0 && delta > 0) began_.use();
  const detail::RuntimeCode runtime;
  if (delta < 0) done_.release();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (delta < 0 ? count_ + delta < 0 : count_ > kMax - delta) panic_out_of_range(delta, place);
  count_ += delta;
  if (count_ != 0) return;
  while (detail::Goroutine* waiter = waiters_.pop()) detail::ready(*waiter);
}

void WaitGroup::panic_out_of_range(std::int64_t delta, std::source_location place) const {
  panic(fmt::format(
            "WaitGroup: the counter is {}; adding {} would take it {}", count_, delta,
            delta < 0 ? "below zero: done() was called once too often" : "past the largest number"),
        place);
}

void WaitGroup::wait(std::source_location place) {
  if (detail::gone(this)) return;
  const detail::CalledHere caller;
  if (count_ != 0 && waiters_.empty()) began_.change();
  const detail::Acquires order(done_);
  if (count_ == 0) return;
  detail::current(place);
  do {  // again, when somebody added between the wake-up and our turn
    detail::park_in(waiters_, {"WaitGroup::wait", place, this, explain});
  } while (count_ != 0 && !detail::unwinding());
}

void WaitGroup::start(detail::Task&& task, std::source_location place) {
  const detail::CalledHere caller;
  detail::current(place);
  if (detail::gone(this)) return;
  add(1, place);
  detail::start(std::move(task), {}, this, place);
}

}  // namespace conclave
