/// @file
/// Five ways to tell a story, each from the same seed and twice; and each once more, mended.
///
/// Watch for the word "another": what has changed there, when the seed has not?
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "common/random.hpp"

using conclave::fresh_seed;
using conclave::Random;

struct Person {
  std::string name;
};

/// A run of a world.  The second lies elsewhere in memory, and has a gull that draws a number now and then.
struct World {
  bool is_second;
  Random seed{4711};
  Random dice = seed.stream("letters");
  Random cries = seed.stream("gull");
  int now = 90;     // minutes
  int letters = 0;  // so many were written
  std::array<Person, 8> memory = {};
  std::vector<Person*> people = {};  // in the order in which they came

  void come(const std::string& name) {
    const std::size_t place = is_second ? memory.size() - 1 - people.size() : people.size();
    memory[place].name = name;
    people.push_back(&memory[place]);
  }
};

using Story = std::string;

//! [address]
Story in_order_of_addresses(World& world) {
  std::vector<Person*> all = world.people;
  std::ranges::sort(all);  // of pointers; a std::set of them does the same
  return all.front()->name;
}
Story in_order_of_names(World& world) {
  std::vector<Person*> all = world.people;
  std::ranges::sort(all, {}, &Person::name);
  return all.front()->name;
}
//! [address]

//! [static]
Story numbered_by_a_static(World&) {
  static int letters = 0;
  return fmt::format("letter {}", ++letters);
}
Story numbered_by_its_world(World& world) { return fmt::format("letter {}", ++world.letters); }
//! [static]

//! [device]
Story with_fresh_patience(World&) { return fmt::format("waits {}", Random(fresh_seed())()); }
Story with_patience_of_the_seed(World& world) {
  return fmt::format("waits {}", world.seed.stream("patience")());
}
//! [device]

//! [clock]
Story at_the_time_of_day(World&) {
  const auto today = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("written at {}", today.count());
}
Story at_the_time_of_its_world(World& world) { return fmt::format("written at {}", world.now); }
//! [clock]

//! [shared]
Story with_dice_for_all(World& world) {
  if (world.is_second) world.dice();  // the gull cries
  return fmt::format("arrives after {}", world.dice());
}
Story with_dice_for_each(World& world) {
  if (world.is_second) world.cries();
  return fmt::format("arrives after {}", world.dice());
}
//! [shared]

std::string compared(const std::function<Story(World&)>& tell) {
  std::array<Story, 2> stories;
  for (const bool is_second : {false, true}) {
    World world{is_second};
    for (const char* name : {"Ada", "Ben", "Cem"}) world.come(name);
    stories[is_second ? 1 : 0] = tell(world);
    const auto now = std::chrono::system_clock::now();
    while (std::chrono::system_clock::now() == now) continue;  // some clocks tick slowly
  }
  return stories[0] == stories[1] ? "the same" : "another";
}

int main() {
  const auto line = [](const char* what, auto found, auto mended) {
    fmt::print("{:<22}{:<12}{}\n", what, compared(found), compared(mended));
  };
  fmt::print("{:<22}{:<12}{}\n", "the second story is", "as found", "mended");
  line("an order by address", in_order_of_addresses, in_order_of_names);
  line("a static", numbered_by_a_static, numbered_by_its_world);
  line("chance from elsewhere", with_fresh_patience, with_patience_of_the_seed);
  line("a clock on the wall", at_the_time_of_day, at_the_time_of_its_world);
  line("dice for all", with_dice_for_all, with_dice_for_each);
}
