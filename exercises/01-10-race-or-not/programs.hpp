/// @file
/// Exercise 1.10: twelve programs, each the main goroutine of a run of its own on a virtual clock.  In each, two accesses
/// are marked A and B.
#pragma once

#include <string_view>

namespace conclave {

/// Prints a number with its name.  Does not park.
void print(std::string_view name, int number);

void letter();
void patience();
void sum();
void hasty();
void counter();
void shelf();
void deposit();
void two_locks();
void flag();
void setting();
void peek();
void kettle();

}  // namespace conclave
