/// @file
/// A queue and a clock: what comes next is the event with the earliest time, and the clock jumps to it.
///
/// Watch for the gull. By time alone, four letters of one minute come in an order that nobody chose, and a gull that
/// cries an hour before them changes it. With a number for each event, it does not.
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/core.h>

using Minutes = int;

struct Event {
  Minutes time;
  int number;  // of events that were put into the queue before it
  std::function<void()> happen;
};

/// Whether `a` comes later than `b`.
using Later = bool (*)(const Event& a, const Event& b);

bool by_time(const Event& a, const Event& b) { return a.time > b.time; }

bool by_time_and_number(const Event& a, const Event& b) {
  return std::tie(a.time, a.number) > std::tie(b.time, b.number);
}

struct Clock {
  std::priority_queue<Event, std::vector<Event>, Later> events;
  Minutes now = 0;
  int number = 0;

  explicit Clock(Later later) : events(later) {}

  void after(Minutes duration, std::function<void()> happen) {
    events.push({now + duration, number++, std::move(happen)});
  }

  //! [run]
  /// Runs until nothing is left that could happen.
  void run() {
    while (!events.empty()) {
      const Event next = events.top();
      events.pop();
      now = next.time;  // jumps
      next.happen();
    }
  }
  //! [run]
};

/// Four letters are sent in one minute and come in one minute.
/// @return them in the order in which they come
std::string letters(Later later, bool with_gull) {
  Clock clock(later);
  std::string come;
  if (with_gull) clock.after(30, [] {});  // cries, and nobody listens
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    clock.after(90, [&come, letter] { come += letter; });
  }
  clock.run();
  return come;
}

struct Message {
  int from;
  int to;
  std::string word;
};

//! [world]
/// A node is told what has come, and returns what it wants to be sent.  It knows no clock and no network.
using Node = std::function<std::vector<Message>(const Message&)>;

struct World {
  Clock clock{by_time_and_number};
  std::map<int, Node> nodes = {};

  void send(const Message& message) {
    clock.after(90, [this, message] { deliver(message); });
  }

  void deliver(const Message& message) {
    fmt::print("t={:>3} min  n{}  gets  {}\n", clock.now, message.to, message.word);
    for (const Message& answer : nodes[message.to](message)) send(answer);
  }
};
//! [world]

int main() {
  World world;
  world.nodes[1] = [](const Message& message) {
    return message.word == "start" ? std::vector<Message>{{1, 2, "ping"}} : std::vector<Message>{};
  };
  world.nodes[2] = [](const Message&) { return std::vector<Message>{{2, 1, "pong"}}; };
  world.deliver({1, 1, "start"});
  world.clock.run();

  for (const bool with_gull : {false, true}) {
    fmt::print("{:<12}  by time: {}   by time and number: {}\n",
               with_gull ? "with a gull" : "four letters", letters(by_time, with_gull),
               letters(by_time_and_number, with_gull));
  }
}
