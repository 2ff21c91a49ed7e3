/// @file
/// Exercise 1.3: an alert goes to everyone on call, each called by a goroutine of its own.
#pragma once

#include <array>
#include <utility>

#include "tracked.hpp"

namespace conclave {

/// Something has happened, and these people should know.
struct Alert {
  Text line;                    ///< "[disk 7] no space left"
  std::array<Text, 3> on_call;  ///< their names
};

/// Calls one person; parks until they answer, 10 ms later.  (The tests play the telephone.)
void call(const Text& from, const Text& person, TextView message);

/// Turns alerts into calls.
class Pager {
 public:
  explicit Pager(Text station) : station_(std::move(station)) {}

  /// Starts a goroutine for each person on call, which calls them from this station with the line's message: what
  /// comes after "] ".  Does not park: it returns before anyone is called.
  ///
  /// The alert and this pager are the caller's.  They may end as soon as raise() has returned.
  /// When all have been called, nothing is left of the alert.
  void raise(const Alert& alert);

 private:
  Text station_;
};

}  // namespace conclave
