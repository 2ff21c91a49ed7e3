/// @file
/// What the environment says to a test program: CONCLAVE_SEED and CONCLAVE_TEST_TIMEOUT_S.
///
/// Laws
///  1. What is not set has its default.
///  2. What is set and cannot be read is an error that names it.
///
/// Call from anywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/result.hpp"

namespace conclave::isolation {

/// CONCLAVE_SEED, a whole number below 2^64; none when it is not set.
/// @return invalid_argument when it is anything else
Result<std::optional<std::uint64_t>> seed_from_environment();

/// CONCLAVE_TEST_TIMEOUT_S, how long one test may take, above 0 and at most a day; 60 s when it is
/// not set.
/// @return invalid_argument when it is anything else
Result<std::chrono::milliseconds> limit_from_environment();

}  // namespace conclave::isolation
