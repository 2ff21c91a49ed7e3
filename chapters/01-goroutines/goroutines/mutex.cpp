#include "goroutines/mutex.hpp"

#include "goroutines/goroutine.hpp"
#include "goroutines/panic.hpp"

namespace conclave {

void Mutex::wait_for_it(std::source_location place) {
  if (detail::gone(this)) return;
  if (!holder_) {
    holder_ = {detail::current_goroutine->id};
    return;
  }
  detail::park_in(waiters_, {"Mutex::lock", place, this, explain}, [&] { hand_over(place); });
}

void Mutex::hand_over(std::source_location place) {
  if (detail::gone(this)) return;
  const detail::Goroutine& self = *detail::current_goroutine;
  if (self.ending && holder_.goroutine != self.id) return;  // its lock() returned without the mutex
  if (!holder_) panic("Mutex::unlock: nobody holds this mutex", place);
  holder_ = {};
  if (detail::Goroutine* waiter = waiters_.pop()) {
    holder_ = {waiter->id};
    detail::ready(*waiter);
  }
}

std::string Mutex::explain(const void* mutex) {
  return static_cast<const Mutex*>(mutex)->holder_.describe();
}

}  // namespace conclave
