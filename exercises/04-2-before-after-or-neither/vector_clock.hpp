/// @file
/// Exercise 4.2: what happened before what, whatever the clocks on the walls say.
///
/// Some processes have events: what a process does alone, the sending of a message, its receipt.  One event *happened
/// before* another when it is an earlier one of the same process; or the sending of the message that the other received;
/// or when a third one lies between, before which it happened and which happened before the other.  Nothing else
/// happened before anything.
///
/// Laws
///  1. The vector time of an event counts, for each process, its events that happened before this one or are it.
///  2. happens_before(a, b) is true exactly when a happened before b.  Nothing happened before itself, and of two events
///     neither may have happened before the other.
///  3. Messages come late, twice, in any order or never; the laws hold all the same.
///
/// Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 21(7), 1978; Fidge 1988;
/// Mattern, "Virtual Time and Global States of Distributed Systems", 1989.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace conclave {

/// How the first of two events lies to the second.
enum class Relation { before, after, neither };

/// What you say of the ten pairs in the README, in their order, before you write the rest.
std::array<Relation, 10> predictions();

/// A number for each process.
using VectorTime = std::vector<std::uint64_t>;

/// An event as a log has it, with three times.
struct Event {
  std::size_t process = 0;           ///< whose it is, from 0
  std::chrono::milliseconds wall{};  ///< what the clock on the wall of its process said
  std::uint64_t lamport = 0;         ///< what Lamport's clock of its process said
  VectorTime vector{};               ///< what a VectorClock said
};

/// The clock of one process.  Each call is the process's next event, and returns its time.
class VectorClock {
 public:
  /// A clock that has seen no event yet.
  /// @param process     whose clock it is, from 0
  /// @param processes   how many there are
  VectorClock(std::size_t process, std::size_t processes)
      : process_(process), time_(processes, 0) {}

  /// Something that the process does alone.
  VectorTime local();

  /// The sending of a message, which takes the returned time with it.
  VectorTime send();

  /// The receipt of a message.
  /// @param sent   the time that came with it
  VectorTime receive(const VectorTime& sent);

 private:
  std::size_t process_;
  VectorTime time_;  // of the latest event
};

/// Whether `a` happened before `b` (law 2).  Both are events of the same processes, in one history.
bool happens_before(const Event& a, const Event& b);

}  // namespace conclave
