/// @file
/// Exercise 4.3: a rumour in a village.  Whoever hears it for the first time writes to all others.
///
/// Laws
///  1. The same village tells the same story: wherever it lies in memory, whenever it is run, and whatever has run before it.
///  2. Another seed tells another one: how long a letter takes, whether it is lost, how long its writer waits then, is drawn.
///  3. A draw for one purpose shifts none for another: with the gull, the letters arrive as they do without; and a letter takes as
///     long on its way when it has been lost before.
///
/// Call from one thread.
#pragma once

#include <cstdint>
#include <vector>

namespace conclave::village {

/// A time, or how long something takes.
using Minutes = std::int64_t;

/// Who lives there, and how good the post is.
struct Options {
  std::uint64_t seed = 1;
  int people = 5;
  double loss =
      0;  ///< with this probability a letter is lost; it is sent again 60 to 90 minutes later, until it arrives
  bool gull =
      false;  ///< whether there is a gull, which cries once in each hour of the first ten; it disturbs nobody
};

/// A letter arrives: one line of the story.
struct Arrival {
  Minutes time = 0;  ///< 10 to 60 after it was sent for the last time
  int to = 0;
  int from = 0;
  std::int64_t letter = 0;  ///< its number: each has another one
  Minutes written = 0;      ///< the time, as its writer has put it into the letter
  bool operator==(const Arrival&) const = default;  ///< member by member
};

/// Lets person 1 hear a rumour at time 0, and runs until no letter is under way.
/// @return the letters, in the order of their arrival: each to each other
[[nodiscard]] std::vector<Arrival> gossip(const Options& options);

}  // namespace conclave::village
