/// @file
/// blocking: a call that blocks its thread, without blocking the other goroutines.
///
/// A read from a disk, fsync(2), getaddrinfo(3), a long computation: none of them can be waited for with
/// wait_readable(), and on our thread each would stop all goroutines.  blocking(f) runs f on a helper thread and
/// parks the goroutine meanwhile:
///
///     const int result = blocking([&] { return fsync(fd); });     // errno is that of fsync
///
/// Laws
///  1. f runs once, on another thread, and has ended when blocking(f) returns: it may use what the goroutine has.
///  2. Its result, its exception and its errno are the goroutine's.
///  3. At most RunOptions::helpers_max such functions run at once; the others wait, first come, first served.
///  4. f runs outside run(): a call of this library inside f panics, but for RunHandle::post().
///  5. A goroutine that is ended meanwhile is unwound when f has ended, or at once when f has not begun.  When f does
///     not end within 100 ms, the program is ended with a report, since nobody can end f.
///  6. In a destructor of a goroutine that is being unwound, which cannot park, f runs on the goroutine's own thread,
///     and everybody waits for it.
///
/// Signals go to the program's own threads: f runs with all of them blocked, and a process that it starts inherits that
/// (posix_spawn(3) can set the mask: POSIX_SPAWN_SETSIGMASK).  Functions that wait for one another need as many helpers.
///
/// A function on its way counts as something that can still happen; a virtual clock stands still meanwhile.
/// Source: Go, runtime/proc.go, entersyscall (the thread is left to the call, another one runs goroutines).
#pragma once

#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <variant>

#include "goroutines/clock.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/start.hpp"

namespace conclave {

namespace detail {

/// How long the end of a goroutine waits for its function on a helper thread.
inline constexpr Duration kPatienceForCalls = std::chrono::milliseconds(100);

/// Runs `call(object)` on a helper thread and parks meanwhile; on this thread while the goroutine is being unwound.
void run_blocking(void (*call)(void* object) noexcept, void* object, std::source_location place);

/// What `f` came to: a value or an exception.
template <class F>
class Outcome {
 public:
  using Value = std::invoke_result_t<F&>;

  explicit Outcome(F& f) noexcept : f_(f) {}

  static void obtain_for(void* self) noexcept { static_cast<Outcome*>(self)->obtain(); }

  Value get() && {
    if (error_ != nullptr) std::rethrow_exception(std::move(error_));
    if constexpr (std::is_reference_v<Value>) {
      return static_cast<Value>(**value_);
    } else if constexpr (!std::is_void_v<Value>) {
      return std::move(*value_);
    }
  }

 private:
  using Stored = std::conditional_t<
      std::is_void_v<Value>, std::monostate,
      std::conditional_t<std::is_reference_v<Value>, std::remove_reference_t<Value>*, Value>>;

  void obtain() noexcept {
    try {
      if constexpr (std::is_void_v<Value>) {
        std::invoke(f_);
      } else if constexpr (std::is_reference_v<Value>) {
        auto&& result = std::invoke(f_);
        value_ = std::addressof(result);
      } else {
        value_.emplace(std::invoke(f_));
      }
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  F& f_;
  std::optional<Stored> value_;
  std::exception_ptr error_;
};

}  // namespace detail

/// Calls `f()` on a helper thread, and returns what it returns; parks this goroutine meanwhile.
/// @throws what `f` throws; Panic outside run(), for an empty `f`, or when the system has no thread for it
template <std::invocable F>
std::invoke_result_t<F&> blocking(F&& f,
                                  std::source_location place = std::source_location::current()) {
  if constexpr (detail::kMayBeEmpty<F>) {
    if (!static_cast<bool>(f)) panic("blocking: the function is empty", place);
  }
  detail::Outcome<std::remove_reference_t<F>> outcome(f);
  detail::run_blocking(&decltype(outcome)::obtain_for, &outcome, place);
  return std::move(outcome).get();
}

}  // namespace conclave
