/// @file
/// The judge of a break-it exercise, where the reader's tests are the thing under test.
///
/// Laws
///  1. Each test examines each candidate in a process of its own: a deadlock, a panic, a crash or an endless loop of one
///     examination is a verdict and no more.
///  2. It does so in the standard order and then in 50 random ones, up to the first that rejects the candidate; or once,
///     where no order can matter.
///  3. A right candidate must be accepted by every test; of the wrong ones enough must be rejected, by any.
///
/// Call from a test, outside run().
#pragma once

#include <cstddef>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "goroutines/go.hpp"

namespace conclave {

/// A test of the reader's with a candidate to examine.
struct Trial {
  std::string name;  ///< of the test
  std::function<void(const RunOptions& options)>
      examine;                 ///< makes the candidate, and runs the test on it with run()
  bool has_one_order = false;  ///< whether no goroutines take part whose order could matter
};

/// A wrong candidate, with the tests of it.
struct Planted {
  std::string flaw;  ///< what it does wrong, as a hint names it
  std::vector<Trial> trials;
};

/// Fails the test unless every trial of a right candidate, called `which`, accepts it.
/// @param kind   what it is: "mutex"
void must_accept(std::string_view kind, std::string_view which, const std::vector<Trial>& trials,
                 std::source_location place = std::source_location::current());

/// Fails the test unless at least `wanted` of the wrong candidates are rejected; says how many are, and by which test.
/// The flaw of one that lives goes to the file that CONCLAVE_LIVING names, for a hint.
/// @param planted   each with the same tests in the same order
void must_reject(std::size_t wanted, const std::vector<Planted>& planted,
                 std::source_location place = std::source_location::current());

/// What the reader's tests call: rejects the candidate unless `holds`, says `what` should have been so, and ends the
/// examination.
void expect(bool holds, std::string_view what);

}  // namespace conclave
