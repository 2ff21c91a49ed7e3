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
#include "goroutines/start.hpp"
#include "goroutines/thread_state.hpp"

namespace conclave::detail {

struct Worker;

/// One goroutine.  Recycled: `id` is new at each start, and 0 while the record is free.
struct Goroutine : Queueable {
  std::uint64_t id = 0;
  Task task;                    // what to run; empty once it runs
  Worker* worker = nullptr;     // the fiber it runs on; null until it runs first
  const Wait* wait = nullptr;   // why it is parked; null while it runs or is ready
  const void* frame = nullptr;  // where its stack of calls began when it parked
  ThreadState thread_state;
  bool ending = false;         // it is to be unwound
  WaitGroup* group = nullptr;  // told when it is done
  std::source_location started_at;
  std::string name;
};

/// Thrown through a goroutine's stack to run its destructors when the program ends before it does.
/// Not an exception a program should catch: a `catch (...)` must throw it on.
struct Unwind {};

}  // namespace conclave::detail
