/// @file
/// Exercise 1.7: tests that tell a right mutex from a wrong one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace conclave {

/// A mutex, right or wrong.  What a right one promises are the laws 1 to 4 of goroutines/mutex.hpp.
/// std::scoped_lock and std::unique_lock fit it.
class SomeMutex {
 public:
  virtual ~SomeMutex() = default;

  virtual void lock() = 0;
  [[nodiscard]] virtual bool try_lock() = 0;
  virtual void unlock() = 0;
};

/// A test.  `examine` is the main goroutine of a run of its own, on a virtual clock, with a mutex that nobody holds.
/// It rejects the mutex by expect(), and also when it panics, ends in a deadlock report, crashes or does not end.
struct MutexTest {
  std::string name;
  std::function<void(SomeMutex& mutex)> examine;
};

/// Rejects the mutex unless `holds`: says `what` should have been so, and ends the test.  Does not park.
void expect(bool holds, std::string_view what);

/// Your tests.  Each runs alone, in the standard order and in 50 random ones.
std::vector<MutexTest> mutex_tests();

}  // namespace conclave
