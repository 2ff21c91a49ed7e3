// Exercise 4.2, in the order in which a reader gets it right.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "common/random.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"
#include "vector_clock.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;
using std::chrono_literals::operator""ms;

/// Events of some processes, each with its three times and with all that happened before it: what the arrows say.
class History {
 public:
  /// @param behind   by how much the clock on each process's wall is behind
  explicit History(const std::vector<milliseconds>& behind) : behind_(behind) {
    for (std::size_t i = 0; i < behind.size(); ++i) clocks_.emplace_back(i, behind.size());
    latest_.assign(behind.size(), kNone);
  }

  /// What a process does alone.  @return the number of the event
  std::size_t local(std::size_t process) {
    return add(process, clocks_[process].local(), kNone, "does something alone");
  }

  /// It sends a message, which may be received any number of times.
  std::size_t send(std::size_t process) {
    return add(process, clocks_[process].send(), kNone, "sends a message");
  }

  /// It receives the message that was sent by an event.
  std::size_t receive(std::size_t process, std::size_t sent) {
    return add(process, clocks_[process].receive(events_[sent].vector), sent,
               fmt::format("receives what event {} sent", sent));
  }

  [[nodiscard]] const Event& operator[](std::size_t number) const { return events_[number]; }
  [[nodiscard]] std::size_t size() const { return events_.size(); }

  /// Whether arrows lead from one event to the other.
  [[nodiscard]] bool leads(std::size_t from, std::size_t to) const { return past_[to][from]; }

  /// How many events of each process happened before this one, or are it.
  [[nodiscard]] VectorTime counted(std::size_t number) const {
    VectorTime count(clocks_.size(), 0);
    for (std::size_t i = 0; i < size(); ++i) {
      if (i == number || leads(i, number)) ++count[events_[i].process];
    }
    return count;
  }

  /// One event in a line.
  [[nodiscard]] std::string line(std::size_t number) const {
    const Event& event = events_[number];
    return fmt::format("event {}: process {} {}; wall {} ms, Lamport {}, vector {}", number,
                       event.process, what_[number], event.wall.count(), event.lamport,
                       event.vector);
  }

 private:
  static constexpr std::size_t kNone = SIZE_MAX;

  std::size_t add(std::size_t process, VectorTime vector, std::size_t sent, std::string what) {
    Event event{.process = process,
                .wall = 1000ms + size() * 10ms - behind_[process],
                .lamport = 1,
                .vector = std::move(vector)};
    std::vector<bool> past(size() + 1, false);
    for (const std::size_t cause : {latest_[process], sent}) {
      if (cause == kNone) continue;
      event.lamport = std::max(event.lamport, events_[cause].lamport + 1);
      past[cause] = true;
      for (std::size_t i = 0; i < cause; ++i) past[i] = past[i] || past_[cause][i];
    }
    for (std::vector<bool>& each : past_) each.resize(size() + 1, false);
    latest_[process] = size();
    events_.push_back(std::move(event));
    past_.push_back(std::move(past));
    what_.push_back(std::move(what));
    return size() - 1;
  }

  std::vector<milliseconds> behind_;
  std::vector<VectorClock> clocks_;
  std::vector<std::size_t> latest_;  // of each process
  std::vector<Event> events_;
  std::vector<std::string> what_;
  std::vector<std::vector<bool>> past_;  // [later][earlier]
};

/// What happens_before says of two events, and the events.
std::string verdict(const History& history, std::size_t first, std::size_t second) {
  return fmt::format("happens_before says {}, and the other way round {}\nof {}\nand {}",
                     happens_before(history[first], history[second]),
                     happens_before(history[second], history[first]), history.line(first),
                     history.line(second));
}

std::string_view word(Relation relation) {
  constexpr std::array<std::string_view, 3> kWords = {"before", "after", "neither"};
  return kWords.at(static_cast<std::size_t>(relation));
}

