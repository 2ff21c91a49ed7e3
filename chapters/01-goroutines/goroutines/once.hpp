/// @file
/// Once, once_value: something that happens exactly once, however many goroutines ask for it.
///
/// Laws
///  1. Of all functions handed to one Once, the first one is called and no other.
///  2. call() returns only when that one call has ended.
///  3. A call that throws counts as the one call (Differs from std::call_once, which tries again).  One that is unwound
///     with its goroutine does not: the next to ask makes it.
///
/// Call from any goroutine; the function may park.  Source: Go, package sync, Once and OnceValue.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "goroutines/mutex.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {

/// Calls one function once.
class Once {
 public:
  Once() = default;
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;

  /// Calls `f()` if no call was made yet; parks while another goroutine makes it.
  /// A call() from inside `f` waits for itself: a deadlock, as in Go.
  /// @throws what `f` throws, to the goroutine that called it; the others return
  /// @rule{Go sync.Once.Do: f is called only the first time; if f panics, Do considers it to have returned}
  template <std::invocable F>
  void call(F&& f, std::source_location place = std::source_location::current()) {
    if (called()) return;
    mutex_.lock(place);
    const std::lock_guard unlock(mutex_, std::adopt_lock);
    if (called() || calling_) return;  // calling: we are a destructor that could not wait
    calling_ = true;
    try {
      std::invoke(std::forward<F>(f));
    } catch (const detail::Unwind&) {
      calling_ = false;
      throw;
    } catch (...) {
      set_called();
      throw;
    }
    set_called();
  }

 private:
  [[nodiscard]] bool called() noexcept {
    const detail::Acquires order(returned_);
    return called_;
  }
  void set_called() noexcept {
    const detail::Releases order(returned_);
    called_ = true;
  }

  [[no_unique_address]] detail::Edge returned_;
  bool called_ = false;
  bool calling_ = false;
  Mutex mutex_;
};

/// A function that returns `f()`, which is called once, at the first use.  Copies share the one value.
/// When `f` throws, every use throws that exception again.
/// @throws Panic in a destructor of a goroutine that is being unwound, while the call is on its way: it cannot wait
/// @rule{Go sync.OnceValue: f is called once; if it panics, every call panics with the same value}
template <std::invocable F>
[[nodiscard]] auto once_value(F f) {
  using Value = std::remove_cvref_t<std::invoke_result_t<F&>>;
  struct Shared {
    explicit Shared(F callable) : f(std::move(callable)) {}
    Once once;
    std::optional<F> f;
    std::optional<Value> value;
    std::exception_ptr error;
  };
  return [shared = std::make_shared<Shared>(std::move(f))]() -> const Value& {
    shared->once.call([&shared = *shared] {
      try {
        shared.value.emplace(std::invoke(*shared.f));
      } catch (const detail::Unwind&) {
        throw;
      } catch (...) {
        shared.error = std::current_exception();
      }
      shared.f.reset();
    });
    if (shared->error) std::rethrow_exception(shared->error);
    if (!shared->value) panic("once_value: a destructor asks while the call is on its way");
    return *shared->value;
  };
}

}  // namespace conclave
