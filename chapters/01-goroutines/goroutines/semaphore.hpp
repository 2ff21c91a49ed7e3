/// @file
/// Semaphore: a number of permits; a goroutine that finds too few waits.
///
/// Laws
///  1. Permits in use plus permits free are always the number the semaphore was made with.
///  2. First come, first served: a request for many is not overtaken by later ones for few.
///  3. try_acquire() never parks, and fails while anybody waits.
///  4. release() of permits that nobody holds panics and changes nothing.
///
/// Call from any goroutine.  Source: Dijkstra 1965, on general semaphores; golang.org/x/sync/semaphore (Weighted).
#pragma once

#include <cstdint>
#include <source_location>

#include "goroutines/parking.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {

/// A number of permits; a goroutine that finds too few waits.
class Semaphore {
 public:
  /// @throws Panic for fewer than 0 permits
  explicit Semaphore(std::int64_t permits,
                     std::source_location place = std::source_location::current());
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// Takes `n` permits; parks until they are free and everybody who came before has been served.
  /// @throws Panic for n < 0 or n larger than the semaphore, or outside run()
  /// @rule{Go x/sync/semaphore: a large request at the front is not overtaken by small ones behind it}
  void acquire(std::int64_t n = 1, std::source_location place = std::source_location::current());

  /// Takes `n` permits if they are free and nobody waits.  Does not park.
  /// @return whether they were taken
  /// @throws Panic for n < 0, or outside run()
  [[nodiscard]] bool try_acquire(std::int64_t n = 1,
                                 std::source_location place = std::source_location::current());

  /// Gives `n` permits back and wakes those who can now be served, in order.  Does not block.
  /// @throws Panic for n < 0, or when fewer than n are in use
  void release(std::int64_t n = 1, std::source_location place = std::source_location::current());

  /// How many permits are free.  Does not block.
  [[nodiscard]] std::int64_t available() const noexcept { return size_ - used_; }

 private:
  struct Request;
  static std::string explain(const void* request);
  void serve() noexcept;

  [[no_unique_address]] detail::Edge released_;
  std::int64_t size_;
  std::int64_t used_ = 0;
  std::int64_t refused_ =
      0;  // acquire() returned without them to goroutines that are being unwound
  detail::WaitQueue waiters_;
};

}  // namespace conclave
