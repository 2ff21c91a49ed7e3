#include "semaphore.hpp"

#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave::own {

struct Semaphore::State {
  const int size;  // how many permits there are
  Mutex mutex{};   // guards free
  int free = size;
};

Semaphore::Semaphore(int permits) : state_(new State{permits}) {}

Semaphore::~Semaphore() = default;

void Semaphore::acquire() { todo("1.9: acquire, and wait while no permit is free"); }

bool Semaphore::try_acquire() { todo("1.9: try_acquire, without waiting"); }

void Semaphore::release(int n) { todo("1.9: release, and tell those who wait"); }

int Semaphore::available() const { todo("1.9: available, the permits that are free"); }

}  // namespace conclave::own
