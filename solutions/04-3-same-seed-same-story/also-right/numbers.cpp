// No streams that are kept: each question asks a generator of its own, which the letter's number and the purpose name.  People are
// numbers, so there is no address to go by, and a letter's number says who wrote to whom.
#include <queue>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "common/random.hpp"
#include "gossip.hpp"

namespace conclave::village {
namespace {

struct Later {
  bool operator()(const Arrival& left, const Arrival& right) const {
    return std::tie(left.time, left.letter) > std::tie(right.time, right.letter);
  }
};

Random dice(const Options& options, const Arrival& letter, const char* purpose, int attempt = 1) {
  return Random(options.seed).stream(fmt::format("{} {} {}", purpose, letter.letter, attempt));
}

}  // namespace

std::vector<Arrival> gossip(const Options& options) {
  std::priority_queue<Arrival, std::vector<Arrival>, Later> under_way;
  std::set<int> who_know;
  std::vector<Arrival> story;
  const auto hear = [&](int person, Minutes now) {
    if (!who_know.insert(person).second) return;
    for (int other = options.people; other >= 1; --other) {
      if (other == person) continue;
      Arrival letter{now, other, person, std::int64_t{1000} * person + other, now};
      int attempt = 1;
      for (; dice(options, letter, "loss", attempt).chance(options.loss); ++attempt) {
        letter.time += dice(options, letter, "patience", attempt).between(60, 90);
      }
      letter.time += dice(options, letter, "delay").between(10, 60);
      under_way.push(letter);
    }
  };

  hear(1, 0);
  while (!under_way.empty()) {
    story.push_back(under_way.top());
    under_way.pop();
    hear(story.back().to, story.back().time);
  }
  return story;  // the gull cries, and nobody listens
}

}  // namespace conclave::village
