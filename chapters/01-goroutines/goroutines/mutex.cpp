#include "goroutines/mutex.hpp"

#include "goroutines/goroutine.hpp"
#include "goroutines/panic.hpp"

namespace conclave {

void Mutex::lock(std::source_location place) {
  detail::Goroutine& self = detail::current(place);
  if (!holder_) {
    holder_ = {self.id, place};
    return;
  }
  detail::park_in(waiters_, {"Mutex::lock", place, this, explain});
  if (holder_.goroutine == self.id) holder_.since = place;  // unlock() handed it to us
}

bool Mutex::try_lock(std::source_location place) {
  detail::Goroutine& self = detail::current(place);
  if (holder_) return false;
  holder_ = {self.id, place};
  return true;
}

void Mutex::unlock(std::source_location place) {
  detail::current(place);
  if (!holder_) {
    if (detail::unwinding()) return;  // its lock() returned without the mutex
    panic("Mutex::unlock: nobody holds this mutex", place);
  }
  detail::Goroutine* waiter = waiters_.pop();
  if (waiter == nullptr) {
    holder_ = {};
    return;
  }
  holder_ = {waiter->id, waiter->wait->place};
  detail::ready(*waiter);
}

std::string Mutex::explain(const void* mutex) {
  return static_cast<const Mutex*>(mutex)->holder_.describe();
}

}  // namespace conclave
