/// @file
/// What `go` starts: a callable with its arguments (Task), and where it was written (Start).
/// @internal
///
/// `go(f, args...)` wants the caller's place as a default argument, but no default argument may follow a
/// parameter pack.  So f is taken as a Start, and f's conversion to it captures the place.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include "goroutines/panic.hpp"

namespace conclave {

class WaitGroup;

namespace detail {

/// A move-only `void()` that runs once.  Up to kInlineBytes lie inside; larger ones on the heap.
class Task {
 public:
  static constexpr std::size_t kInlineBytes = 64;

  Task() noexcept = default;

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Task>)
  explicit Task(F&& f) {
    using Stored = std::decay_t<F>;
    if constexpr (kFitsInline<Stored>) {
      ::new (static_cast<void*>(bytes_)) Stored(std::forward<F>(f));
      operate_ = &operate_inline<Stored>;
    } else {
      ::new (static_cast<void*>(bytes_)) Stored*(new Stored(std::forward<F>(f)));
      operate_ = &operate_heap<Stored>;
    }
  }

  Task(Task&& other) noexcept { take(other); }
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~Task() { reset(); }

  /// Runs the callable, which stays until reset().  Call at most once.
  void run() { operate_(Operation::run, bytes_, nullptr); }

  /// Destroys the callable.
  void reset() noexcept {
    if (operate_ != nullptr) std::exchange(operate_, nullptr)(Operation::destroy, bytes_, nullptr);
  }

  [[nodiscard]] explicit operator bool() const noexcept { return operate_ != nullptr; }

 private:
  enum class Operation { run, move_to, destroy };

  template <class F>
  static constexpr bool kFitsInline =
      sizeof(F) <= kInlineBytes && alignof(F) <= alignof(std::max_align_t) &&
      std::is_nothrow_move_constructible_v<F>;

  template <class F>
  static void operate_inline(Operation operation, void* from, void* to) {
    F& f = *std::launder(static_cast<F*>(from));
    switch (operation) {
      case Operation::run:
        std::move(f)();
        break;
      case Operation::move_to:
        ::new (to) F(std::move(f));
        f.~F();
        break;
      case Operation::destroy:
        f.~F();
        break;
    }
  }

  template <class F>
  static void operate_heap(Operation operation, void* from, void* to) {
    F* f = *std::launder(static_cast<F**>(from));
    switch (operation) {
      case Operation::run:
        std::move (*f)();
        break;
      case Operation::move_to:
        ::new (to) F*(f);
        break;
      case Operation::destroy:
        delete f;
        break;
    }
  }

  void take(Task& other) noexcept {
    if (other.operate_ == nullptr) return;
    other.operate_(Operation::move_to, other.bytes_, bytes_);
    operate_ = std::exchange(other.operate_, nullptr);
  }

  void (*operate_)(Operation, void*, void*) = nullptr;
  alignas(std::max_align_t) std::byte bytes_[kInlineBytes];
};

/// Throws the Panic for a null function, which would otherwise crash far from here.
[[noreturn]] void panic_empty_function(std::source_location place);

/// Function pointers and std::function may be empty; functions, lambdas and function objects never are.
template <class F>
inline constexpr bool kMayBeEmpty = !std::is_function_v<std::remove_reference_t<F>> &&
                                    std::is_constructible_v<std::decay_t<F>, std::nullptr_t> &&
                                    requires(const std::decay_t<F>& f) { static_cast<bool>(f); };

/// A callable that takes Args, by reference, and the place where it was handed over.
template <class... Args>
class Start {
 public:
  template <class F>
    requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  // NOLINTNEXTLINE(google-explicit-constructor): the conversion is what captures the place
  Start(F&& f, std::source_location place = std::source_location::current())
      : f_(address_of(f)), bind_(&bind_to<F>), place_(place) {
    if constexpr (kMayBeEmpty<F>) {
      if (!static_cast<bool>(f)) panic_empty_function(place);
    }
  }

  /// Copies or moves the callable and its arguments into a Task.
  [[nodiscard]] Task bind(Args&&... args) && { return bind_(f_, std::forward<Args>(args)...); }

  [[nodiscard]] const std::source_location& place() const noexcept { return place_; }

 private:
  template <class F>
  static void* address_of(F& f) noexcept {
    return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(std::addressof(f)));
  }

  template <class F>
  static Task bind_to(void* f, Args&&... args) {
    auto& callable = *reinterpret_cast<std::remove_reference_t<F>*>(f);
    if constexpr (sizeof...(Args) == 0) {
      return Task(std::forward<F>(callable));
    } else {
      return Task([callable = std::decay_t<F>(std::forward<F>(callable)),
                   bound = std::tuple<std::decay_t<Args>...>(std::forward<Args>(
                       args)...)]() mutable { std::apply(std::move(callable), std::move(bound)); });
    }
  }

  void* f_;
  Task (*bind_)(void*, Args&&...);
  std::source_location place_;
};

}  // namespace detail
}  // namespace conclave
