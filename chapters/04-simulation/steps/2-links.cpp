/// @file
/// Links: each message takes as long as a seed says, so that one overtakes another, and does so again.
///
/// Watch for the gull. It draws a number for itself. When all draw from one stream, everybody behind it gets another
/// number than before; when each link and each gull has a stream of its own, nobody notices.
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include <fmt/core.h>

#include "common/random.hpp"

using conclave::Random;
using Minutes = int;

struct Message {
  int from;
  int to;
  std::string word;
};

//! [dice]
/// Random numbers that a seed repeats, by what they are for.
struct Dice {
  Random seed;
  bool is_one;  // stream for all, whatever they want
  std::map<std::string, Random> streams = {};

  Random& operator()(const std::string& purpose) {
    const std::string name = is_one ? "all" : purpose;
    return streams.try_emplace(name, seed.stream(name)).first->second;
  }
};
//! [dice]

struct World {
  Dice dice;
  Minutes now = 0;
  std::multimap<Minutes, std::function<void()>> events = {};  // of one minute: as they were put in
  std::string story = {};

  //! [send]
  void send(const Message& message) {
    Random& delay = dice(fmt::format("delay n{} to n{}", message.from, message.to));
    post(message, delay.between(10, 60));
  }

  void post(const Message& message, Minutes delay) {
    events.emplace(now + delay, [=, this] { deliver(message); });
  }
  //! [send]

  void deliver(const Message& message) { story += fmt::format("  {} at {}", message.word, now); }

  /// Runs until nothing is left that could happen.
  void run() {
    while (!events.empty()) {
      const auto next = events.extract(events.begin());
      now = next.key();  // jumps
      next.mapped()();
    }
  }
};

/// Three messages on one link.
/// @return the minutes at which they come
std::string story(std::uint64_t seed, bool is_one, bool with_gull) {
  World world{{Random(seed), is_one}};
  if (with_gull) world.events.emplace(world.dice("gull").between(1, 9), [] {});
  for (const std::string word : {"plums", "pears", "figs"}) world.send({1, 2, word});
  world.run();
  return world.story;
}

int main() {
  for (const bool is_one : {true, false}) {
    fmt::print("{}\n", is_one ? "one stream for all" : "a stream for each purpose");
    fmt::print("  seed 1     {}\n", story(1, is_one, false));
    fmt::print("  once more  {}\n", story(1, is_one, false));
    fmt::print("  and a gull {}\n", story(1, is_one, true));
    fmt::print("  seed 2     {}\n", story(2, is_one, false));
  }
}
