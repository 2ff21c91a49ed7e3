// Dijkstra's: the number goes below zero and then counts those who wait.  A permit that comes back belongs to one of
// them at once, so nobody has to look again, and `if` is enough.  It rests on Cond's law 4: no spurious wake-ups.
#include <algorithm>
#include <mutex>

#include "goroutines/goroutines.hpp"
#include "semaphore.hpp"

namespace conclave::own {

struct Semaphore::State {
  const int size;
  Mutex mutex{};  // guards number
  Cond handed_over{};
  int number = size;  // of free permits; below zero, of those who wait
  int taken = 0;
};

Semaphore::Semaphore(int permits) : state_(new State{permits}) {}

Semaphore::~Semaphore() = default;

void Semaphore::acquire() {
  const std::scoped_lock lock(state_->mutex);
  if (--state_->number < 0) {
    state_->handed_over.wait(state_->mutex);
  } else {
    ++state_->taken;
  }
}

bool Semaphore::try_acquire() {
  const std::scoped_lock lock(state_->mutex);
  if (state_->number <= 0) return false;
  --state_->number;
  ++state_->taken;
  return true;
}

void Semaphore::release(int n) {
  const std::scoped_lock lock(state_->mutex);
  if (n > state_->taken) panic("more permits than are taken");
  for (; n > 0; --n) {
    if (++state_->number <= 0) {
      state_->handed_over.notify_one();  // taken by somebody else now
    } else {
      --state_->taken;
    }
  }
}

int Semaphore::available() const {
  const std::scoped_lock lock(state_->mutex);
  return std::max(state_->number, 0);
}

}  // namespace conclave::own
