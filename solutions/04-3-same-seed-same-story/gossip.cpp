#include "gossip.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "common/random.hpp"

namespace conclave::village {
namespace {

struct Person {
  int number = 0;
  bool knows = false;
};

class Village {
 public:
  explicit Village(const Options& options) : options_(options), random_(options.seed) {
    for (int number = 1; number <= options.people; ++number) {
      people_.push_back(std::make_unique<Person>(Person{number}));
    }
  }

  std::vector<Arrival> run() {
    at(0, [this] { hear(*people_.front()); });
    for (Minutes hour = 0; options_.gull && hour < 10; ++hour) {
      at(hour * 60, [this] { at(now_ + dice("gull").between(0, 59), [] { /* it cries */ }); });
    }
    while (!events_.empty()) {
      const auto next = events_.extract(events_.begin());
      now_ = next.key();
      next.mapped()();
    }
    return std::move(story_);
  }

 private:
  /// Tells all others, if it is news.
  void hear(Person& person) {
    if (std::exchange(person.knows, true)) return;
    for (const auto& other : people_) {
      if (other.get() != &person) write(person, *other);
    }
  }

  void write(const Person& from, Person& to) {
    send(to, {.to = to.number, .from = from.number, .letter = ++letters_, .written = now_});
  }

  void send(Person& to, const Arrival& letter) {
    const std::string way = fmt::format(" {} to {}", letter.from, letter.to);
    if (dice("loss" + way).chance(options_.loss)) {
      const Minutes patience = dice("patience" + way).between(60, 90);
      return at(now_ + patience, [this, &to, letter] { send(to, letter); });
    }
    at(now_ + dice("delay" + way).between(10, 60), [this, &to, letter] {
      story_.push_back(letter);
      story_.back().time = now_;
      hear(to);
    });
  }

  void at(Minutes time, std::function<void()> happen) { events_.emplace(time, std::move(happen)); }

  Random& dice(const std::string& purpose) {
    return streams_.try_emplace(purpose, random_.stream(purpose)).first->second;
  }

  const Options options_;
  const Random random_;
  std::map<std::string, Random> streams_;
  Minutes now_ = 0;
  std::int64_t letters_ = 0;
  std::multimap<Minutes, std::function<void()>> events_;  // of one minute: as they were put in
  std::vector<std::unique_ptr<Person>> people_;           // in the order of their numbers
  std::vector<Arrival> story_;
};

}  // namespace

std::vector<Arrival> gossip(const Options& options) { return Village(options).run(); }

}  // namespace conclave::village
