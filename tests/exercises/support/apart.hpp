/// @file
/// A reader's code that may never end, in a process of its own with a second of the processor's time
/// (under the race detector, which takes many times as long, with more).
///
/// Laws
///  1. What is parked or asleep uses none of that second: the clock on the wall decides nothing.
///  2. A TODO in there is a TODO of this test.
///
/// Call from a test, outside run().
#pragma once

#include <functional>
#include <string_view>

#include "goroutines/race_detector.hpp"
#include "testing/child.hpp"
#include "testing/expect.hpp"
#include "testing/verdict.hpp"

namespace conclave {

/// How many seconds of the processor's time there are.
inline constexpr int kProcessorSecondsMax = detail::kDetectsRaces ? 20 : 1;

/// How code ended that ran apart.
struct Apart {
  isolation::Ending ending;    ///< as the system tells it
  isolation::Verdict verdict;  ///< in words
  bool was_running = false;    ///< whether its second was used up
};

/// Runs `body` in a process of its own.  Blocks.
Apart run_apart(const std::function<void()>& body);

/// What failed, panicked or got stuck in there does so here, and what was printed is printed.
void end_alike(const Apart& apart);

/// Runs `body` apart, and its end is the end of this test.  When its second is used up, the claim does not hold, and
/// `happened` says why.
void must_come_to_rest(const Claim& claim, std::string_view happened,
                       const std::function<void()>& body);

}  // namespace conclave
