/// @file
/// Seeds: each decides what goes wrong in its world, and after every event we ask whether all is well.
///
/// Watch for what the eight worlds have in common. With a seed behind its name, the program tells that world's story.
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "common/random.hpp"

using conclave::Random;
using Minutes = int;

struct Message {
  int from;
  int to;
  std::string word;
  int crate;
};

/// n1: asks for a crate until it has an answer.  What it sends to itself is a reminder.
struct Ada {
  std::set<int> answered = {};
  std::vector<Message> handle(const Message& message) {
    if (message.word == "added") answered.insert(message.crate);
    if (answered.contains(message.crate)) return {};
    return {{1, 2, "add", message.crate}, {1, 1, "remind", message.crate}};
  }
};

/// n2: counts each crate once.  What it sends to itself comes back when it is on its disk.
struct Counter {
  bool is_mended;
  std::set<int> counted = {};  // in memory
  std::set<int> disk = {};

  //! [handle]
  std::vector<Message> handle(const Message& message) {
    if (message.word == "synced") disk.insert(message.crate);
    if (counted.insert(message.crate).second) return {{2, 2, "synced", message.crate}};
    if (is_mended && !disk.contains(message.crate)) return {};  // its sync will bring the answer
    return {{2, 1, "added", message.crate}};
  }
  //! [handle]
};

constexpr Minutes kHealed = 600;  // from then on nothing goes wrong
constexpr Minutes kBound = 270;   // then: to be reminded 120, there 60, to sync 30, back 60

std::map<std::string, int> happened;  // how often

struct World {
  Random seed;
  Counter counter;
  Ada ada = {};
  Minutes now = 0;
  std::multimap<Minutes, std::function<void()>> events = {};  // of one minute: as they were put in
  std::map<std::string, Random> streams = {};
  std::map<std::string, double> faults = {};  // their probabilities
  int deaf = 0;                               // a node that hears itself only
  int lives = 0;                              // of n2, before this one
  std::string story = {};

  Random& dice(const std::string& purpose) {
    return streams.try_emplace(purpose, seed.stream(purpose)).first->second;
  }

  bool strikes(const std::string& name) { return now < kHealed && dice(name).chance(faults[name]); }

  void send(const Message& message) {
    if (message.word == "remind") return post(message, 120);
    if (message.word == "synced") return post(message, dice("disk").between(5, 30));
    if (message.to == deaf) return say("unheard", message);
    if (strikes("loss")) return say("lost", message);
    post(message, dice("delay").between(10, 60));
    if (!strikes("twice")) return;
    say("doubled", message);
    post(message, dice("delay again").between(10, 60));
  }

  void post(const Message& message, Minutes delay) {
    events.emplace(now + delay, [=, this, life = lives] {
      if (message.to == 2 && life != lives) return say("to the dead", message);
      say("gets", message);
      const auto answers = message.to == 1 ? ada.handle(message) : counter.handle(message);
      for (const Message& answer : answers) send(answer);
    });
  }

  void say(const std::string& what, const Message& message) {
    ++happened[what];
    story += fmt::format("t={:>3} min  n{}  {:<11}  {} {}\n", now, message.to, what, message.word,
                         message.crate);
  }

  void hour() {
    deaf = strikes("deaf") ? dice("who").between(1, 2) : 0;
    if (!strikes("crash")) return;
    say("crashes", {2, 2, "life", ++lives});
    counter.counted = counter.disk;
  }

  //! [run]
  /// @return what goes wrong, or nothing
  std::string run() {
    for (const std::string fault : {"loss", "twice", "deaf", "crash"}) {
      faults[fault] = dice("is on").chance(0.5) ? dice("rate").between(5, 40) / 100.0 : 0;
    }
    for (const int crate : {1, 2, 3, 4, 5}) post({1, 1, "remind", crate}, crate * 100);
    for (Minutes time = 0; time <= kHealed; time += 60) events.emplace(time, [this] { hour(); });
    while (now < kHealed || ada.answered.size() < 5) {
      if (events.empty() || now > kHealed + kBound) return "not all is counted in time";
      const auto next = events.extract(events.begin());
      now = next.key();  // jumps
      next.mapped()();
      if (!std::ranges::includes(counter.counted, ada.answered)) return "a crate is forgotten";
    }
    return "";
  }
  //! [run]
};

int main(int argc, char** argv) {
  if (argc > 1) {
    World world{Random(std::stoull(argv[1])), {false}};
    const std::string wrong = world.run();
    fmt::print("{}{}\n", world.story, wrong);
    return 0;
  }
  for (const bool is_mended : {false, true}) {
    happened.clear();
    Minutes last = 0;
    auto hash = conclave::fnv1a("");
    fmt::print("{}\n", is_mended ? "mended" : "step 4's counter");
    for (int seed = 1; seed <= 1000; ++seed) {
      World world{Random(seed), {is_mended}};
      const std::string wrong = world.run();
      if (!wrong.empty()) fmt::print("  seed {}: {}, with {}\n", seed, wrong, world.faults);
      last = std::max(last, world.now);
      hash = conclave::fnv1a(fmt::format("{}{}", hash, world.story));
    }
    fmt::print("  the last ends at {} min, all hash to {:016x}\n  {}\n", last, hash, happened);
  }
}
