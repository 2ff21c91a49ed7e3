/// @file
/// Exercise 1.9: a semaphore, made of a mutex and a condition.
///
/// Laws
///  1. Permits taken plus permits free are always the number the semaphore was made with.
///  2. acquire() returns with a permit.  Who waits for one is parked.
///  3. While a permit is free, nobody waits.
///  4. release() of more permits than are taken panics and changes nothing.
///
/// Call from any goroutine.  Source: Dijkstra 1965; Hoare 1974, §2 (a semaphore as a monitor).
#pragma once

#include <memory>

namespace conclave::own {

/// A number of permits; a goroutine that finds none waits.
class Semaphore {
 public:
  /// @pre permits >= 0
  explicit Semaphore(int permits);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore();

  /// Takes a permit; parks until there is one.  Who is served first is yours to choose.
  void acquire();

  /// Takes a permit if one is free.  Does not wait for one.
  /// @return whether it was taken
  [[nodiscard]] bool try_acquire();

  /// Gives `n` permits back, n >= 1.  As with a mutex, others than those who took them may do it.
  /// @throws Panic when fewer than n are taken
  void release(int n = 1);

  /// How many permits are free.
  [[nodiscard]] int available() const;

 private:
  struct State;  // yours to say, in semaphore.cpp
  std::unique_ptr<State> state_;
};

}  // namespace conclave::own
