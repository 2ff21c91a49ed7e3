/// @file
/// The seed of a random test: fixed by default, chosen by CONCLAVE_SEED, and named when the test fails.
///
/// Laws
///  1. Without CONCLAVE_SEED the same test draws the same numbers in every run.
///  2. With it, it has exactly that seed.
///  3. The report of a failing test names the seed in use, also after a crash, and the command that
///     repeats it.
///
/// Call from a test.
#pragma once

#include <cstdint>
#include <functional>

namespace conclave {

/// The seed of the running test: CONCLAVE_SEED, or a number that the test's name determines.
[[nodiscard]] std::uint64_t seed_of_this_test();

/// Calls `body` with `count` seeds, the first being seed_of_this_test(), up to the first seed under
/// which the test fails. With CONCLAVE_SEED set, calls it once, with that one.
/// @pre count is not 0
void for_each_seed(std::uint64_t count, const std::function<void(std::uint64_t seed)>& body);

}  // namespace conclave
