#include "semaphore.hpp"

#include <mutex>

#include <fmt/format.h>

#include "goroutines/goroutines.hpp"

namespace conclave::own {

struct Semaphore::State {
  const int size;  // how many permits there are
  Mutex mutex{};   // guards free
  Cond freed{};
  int free = size;
};

Semaphore::Semaphore(int permits) : state_(new State{permits}) {}

Semaphore::~Semaphore() = default;

void Semaphore::acquire() {
  const std::scoped_lock lock(state_->mutex);
  while (state_->free == 0) state_->freed.wait(state_->mutex);
  --state_->free;
}

bool Semaphore::try_acquire() {
  const std::scoped_lock lock(state_->mutex);
  if (state_->free == 0) return false;
  --state_->free;
  return true;
}

void Semaphore::release(int n) {
  const std::scoped_lock lock(state_->mutex);
  const int taken = state_->size - state_->free;
  if (n > taken) panic(fmt::format("release of {} permits, and {} are taken", n, taken));
  state_->free += n;
  for (int i = 0; i < n; ++i) state_->freed.notify_one();
}

int Semaphore::available() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->free;
}

}  // namespace conclave::own
