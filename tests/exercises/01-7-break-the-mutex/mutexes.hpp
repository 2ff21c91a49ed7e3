/// @file
/// The mutexes that a reader's tests are held against.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mutex_tests.hpp"

namespace conclave {

/// Makes a mutex that nobody holds.
using MutexMaker = std::function<std::unique_ptr<SomeMutex>()>;

/// The chapter's Mutex.
MutexMaker our_mutex();

/// Another right one: a semaphore with one permit.
MutexMaker semaphore_as_mutex();

/// Wrong in one way each: the flaw, and the mutex that has it.
std::vector<std::pair<std::string, MutexMaker>> planted_mutexes();

}  // namespace conclave
