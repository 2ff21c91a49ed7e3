/// @file
/// Faults: the network loses messages, brings them twice, or lets them through in one direction only.
///
/// Watch for the first line of the table. Ada (n1) has a crate counted by a counter (n2), and asks again when she has no
/// answer. Under each fault the sum is wrong now and then, and three times under none.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "common/random.hpp"

using conclave::Random;
using Minutes = int;

struct Message {
  int from;
  int to;
  std::string word;
  int crate;
};

//! [ada]
/// n1: asks for a crate until it has an answer.  What it sends to itself is a reminder.
struct Ada {
  std::set<int> answered = {};
  std::vector<Message> handle(const Message& message) {
    if (message.word == "added") answered.insert(message.crate);
    if (answered.contains(message.crate)) return {};
    return {{1, 2, "add", message.crate}, {1, 1, "remind", message.crate}};
  }
};
//! [ada]

/// n2: counts crates, in two ways.
struct Counter {
  int sum = 0;
  std::set<int> counted = {};

  std::vector<Message> handle(const Message& message) {
    ++sum;
    counted.insert(message.crate);
    return {{2, 1, "added", message.crate}};
  }
};

struct Faults {
  double loss = 0;  // probabilities, for each message
  double twice = 0;
  double deaf = 0;  // for each world
};

std::map<std::string, int> happened;  // how often

struct World {
  Random seed;
  Faults faults;
  Ada ada = {};
  Counter counter = {};
  Minutes now = 0;
  std::multimap<Minutes, std::function<void()>> events = {};  // of one minute: as they were put in
  std::map<std::string, Random> streams = {};
  int deaf = 0;  // a node that hears itself only
  std::string story = {};

  Random& dice(const std::string& purpose) {
    return streams.try_emplace(purpose, seed.stream(purpose)).first->second;
  }

  //! [send]
  void send(const Message& message) {
    if (message.word == "remind") return post(message, 120);  // needs no network
    const std::string link = fmt::format(" n{} to n{}", message.from, message.to);
    if (message.to == deaf) return say("unheard", message);
    if (dice("loss" + link).chance(faults.loss)) return say("lost", message);
    post(message, dice("delay" + link).between(10, 60));
    if (!dice("twice" + link).chance(faults.twice)) return;
    say("doubled", message);
    post(message, dice("delay again" + link).between(10, 60));
  }
  //! [send]

  void post(const Message& message, Minutes delay) {
    events.emplace(now + delay, [=, this] { deliver(message); });
  }

  void deliver(const Message& message) {
    say("gets", message);
    const auto answers = message.to == 1 ? ada.handle(message) : counter.handle(message);
    for (const Message& answer : answers) send(answer);
  }

  void say(const std::string& what, const Message& message) {
    ++happened[what];
    story += fmt::format("t={:>3} min  n{}  {:<11}  {} {}\n", now, message.to, what, message.word,
                         message.crate);
  }

  void run() {
    if (dice("deaf").chance(faults.deaf)) deaf = dice("who").between(1, 2);
    events.emplace(240, [this] { deaf = 0; });
    deliver({1, 1, "remind", 1});
    while (!events.empty()) {
      const auto next = events.extract(events.begin());
      now = next.key();  // jumps
      next.mapped()();
    }
  }
};

/// @return the story of the first seed whose sum is wrong
std::string report(const char* name, const Faults& faults) {
  happened.clear();
  std::string first;
  int sums = 0;
  int sets = 0;
  for (int seed = 1; seed <= 10'000; ++seed) {
    World world{Random(seed), faults};
    world.run();
    if (world.counter.counted.size() != 1) ++sets;
    if (world.counter.sum != 1 && ++sums == 1) {
      first = fmt::format("{}, seed {}\n{}", name, seed, world.story);
    }
  }
  fmt::print("{:<10}  {:>12}  {:>12}     {:>6}  {:>7}  {:>7}\n", name, sums, sets, happened["lost"],
             happened["doubled"], happened["unheard"]);
  return first;
}

int main() {
  fmt::print("of 10,000   a wrong sum   a wrong set       lost  doubled  unheard\n");
  std::string stories = report("no fault", {});
  stories += report("loss", {.loss = 0.1});
  stories += report("twice", {.twice = 0.1});
  stories += report("deaf", {.deaf = 0.1});
  fmt::print("{}", stories);
}
