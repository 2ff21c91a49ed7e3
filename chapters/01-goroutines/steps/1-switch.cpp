/// @file
/// A switch: main and an egg hand one thread to each other, each from the middle of its loop.
///
/// Watch for `turn` and `step`: neither function returns, and yet each goes on where it stopped, with its own
/// variables. They stand on two stacks, and a switch changes from one to the other.
#include <string>
#include <utility>

#include <boost/context/fiber.hpp>
#include <fmt/core.h>

using boost::context::fiber;  // a stack, and the place where somebody stopped on it

void say(const std::string& who, const std::string& what) { fmt::print("{:<6} {}\n", who, what); }

//! [main]
int main() {
  fiber egg([](fiber caller) {
    for (const char* step : {"goes into the pot", "boils", "is peeled"}) {
      say("egg", step);
      caller = std::move(caller).resume();  // stops here; the caller goes on
    }
    return caller;  // ends here; the caller goes on
  });

  for (int turn = 1; egg; ++turn) {
    say("main", fmt::format("turn {}", turn));
    egg = std::move(egg).resume();  // stops here; the egg goes on
  }
  say("main", "the egg is done");
}
//! [main]
