/// @file
/// ThreadState: what the C++ runtime keeps per thread and a goroutine needs per goroutine.
/// @internal
///
/// Two things: the exceptions that are being thrown and handled, and errno.  Without this, two goroutines that
/// park inside `catch` rethrow each other's exceptions.  (Boost.Context does it itself from 1.88 on.)
///
/// Source: Itanium C++ ABI, Exception handling, §2.2.2 (__cxa_eh_globals).
#pragma once

#include <cerrno>
#include <cxxabi.h>

#include <boost/version.hpp>

namespace conclave::detail {

static_assert(BOOST_VERSION < 108800,
              "Boost.Context 1.88 saves exception state itself: remove it from ThreadState");

/// What is saved for a goroutine that does not run.
struct ThreadState {
  void* caught_exceptions = nullptr;     // those being handled, innermost first
  unsigned int uncaught_exceptions = 0;  // how many are in flight
  int error_number = 0;                  // errno
};

/// Where this thread keeps it for the goroutine that runs.  A goroutine never changes its thread, so the
/// addresses are looked up once.
class ThreadSeat {
 public:
  [[nodiscard]] ThreadState save() const noexcept {
    return {exceptions_->caught, exceptions_->uncaught, *error_number_};
  }

  void restore(const ThreadState& state) const noexcept {
    exceptions_->caught = state.caught_exceptions;
    exceptions_->uncaught = state.uncaught_exceptions;
    *error_number_ = state.error_number;
  }

 private:
  struct ExceptionGlobals {
    void* caught;
    unsigned int uncaught;
  };

  ExceptionGlobals* exceptions_ = reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  int* error_number_ = &errno;
};

}  // namespace conclave::detail
