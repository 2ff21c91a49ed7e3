/// @file
/// Panic: what our own mistakes become, as in Go.
///
/// A mistake in the use of this library (a wait group below zero, an unlock of an unlocked mutex) throws Panic
/// at the place of the call.  A Panic, or any other exception, that reaches the edge of its goroutine ends
/// the program: it prints the message, the place and the goroutine, and exits with status 2.
///
/// Laws
///  1. Nothing in this library is undefined behaviour that could be a Panic instead.
///  2. A Panic names what happened, the values involved and the place of the call that is at fault.
///
/// Source: Go spec, "Handling panics", "Run-time panics".
#pragma once

#include <exception>
#include <source_location>
#include <string>

namespace conclave {

/// A mistake of the program, with the place where it was made.
class Panic : public std::exception {
 public:
  explicit Panic(std::string message, std::source_location place = std::source_location::current());

  /// The message and, on a second line, the place: "...\n    at transfer.cpp:12".
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

  /// The message alone.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  /// The call that was at fault.
  [[nodiscard]] const std::source_location& place() const noexcept { return place_; }

 private:
  std::string message_;
  std::string what_;
  std::source_location place_;
};

/// Throws Panic(message, place).  Go's `panic(message)`.
/// @rule{Go spec, "Handling panics": a panic that reaches the top of its goroutine terminates the program}
[[noreturn]] void panic(std::string message,
                        std::source_location place = std::source_location::current());

}  // namespace conclave
