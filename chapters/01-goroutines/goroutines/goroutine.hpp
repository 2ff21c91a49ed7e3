/// @file
/// Goroutine: what the scheduler knows about one.
/// @internal
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>

#include "goroutines/clock.hpp"
#include "goroutines/parking.hpp"
#include "goroutines/race_detector.hpp"
#include "goroutines/start.hpp"
#include "goroutines/thread_state.hpp"

namespace boost::fibers {
class context;  // NOLINT(readability-identifier-naming): Boost's name
}

namespace conclave::detail {

struct GroupState;
struct Worker;

/// One goroutine.  Recycled: `id` is new at each start, and 0 while the record is free.
/// What a switch touches comes first, in one cache line.
struct alignas(64) Goroutine : Queueable {
  Worker* worker = nullptr;                   // the fiber it runs on; null until it runs first
  boost::fibers::context* context = nullptr;  // of that fiber
  ThreadState thread_state;
  const Wait* wait = nullptr;  // why it is parked; null while it runs or is ready
  bool ending = false;         // it is being unwound, or will be
  bool unwinding = false;      // its Unwind has been thrown
  bool orphaned = false;       // what it waits for has ended before it

  std::uint64_t id = 0;
  std::uint64_t priority = 0;       // of Order::pct
  const void* frame = nullptr;      // where its stack of calls began when it parked or yielded
  TimePoint parked_at;              // as the processor knew the time
  GroupState* group = nullptr;      // with which it can be ended; null when it belongs to none
  WaitGroup* wait_group = nullptr;  // told when it is done
  Task task;                        // what to run; empty once it has run
  std::source_location started_at;
  std::string name;

  [[no_unique_address]] RaceContext race_context;
  [[no_unique_address]] Edge notified;

  /// "node 1: logger": its group's name, where that has one, and its own; may be empty.
  [[nodiscard]] std::string full_name() const;
};

}  // namespace conclave::detail
