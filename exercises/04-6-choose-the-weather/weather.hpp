/// @file
/// Exercise 4.6: a fault plan and two checks that tell a right register from a wrong one.
///
/// Two clients, c1 and c2, read from n1 and n2 and write to n1 while the faults of your plan happen.  Then everything heals, and
/// still_answers() is asked; at last is_right(), about everything that the clients and still_answers() have done.  That is one
/// run, and a seed decides it.  The register is rejected in a run when one of the two does not return ok.  There are 80 runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "channels/context.hpp"
#include "common/result.hpp"
#include "goroutines/clock.hpp"
#include "simulation/faults.hpp"

namespace conclave {

/// What may happen to the register.
struct Plan {
  simulation::Faults faults{};

  /// true: of these faults each run has about half, which its seed draws; false: each run has all of them.
  bool draws = true;

  /// For how long, up to ten seconds of virtual time.
  Duration faults_for = std::chrono::seconds(10);
};

/// What has no end yet.
inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

/// A read that was answered, or a write.  No value is written twice, and nobody writes 0, which is there in the beginning.
struct Operation {
  enum class Kind : std::uint8_t { read, write };
  Kind kind = Kind::read;
  int value = 0;  ///< that was read, or written

  /// When its client began it, and when it had the answer, counted in such events: 1, 2, 3, …  A write without an answer ends
  /// never: it has happened, or will, or never does.
  std::uint64_t begun = 0;
  std::uint64_t ended = kNever;
};

/// What clients have done, in the order in which they began it.
using History = std::vector<Operation>;

/// The register after everything has healed.  Each call takes 600 ms when no answer comes.
class Healed {
 public:
  virtual ~Healed() = default;

  /// Reads from "n1" or "n2", once.
  /// @return the value, or why there is none
  virtual Result<int> read(const std::string& node) = 0;

  /// Writes a value that nobody has written, once.
  virtual Status write() = 0;
};

/// Your plan.
Plan plan();

/// Your first check: nothing has been seen that a register does not do (register.hpp, promises 1 and 2).
/// @return ok, or what is wrong
Status is_right(const History& history);

/// Your second: when nothing fails any more, each node answers (promise 3).  Nodes may be starting yet.
/// @param bound   ends when twenty seconds are over
/// @return ok, or who does not answer
Status still_answers(Healed& healed, const Context& bound);

}  // namespace conclave