/// The arrows of the README's three logs: from each event to the next one, and from each sending to its receipt.
bool leads(char from, char to) {
  constexpr auto kArrows = std::to_array<std::string_view>({"ab", "bc", "cd", "ef", "fg", "gh",
                                                            "hi", "jk", "kl", "lm",  //
                                                            "bf", "gl", "hd", "ki"});
  return std::ranges::any_of(kArrows, [&](std::string_view arrow) {
    return arrow[0] == from && (arrow[1] == to || leads(arrow[1], to));
  });
}

TEST(Predict, TenPairs) {
  const Claim law = announce(
      "an event happened before another when arrows lead from it to the other (Lamport 1978)");
  constexpr auto kPairs =
      std::to_array<std::string_view>({"al", "cf", "lb", "ji", "kg", "di", "me", "kd", "hd", "cm"});
  const std::array<Relation, 10> said = predictions();
  std::size_t right = 0;
  std::string wrong;

  for (std::size_t i = 0; i < kPairs.size(); ++i) {
    const char first = kPairs.at(i)[0];
    const char second = kPairs.at(i)[1];
    const bool forward = leads(first, second);
    const bool back = leads(second, first);
    const Relation relation = forward ? Relation::before
                              : back  ? Relation::after
                                      : Relation::neither;
    if (said.at(i) == relation) {
      ++right;
    } else if (wrong.empty()) {
      wrong = fmt::format("of {} and {} you say: {}\n", first, second, word(said.at(i)));
      wrong += said.at(i) == Relation::neither
                   ? "there is a way from one to the other, event by event and message by message"
                   : fmt::format("no way leads from {} to {}, by whatever messages",
                                 said.at(i) == Relation::before ? first : second,
                                 said.at(i) == Relation::before ? second : first);
    }
  }

  must_hold(law, right == kPairs.size(), "{}\nright so far: {} of 10 pairs", wrong, right);
}

TEST(VectorTime, CountsTheEventsOfItsProcess) {
  const Claim law = announce("a process counts its own events, what it sends among them (law 1)");
  VectorClock clock(1, 3);

  const std::vector<VectorTime> times = {clock.local(), clock.send(), clock.local()};

  must_hold(law, times == std::vector<VectorTime>{{0, 1, 0}, {0, 2, 0}, {0, 3, 0}},
            "process 1 of 0 to 2 does something, sends a message, does something\n"
            "the times of the three: {}",
            fmt::join(times, ", "));
}

TEST(VectorTime, OfAReceiptKnowsWhatTheMessageKnew) {
  const Claim law = announce(
      "a receipt counts what its process and the message have counted, and itself (law 1)");
  VectorClock ann(0, 3);
  VectorClock bob(1, 3);
  VectorClock cy(2, 3);

  ann.local();
  const VectorTime first = ann.send();
  const VectorTime received = bob.receive(first);
  const VectorTime second = bob.send();
  cy.local();
  const VectorTime handed_on = cy.receive(second);

  must_hold(law, received == VectorTime{2, 1, 0} && handed_on == VectorTime{2, 2, 2},
            "{}\n0 does something, and sends a message to 1; 1 sends one to 2, which did something "
            "before\n"
            "the first is sent at {}, and received at {}\n"
            "the second is sent at {}, and received at {}",
            received == VectorTime{0, 1, 0}
                ? "the first receipt knows nothing of what its message knew"
            : received == VectorTime{2, 0, 0} ? "the first receipt does not count itself"
                                              : "a receipt counts too much, or too little",
            first, received, second, handed_on);
}

TEST(VectorTime, LosesNothingToAnOldMessage) {
  const Claim law = announce("an old message makes no process forget what it knew (laws 1, 3)");
  VectorClock ann(0, 3);
  VectorClock bob(1, 3);
  VectorClock cy(2, 3);

  const VectorTime old = ann.send();
  const VectorTime young = ann.send();
  const VectorTime from_cy = cy.send();
  bob.receive(from_cy);
  bob.receive(young);
  const VectorTime late = bob.receive(old);
  const VectorTime twice = bob.receive(old);

  must_hold(
      law, late == VectorTime{2, 3, 1} && twice == VectorTime{2, 4, 1},
      "1 receives a message of 2, then the second message of 0, {}, then its first, {}, twice\n"
      "the times of these last two: {}, {}",
      young, old, late, twice);
}

