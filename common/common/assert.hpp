/// @file
/// An assertion that is on in every build, for our own mistakes.
///
/// The world's failures are values: see status.hpp.
///
/// Laws
///  1. A law that holds costs one branch and formats nothing.
///  2. A law that does not hold ends the program (SIGABRT), after naming the law, the values and the
///     place on standard error.
///
/// Call from anywhere.
#pragma once

#include <concepts>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/core.h>

namespace conclave {

/// Prints `assertion failed: ` with the law and the place to standard error and aborts.
[[noreturn]] void fail_assertion(std::string_view law, const std::source_location& place);

/// The text of a law, a format string of libfmt, with the place where it is stated.
template <class... Args>
struct Law {
  /// Takes the place of the call that names the law.
  template <std::convertible_to<std::string_view> Text>
  // NOLINTNEXTLINE(google-explicit-constructor): a law is written as a plain string
  consteval Law(const Text& law_text,
                std::source_location law_place = std::source_location::current())
      : text(law_text), place(law_place) {}

  fmt::format_string<Args...> text;  ///< the law, in positive form, then the values a reader needs
  std::source_location place;        ///< where it is stated
};

/// Ends the program with the law and its place unless `holds`.  Does not block.
///
///     ensure(index < size, "an index is below the size (index {}, size {})", index, size);
///
/// @param law   what must be true, in positive form, with the values that decide it
template <class... Args>
constexpr void ensure(bool holds, Law<std::type_identity_t<Args>...> law, Args&&... values) {
  if (!holds) [[unlikely]] {
    fail_assertion(fmt::format(law.text, std::forward<Args>(values)...), law.place);
  }
}

}  // namespace conclave
