/// @file
/// Everything of chapter 1 in one include.
#pragma once

#include "goroutines/blocking.hpp"         // IWYU pragma: export
#include "goroutines/clock.hpp"            // IWYU pragma: export
#include "goroutines/cond.hpp"             // IWYU pragma: export
#include "goroutines/descriptor.hpp"       // IWYU pragma: export
#include "goroutines/dump.hpp"             // IWYU pragma: export
#include "goroutines/go.hpp"               // IWYU pragma: export
#include "goroutines/goroutine_group.hpp"  // IWYU pragma: export
#include "goroutines/mutex.hpp"            // IWYU pragma: export
#include "goroutines/once.hpp"             // IWYU pragma: export
#include "goroutines/outside.hpp"          // IWYU pragma: export
#include "goroutines/panic.hpp"            // IWYU pragma: export
#include "goroutines/rw_mutex.hpp"         // IWYU pragma: export
#include "goroutines/semaphore.hpp"        // IWYU pragma: export
#include "goroutines/wait_group.hpp"       // IWYU pragma: export