TEST(HappensBefore, FollowsTheArrows) {
  const Claim law = announce(
      "what is earlier in a process, and what was sent before it was received, happened before");
  History history({0ms, 0ms, 0ms});

  const std::size_t thought = history.local(0);
  const std::size_t sent = history.send(0);
  const std::size_t received = history.receive(1, sent);
  const std::size_t answered = history.send(1);
  const std::size_t read = history.receive(2, answered);
  const std::vector<std::size_t> way = {thought, sent, received, answered, read};
  std::string wrong;
  for (std::size_t i = 0; i < way.size(); ++i) {
    for (std::size_t k = i + 1; k < way.size() && wrong.empty(); ++k) {
      const bool there = happens_before(history[way[i]], history[way[k]]);
      const bool back = happens_before(history[way[k]], history[way[i]]);
      if (!there || back) wrong = verdict(history, way[i], way[k]);
    }
  }

  must_hold(law, wrong.empty(), "{}", wrong);
}

TEST(HappensBefore, IsNeverSaidOfAnEventAndItself) {
  const Claim law = announce("nothing happened before itself (law 2)");
  History history({0ms, 0ms});

  const std::size_t sent = history.send(0);
  const std::size_t received = history.receive(1, sent);

  for (const std::size_t event : {sent, received}) {
    must_hold(law, !happens_before(history[event], history[event]),
              "happens_before says true of an event and itself\nof {}", history.line(event));
  }
}

TEST(HappensBefore, IsNotWhatTheWallsSay) {
  const Claim law =
      announce("what was sent happened before its receipt, whatever the clocks on the walls say");
  History history({0ms, 500ms});

  const std::size_t sent = history.send(0);
  const std::size_t received = history.receive(1, sent);

  must_hold(law,
            happens_before(history[sent], history[received]) &&
                !happens_before(history[received], history[sent]),
            "{}", verdict(history, sent, received));
}

TEST(HappensBefore, IsNotProvedByASmallerNumber) {
  const Claim law = announce(
      "a smaller Lamport time does not prove that something happened before (Lamport 1978)");
  History history({0ms, 0ms});

  const std::size_t one = history.local(0);
  history.local(1);
  history.local(1);
  const std::size_t other = history.local(1);

  must_hold(law,
            !happens_before(history[one], history[other]) &&
                !happens_before(history[other], history[one]),
            "{}\nthese two processes never send a message", verdict(history, one, other));
}

TEST(HappensBefore, IsRightInEveryHistory) {
  for_each_seed(100, [](std::uint64_t seed) {
    const Claim law = announce(
        "happens_before says what the arrows say, of each pair of events (law 2; Mattern 1989)");
    Random random(seed);
    std::vector<milliseconds> behind(random.between(1U, 5U));
    for (milliseconds& each : behind) each = random.between(0, 300) * 1ms;
    History history(behind);
    std::vector<std::size_t> sent;

    for (int i = 0; i < 40; ++i) {
      const std::size_t process = random.below(behind.size());
      if (!sent.empty() && random.chance(0.4)) {
        history.receive(process, sent[random.below(sent.size())]);  // late, twice, its own
      } else if (random.chance(0.5)) {
        sent.push_back(history.send(process));
      } else {
        history.local(process);
      }
    }

    std::string wrong;
    for (std::size_t a = 0; a < history.size() && wrong.empty(); ++a) {
      if (history[a].vector != history.counted(a)) {
        wrong = fmt::format("{}\nof each process, that many happened before it or are it: {}",
                            history.line(a), history.counted(a));
      }
      for (std::size_t b = 0; b < history.size() && wrong.empty(); ++b) {
        const bool said = happens_before(history[a], history[b]);
        if (said == history.leads(a, b)) continue;
        wrong = fmt::format("{}\narrows {} from the first to the second", verdict(history, a, b),
                            history.leads(a, b) ? "lead" : "do not lead");
      }
    }

    must_hold(law, wrong.empty(), "{} processes, 40 events\n{}", behind.size(), wrong);
  });
}

}  // namespace
}  // namespace conclave
