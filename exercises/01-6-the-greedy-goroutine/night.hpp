/// @file
/// Exercise 1.6: a night in which a computer computes, an editor waits, and a heart should beat.
#pragma once

namespace conclave {

// --- Given: the tests define it ------------------------------------------------------------------------

/// Does one unit of work, with what the goroutines share: on their thread and on no other.  Does not park.
void compute_unit();

/// Where the result lies when it is ready.
class Desk {
 public:
  virtual ~Desk() = default;

  /// The data of the night arrives: parks for an hour.
  virtual void wait_for_data() = 0;
  /// Lays the result on the desk.  Does not park.
  virtual void deliver() = 0;
  /// Looks whether the result is there.  Does not park.
  virtual bool delivered() = 0;
  /// Prints the result.  Does not park.
  virtual void print() = 0;
};

// --- Yours ---------------------------------------------------------------------------------------------

/// Does `units` units of work.  Other goroutines that yield get a turn between any 1,000 of them.  To give way takes
/// about as long as ten units, so it happens at most once in a hundred.
void compute(int units);

/// One night: waits for the data, computes 100,000 units and delivers; prints what was delivered; returns.
/// Whoever waits is parked: the desk is looked at three times at most.
void night(Desk& desk);

}  // namespace conclave
