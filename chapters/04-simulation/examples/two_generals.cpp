/// @file
/// Two generals attack together, or lose.  Messengers go to and fro between them, and three in ten are caught.
/// Whoever has sent or received the last messenger of the plan attacks; a general whose messenger did not come
/// attacks not.
///
/// Watch for the last column.
#include <cstdint>

#include <fmt/core.h>

#include "common/random.hpp"

using conclave::Random;

constexpr std::uint64_t kWorlds = 10'000;
constexpr double kCaught = 0.3;

//! [plan]
struct End {
  bool first_attacks;
  bool second_attacks;
};

/// The first sends, the second confirms, the first confirms the confirmation: until one is caught, or the plan is done.
End follow(int messengers, Random& random) {
  int arrived = 0;
  while (arrived < messengers && !random.chance(kCaught)) ++arrived;
  // Each waits for the last messenger that the plan has for it; the last messenger's sender waits for nobody.
  const bool is_last_of_first = messengers % 2 == 1;
  const bool to_receiver = arrived >= messengers;
  const bool to_sender = arrived >= messengers - 1;
  return is_last_of_first ? End{to_sender, to_receiver} : End{to_receiver, to_sender};
}
//! [plan]

int main() {
  fmt::print("{:>10}{:>16}{:>15}{:>14}\n", "messengers", "both attack", "neither does",
             "one, alone");
  for (const int messengers : {1, 2, 3, 4, 5, 10, 20}) {
    Random random(1);
    int both = 0;
    int neither = 0;
    for (std::uint64_t world = 0; world < kWorlds; ++world) {
      const End end = follow(messengers, random);
      both += end.first_attacks && end.second_attacks ? 1 : 0;
      neither += !end.first_attacks && !end.second_attacks ? 1 : 0;
    }
    fmt::print("{:>10}{:>16}{:>15}{:>14}\n", messengers, both, neither, kWorlds - both - neither);
  }
}
