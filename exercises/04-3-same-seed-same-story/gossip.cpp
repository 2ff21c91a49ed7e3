#include "gossip.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <unordered_set>
#include <utility>

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
      everybody_.insert(people_.back().get());
    }
  }

  std::vector<Arrival> run() {
    at(0, [this] { hear(*people_.front()); });
    for (Minutes hour = 0; options_.gull && hour < 10; ++hour) {
      at(hour * 60, [this] { at(now_ + random_.between(0, 59), [] { /* it cries */ }); });
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
    for (Person* other : everybody_) {
      if (other != &person) write(person, *other);
    }
  }

  void write(const Person& from, Person& to) {
    static std::int64_t letters = 0;
    const auto today = std::chrono::system_clock::now().time_since_epoch();
    send(to, {.to = to.number, .from = from.number, .letter = ++letters, .written = today.count()});
  }

  void send(Person& to, const Arrival& letter) {
    if (random_.chance(options_.loss)) {
      Random patience(fresh_seed());
      return at(now_ + patience.between(60, 90), [this, &to, letter] { send(to, letter); });
    }
    at(now_ + random_.between(10, 60), [this, &to, letter] {
      story_.push_back(letter);
      story_.back().time = now_;
      hear(to);
    });
  }

  void at(Minutes time, std::function<void()> happen) { events_.emplace(time, std::move(happen)); }

  const Options options_;
  Random random_;
  Minutes now_ = 0;
  std::multimap<Minutes, std::function<void()>> events_;  // of one minute: as they were put in
  std::vector<std::unique_ptr<Person>> people_;
  std::unordered_set<Person*> everybody_;
  std::vector<Arrival> story_;
};

}  // namespace

std::vector<Arrival> gossip(const Options& options) { return Village(options).run(); }

}  // namespace conclave::village
