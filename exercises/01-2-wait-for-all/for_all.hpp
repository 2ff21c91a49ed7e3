/// @file
/// Exercise 1.2: a function for every item, each in a goroutine of its own.
#pragma once

#include <functional>
#include <vector>

namespace conclave {

/// Runs f(item) for every item, each in a goroutine of its own, and returns when the last of them has returned.
/// Parks while any of them runs; with no items it returns at once.
/// Call from any goroutine, also from inside f.  f throws nothing.
void for_all(const std::vector<int>& items, const std::function<void(int)>& f);

}  // namespace conclave
