/// @file
/// The mark of an exercise that is not written yet.
///
/// Laws
///  1. It ends the program at once, with kTodoStatus and no destructor run, also inside a goroutine.
///  2. It says what is to be written, and where.
///
/// Call from anywhere.
#pragma once

#include <source_location>
#include <string_view>

namespace conclave {

/// The exit status of a program that came upon something to be written.
inline constexpr int kTodoStatus = 70;

/// Prints `TODO 1.2: start one goroutine for each item` and the place to standard error, and ends
/// the program with kTodoStatus.
/// @param what   the exercise's number, a colon, and what is to be written, in one line
[[noreturn]] void todo(std::string_view what,
                       std::source_location place = std::source_location::current());

}  // namespace conclave
