/// @file
/// A value, or the Status that says why there is none.
///
/// It is std::expected<T, Status>, for a compiler that has none yet.
///
/// Laws
///  1. A result holds a value or a status that is not ok, never both.
///  2. Asking an error for its value is our own mistake: it ends the program and names the status.
///
/// Call from anywhere.
/// Source: C++23, [expected]; the names ok() and status() are ours.
#pragma once

#include <concepts>
#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/assert.hpp"
#include "common/status.hpp"

namespace conclave {

template <class T>
class Result;

/// What a Result may hold: any object but a Status. What returns nothing returns a plain Status.
template <class T>
concept ResultValue = std::is_object_v<T> && !std::is_const_v<T> && !std::same_as<T, Status>;

/// A `T`, or the Status that says why there is none.  Copyable and movable as far as `T` is.
///
///     Result<int> parse(std::string_view text);
///
///     if (Result<int> port = parse(text); port.ok()) listen(*port);
///     else return port.status();
template <class T>
class [[nodiscard]] Result {
  static_assert(ResultValue<T>,
                "Result<T> wants an object type that is neither const nor Status; an operation "
                "without a value returns Status");

 public:
  using value_type = T;  ///< What it holds when it is ok.

  /// A value, from whatever a `T` can be made of.
  template <class U = T>
    requires std::constructible_from<T, U> && (!std::same_as<std::remove_cvref_t<U>, Result>) &&
             (!std::convertible_to<U, Status>)
  explicit(!std::convertible_to<U, T>) Result(U&& value)
      : content_(std::in_place_index<1>, std::forward<U>(value)) {}

  /// An error.
  /// @pre `error` is not ok
  // NOLINTNEXTLINE(google-explicit-constructor): `return Status::not_found(…)` is the purpose
  Result(Status error) : content_(std::in_place_index<0>, std::move(error)) {
    ensure(!std::get<0>(content_).ok(), "a Result without a value has a status that is not ok");
  }

  /// @name The value.  Names the caller's place when there is none; `*` and `->` cannot know it.
  /// @pre ok()
  /// @{
  [[nodiscard]] T& value(std::source_location place = std::source_location::current()) & {
    expect_value(place);
    return *std::get_if<1>(&content_);
  }
  [[nodiscard]] const T& value(
      std::source_location place = std::source_location::current()) const& {
    expect_value(place);
    return *std::get_if<1>(&content_);
  }
  [[nodiscard]] T&& value(std::source_location place = std::source_location::current()) && {
    return std::move(value(place));
  }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  /// @}

  /// The value, or `otherwise` when there is none.
  template <std::convertible_to<T> U>
  [[nodiscard]] T value_or(U&& otherwise) const& {
    return ok() ? **this : static_cast<T>(std::forward<U>(otherwise));
  }
  /// The value, moved out, or `otherwise` when there is none.
  template <std::convertible_to<T> U>
  [[nodiscard]] T value_or(U&& otherwise) && {
    return ok() ? *std::move(*this) : static_cast<T>(std::forward<U>(otherwise));
  }

  /// `f(value)` as a Result; an error stays as it is and `f` is not called.
  template <class F>
  [[nodiscard]] auto transform(F&& f) const& {
    return transform_of(*this, std::forward<F>(f));
  }
  /// The same, and `f` may move the value away.
  template <class F>
  [[nodiscard]] auto transform(F&& f) && {
    return transform_of(std::move(*this), std::forward<F>(f));
  }

  /// What `f(value)` returns, itself a Result; an error stays as it is and `f` is not called.
  template <class F>
  [[nodiscard]] auto and_then(F&& f) const& {
    return and_then_of(*this, std::forward<F>(f));
  }
  /// The same, and `f` may move the value away.
  template <class F>
  [[nodiscard]] auto and_then(F&& f) && {
    return and_then_of(std::move(*this), std::forward<F>(f));
  }

  /// Whether there is a value.
  [[nodiscard]] bool ok() const noexcept { return content_.index() == 1; }
  /// The same, by std::expected's name.
  [[nodiscard]] bool has_value() const noexcept { return ok(); }
  /// The same, for conditions.
  explicit operator bool() const noexcept { return ok(); }
  /// Why there is no value; an ok status when there is one.
  Status status() const { return ok() ? Status() : *std::get_if<0>(&content_); }

 private:
  void expect_value(std::source_location place) const {
    if (!ok()) [[unlikely]] {
      fail_assertion(
          fmt::format("a Result that is asked for its value has one (it has {})", status()), place);
    }
  }

  template <class Self, class F>
  static auto transform_of(Self&& self, F&& f) {
    using Next =
        Result<std::remove_cvref_t<std::invoke_result_t<F, decltype(*std::forward<Self>(self))>>>;
    if (!self.ok()) return Next(self.status());
    return Next(std::invoke(std::forward<F>(f), *std::forward<Self>(self)));
  }

  template <class Self, class F>
  static auto and_then_of(Self&& self, F&& f) {
    using Next = std::remove_cvref_t<std::invoke_result_t<F, decltype(*std::forward<Self>(self))>>;
    if (!self.ok()) return Next(self.status());
    return Next(std::invoke(std::forward<F>(f), *std::forward<Self>(self)));
  }

  std::variant<Status, T> content_;
};

}  // namespace conclave
