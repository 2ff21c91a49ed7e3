#include "goroutines/cond.hpp"

namespace conclave {

void Cond::park(std::source_location place) { detail::park_in(waiters_, {"Cond::wait", place}); }

void Cond::notify_one() noexcept {
  if (detail::gone(this)) return;
  if (detail::Goroutine* waiter = waiters_.pop()) detail::ready(*waiter);
}

void Cond::notify_all() noexcept {
  if (detail::gone(this)) return;
  while (detail::Goroutine* waiter = waiters_.pop()) detail::ready(*waiter);
}

}  // namespace conclave
