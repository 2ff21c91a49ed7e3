/// @file
/// A crash: a node forgets what is in its memory, keeps what is on its disk, and begins another life.
///
/// Watch for the answer of the dead. A counter that answers before its disk has synced is quicker; its answer arrives
/// after the crash, when nobody knows of the crate any more.
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
  bool is_hasty;               // answers before that
  std::set<int> counted = {};  // in memory
  std::set<int> disk = {};

  //! [counter]
  std::vector<Message> handle(const Message& message) {
    const Message sync{2, 2, "synced", message.crate};
    const Message answer{2, 1, "added", message.crate};
    const bool is_new = counted.insert(message.crate).second;
    if (is_new) return is_hasty ? std::vector{sync, answer} : std::vector{sync};
    if (message.word == "synced") disk.insert(message.crate);
    if (message.word == "synced" && is_hasty) return {};
    return {answer};
  }

  void crash() { counted = disk; }
  //! [counter]
};

std::map<std::string, int> happened;  // how often

struct World {
  Random seed;
  Counter counter;
  Ada ada = {};
  Minutes now = 0;
  std::multimap<Minutes, std::function<void()>> events = {};  // of one minute: as they were put in
  std::map<std::string, Random> streams = {};
  int lives = 0;  // of n2, before this one
  std::string story = {};

  Random& dice(const std::string& purpose) {
    return streams.try_emplace(purpose, seed.stream(purpose)).first->second;
  }

  void send(const Message& message) {
    if (message.word == "remind") return post(message, 120);
    if (message.word == "synced") return post(message, dice("disk").between(5, 30));
    post(message, dice(fmt::format("delay to n{}", message.to)).between(10, 60));
  }

  //! [lives]
  void post(const Message& message, Minutes delay) {
    events.emplace(now + delay, [=, this, life = lives] {
      if (message.to == 2 && life != lives) return say("to the dead", message);
      if (message.from == 2 && life != lives) say("of the dead", message);
      deliver(message);
    });
  }

  void crash() {
    say("crashes", {2, 2, "life", ++lives});
    counter.crash();
  }
  //! [lives]

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
    events.emplace(dice("crash").between(1, 120), [this] { crash(); });
    deliver({1, 1, "remind", 1});
    while (!events.empty()) {
      const auto next = events.extract(events.begin());
      now = next.key();  // jumps
      next.mapped()();
    }
  }
};

/// @return the first of a thousand seeds whose counter forgets what it has answered
int report(const char* name, bool is_hasty) {
  happened.clear();
  int forget = 0;
  int first = 0;
  for (int seed = 1; seed <= 1000; ++seed) {
    World world{Random(seed), {is_hasty}};
    world.run();
    if (world.counter.counted != world.ada.answered && ++forget == 1) first = seed;
  }
  fmt::print("{:<22}  {:>6}  {:>9}  {:>11}  {:>11}\n", name, forget, happened["crashes"],
             happened["to the dead"], happened["of the dead"]);
  return first;
}

int main() {
  fmt::print("of 1000                 forget    crashes  to the dead  of the dead\n");
  const int seed = report("answers, then syncs", true);
  report("syncs, then answers", false);
  for (const bool is_hasty : {true, false}) {
    World world{Random(seed), {is_hasty}};
    world.run();
    fmt::print("seed {}, {}\n{}", seed, is_hasty ? "answers, then syncs" : "syncs, then answers",
               world.story);
  }
}
