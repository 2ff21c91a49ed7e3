#include "goroutines/cond.hpp"

#include "goroutines/goroutine.hpp"

namespace conclave {

void Cond::park(std::source_location place) {
  const detail::Acquires order(detail::current_goroutine->notified);
  detail::park_in(waiters_, {"Cond::wait", place}, [&] { notify_one(); });
}

void Cond::notify_one() noexcept {
  if (detail::gone(this)) return;
  if (detail::Goroutine* waiter = waiters_.pop()) wake(*waiter);
}

void Cond::notify_all() noexcept {
  if (detail::gone(this)) return;
  while (detail::Goroutine* waiter = waiters_.pop()) wake(*waiter);
}

void Cond::wake(detail::Goroutine& waiter) noexcept {
  const detail::Releases order(waiter.notified);
  detail::ready(waiter);
}

}  // namespace conclave
