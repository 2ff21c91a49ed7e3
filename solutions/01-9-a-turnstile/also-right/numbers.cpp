// Everybody draws a number, as at a counter: first come, first served, and one Cond for all of them.
#include <cstdint>
#include <mutex>

#include "goroutines/goroutines.hpp"
#include "semaphore.hpp"

namespace conclave::own {

struct Semaphore::State {
  const int size;
  Mutex mutex{};  // guards what follows
  Cond called{};
  std::int64_t drawn = 0;  // numbers 0 to drawn - 1
  std::int64_t given_back = 0;

  // Number k has a permit when size + given_back numbers are called, and it is one of them.
  [[nodiscard]] bool is_called(std::int64_t number) const { return number < size + given_back; }
  [[nodiscard]] std::int64_t free() const {
    return is_called(drawn) ? size + given_back - drawn : 0;
  }
  [[nodiscard]] std::int64_t taken() const { return is_called(drawn) ? drawn - given_back : size; }
};

Semaphore::Semaphore(int permits) : state_(new State{permits}) {}

Semaphore::~Semaphore() = default;

void Semaphore::acquire() {
  const std::scoped_lock lock(state_->mutex);
  const std::int64_t mine = state_->drawn++;
  state_->called.wait(state_->mutex, [&] { return state_->is_called(mine); });
}

bool Semaphore::try_acquire() {
  const std::scoped_lock lock(state_->mutex);
  if (!state_->is_called(state_->drawn)) return false;
  ++state_->drawn;
  return true;
}

void Semaphore::release(int n) {
  const std::scoped_lock lock(state_->mutex);
  if (n > state_->taken()) panic("more permits than are taken");
  state_->given_back += n;
  state_->called.notify_all();
}

int Semaphore::available() const {
  const std::scoped_lock lock(state_->mutex);
  return static_cast<int>(state_->free());
}

}  // namespace conclave::own
