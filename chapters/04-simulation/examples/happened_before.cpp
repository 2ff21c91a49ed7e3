/// @file
/// Eight events on three machines, and four ways to say when each was.
///
/// Watch which numbers get smaller along an arrow, and then the last line: what a number that never does so still
/// cannot say.
#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace {

/// What happened: an event of a machine, which perhaps receives what an earlier one sent.
struct Event {
  char name;
  std::string machine;
  std::string what;
  char sent = 0;  // the event that sent what this one receives
  int wall = 0;   // seconds after nine
  int counted = 0;
  int taken_over = 0;
  int lamport = 0;
  std::set<char> past{};  // all that happened before it
};

//! [clocks]
/// The numbers of the next event: `last` is the one before it on its machine, `sent` the one whose message it receives.
void tick(Event& next, const Event& last, const Event& sent) {
  next.counted = last.counted + 1;
  next.taken_over = (sent.taken_over != 0 ? sent.taken_over : last.taken_over) + 1;
  next.lamport = std::max(last.lamport, sent.lamport) + 1;
}
//! [clocks]

//! [past]
/// All that happened before the next event: what the two know, and the two themselves.
void remember(Event& next, const Event& last, const Event& sent) {
  for (const Event* known : {&last, &sent}) {
    if (known->name == 0) continue;
    next.past.insert(known->past.begin(), known->past.end());
    next.past.insert(known->name);
  }
}
//! [past]

/// As they truly happened, one second after the other.
std::vector<Event> story() {
  std::vector<Event> events = {
      {'a', "cy", "says hello to ann"}, {'b', "ann", "wakes up"}, {'c', "ann", "asks bob"},
      {'d', "bob", "is asked", 'c'},    {'e', "bob", "answers"},  {'f', "ann", "reads hello", 'a'},
      {'g', "ann", "is answered", 'e'}, {'h', "cy", "looks out"},
  };
  const std::map<std::string, int> behind = {{"ann", 0}, {"bob", 4}, {"cy", 0}};
  std::map<std::string, Event> last;
  std::map<char, Event> by_name;
  int now = 0;
  for (Event& event : events) {
    event.wall = 10 + now++ - behind.at(event.machine);
    tick(event, last[event.machine], by_name[event.sent]);
    remember(event, last[event.machine], by_name[event.sent]);
    last[event.machine] = by_name[event.name] = event;
  }
  return events;
}

}  // namespace

int main() {
  const std::vector<Event> events = story();
  fmt::print("                           wall  counted  taken over  Lamport  before it\n");
  for (const Event& event : events) {
    fmt::print("  {} {:<4}{:<19}  :{:02}  {:>7}  {:>10}  {:>7}  {}\n", event.name, event.machine,
               event.what, event.wall, event.counted, event.taken_over, event.lamport,
               event.past.empty() ? "nothing" : fmt::format("{}", fmt::join(event.past, " ")));
  }

  int before = 0;
  int smaller = 0;
  std::vector<int> broken(4, 0);  // of each way to say when
  for (const Event& first : events) {
    for (const Event& second : events) {
      smaller += first.lamport < second.lamport ? 1 : 0;
      if (!second.past.contains(first.name)) continue;
      ++before;
      broken[0] += first.wall >= second.wall ? 1 : 0;
      broken[1] += first.counted >= second.counted ? 1 : 0;
      broken[2] += first.taken_over >= second.taken_over ? 1 : 0;
      broken[3] += first.lamport >= second.lamport ? 1 : 0;
    }
  }
  fmt::print("  pairs, of {:<3} denied      {:>3}  {:>7}  {:>10}  {:>7}\n", before, broken[0],
             broken[1], broken[2], broken[3]);
  fmt::print("\nsmaller Lamport times: {} pairs; happened before: {} of them\n", smaller, before);
}
