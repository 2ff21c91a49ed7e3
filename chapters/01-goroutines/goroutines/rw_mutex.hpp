/// @file
/// RWMutex: many readers or one writer.
///
/// Laws
///  1. While a writer holds it, nobody else does.
///  2. A waiting writer stops new readers: readers that keep coming cannot starve it.
///  3. When a writer unlocks, the readers that waited go first, all together; so writers cannot starve readers.
///  4. try_lock() and try_lock_shared() never park and never yield.
///  5. Unlocking what is not held in that way panics and changes nothing.
///
/// It meets the standard's SharedLockable requirements: use std::unique_lock to write, std::shared_lock to read.
/// A reader that waits for a second read lock can deadlock behind a writer, as in Go.
/// Call from any goroutine.  Source: Go, package sync, type RWMutex; Courtois, Heymans & Parnas 1971.
#pragma once

#include <cstdint>
#include <source_location>

#include "goroutines/parking.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {

/// Many readers or one writer.
class RWMutex {
 public:
  RWMutex() = default;
  RWMutex(const RWMutex&) = delete;
  RWMutex& operator=(const RWMutex&) = delete;

  /// Takes it for writing; parks while anybody holds it or waits before us to write.  Go's `Lock`.
  /// @throws Panic outside run()
  void lock(std::source_location place = std::source_location::current());

  /// Takes it for writing if nobody holds it.  Does not park.
  /// @return whether this goroutine holds it for writing now
  /// @throws Panic outside run()
  [[nodiscard]] bool try_lock(std::source_location place = std::source_location::current());

  /// Ends writing; readers that waited go next, or else the next writer.  Does not block.
  /// @throws Panic when nobody holds it for writing
  void unlock(std::source_location place = std::source_location::current());

  /// Takes it for reading; parks while a writer holds it or waits.  Go's `RLock`.
  /// @throws Panic outside run()
  /// @rule{Go sync.RWMutex: a blocked Lock excludes new readers from acquiring the lock}
  void lock_shared(std::source_location place = std::source_location::current());

  /// Takes it for reading if no writer holds it or waits.  Does not park.
  /// @return whether this goroutine holds it for reading now
  /// @throws Panic outside run()
  [[nodiscard]] bool try_lock_shared(std::source_location place = std::source_location::current());

  /// Ends reading; the last reader lets a waiting writer in.  Does not block.
  /// @throws Panic when nobody holds it for reading
  void unlock_shared(std::source_location place = std::source_location::current());

 private:
  static std::string explain(const void* mutex);
  void let_readers_in() noexcept;
  void let_writer_in() noexcept;

  [[no_unique_address]] detail::Edge written_;
  [[no_unique_address]] detail::Edge read_;
  detail::Holder writer_;
  std::int64_t readers_ = 0;
  std::int64_t refused_readers_ =
      0;  // lock_shared() returned without it, since they are being unwound
  detail::WaitQueue waiting_writers_;
  detail::WaitQueue waiting_readers_;
};

}  // namespace conclave
