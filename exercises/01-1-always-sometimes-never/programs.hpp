/// @file
/// Exercise 1.1: six programs, each the main goroutine of a run of its own on a virtual clock.
#pragma once

#include <string_view>

namespace conclave {

/// Prints a line.  Does not park.
void print(std::string_view line);

void letter();
void farewell();
void three();
void manners();
void sleepers();
void counters();

}  // namespace conclave
