#include "small_world.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "common/random.hpp"

namespace conclave::own {
namespace {

/// What will happen, in the order in which it is due.
class Agenda {
 public:
  void put(Minutes time, std::function<void()> happen) { events_.emplace(time, std::move(happen)); }
  [[nodiscard]] bool has_until(Minutes end) const {
    return !events_.empty() && events_.begin()->first <= end;
  }
  [[nodiscard]] std::pair<Minutes, std::function<void()>> take() {
    auto first = events_.extract(events_.begin());
    return {first.key(), std::move(first.mapped())};
  }

 private:
  std::multimap<Minutes, std::function<void()>> events_;  // keeps the order of equal times
};

struct Machine {
  Birth birth;
  int lives = 0;  // this one included
  bool is_up = false;
  Life life{};
  std::vector<std::string> disk{};
  std::size_t durable = 0;  // so many lines

  [[nodiscard]] int running() const { return is_up ? lives : 0; }
};

class SmallWorld final : public World {
 public:
  SmallWorld(std::uint64_t seed, const Weather& weather) : random_(seed), weather_(weather) {}

  Minutes now() const override { return now_; }
  void at(Minutes time, std::function<void()> happen) override {
    agenda_.put(std::max(time, now_), std::move(happen));
  }
  void run_until(Minutes end) override {
    while (agenda_.has_until(end)) {
      const auto [time, happen] = agenda_.take();
      now_ = time;
      happen();
    }
    now_ = std::max(now_, end);
  }

  void set_weather(const Weather& weather) override { weather_ = weather; }
  void cut(const std::set<int>& from, const std::set<int>& to) override {
    for (const int sender : from) {
      for (const int receiver : to) cuts_.emplace(sender, receiver);
    }
  }
  void mend() override { cuts_.clear(); }

  void add(int machine, Birth birth) override {
    machines_[machine].birth = std::move(birth);
    start(machine);
  }
  void start(int machine) override {
    Machine& it = machines_.at(machine);
    tell(What::starts, {machine, machine});
    it.is_up = true;  // may call us while it is born
    it.life = it.birth(++it.lives);
  }
  void crash(int machine) override {
    Machine& it = machines_.at(machine);
    tell(What::crashes, {machine, machine});
    it.is_up = false;
    it.life = nullptr;
    it.disk.resize(it.durable);
  }

  void send(const Message& message) override {
    const auto& [from, to, text] = message;
    if (from == to) return post(message, 0);
    if (cuts_.contains({from, to})) return tell(What::cut, message);
    const std::string link = fmt::format("{} to {}", from, to);
    if (dice("loss", link).chance(weather_.loss)) return tell(What::lost, message);
    post(message, dice("delay", link).between(weather_.fastest, weather_.slowest));
    if (!dice("twice", link).chance(weather_.twice)) return;
    tell(What::doubled, message);
    post(message, dice("second", link).between(weather_.fastest, weather_.slowest));
  }
  void remind(int machine, Minutes after, const std::string& text) override {
    post({machine, machine, text}, after);
  }

  void write(int machine, const std::string& line) override {
    machines_.at(machine).disk.push_back(line);
  }
  void sync(int machine, const std::string& text) override {
    Machine& it = machines_.at(machine);
    const Minutes time = dice("sync", fmt::format("{}", machine)).between(1, weather_.sync_slowest);
    at(now_ + time, [&it, life = it.running(), written = it.disk.size()] {
      if (it.running() == life) it.durable = std::max(it.durable, written);
    });
    post({machine, machine, text}, time);
  }
  const std::vector<std::string>& disk(int machine) const override {
    return machines_.at(machine).disk;
  }

  const std::vector<Line>& story() const override { return story_; }

 private:
  void tell(What what, const Message& message) { story_.push_back({now_, what, message}); }

  Random& dice(std::string_view purpose, std::string_view whose) {
    const std::string name = fmt::format("{} {}", purpose, whose);
    return streams_.try_emplace(name, random_.stream(name)).first->second;
  }

  void post(const Message& message, Minutes after) {
    const Machine& from = machines_.at(message.from);
    const Machine& to = machines_.at(message.to);
    at(now_ + after,
       [this, message, &from, &to, sent_by = from.running(), for_life = to.running()] {
         if (for_life == 0 || to.running() != for_life) return tell(What::to_the_dead, message);
         if (from.running() != sent_by) tell(What::of_the_dead, message);
         tell(What::gets, message);
         to.life(message);
       });
  }

  const Random random_;
  Weather weather_;
  Minutes now_ = 0;
  Agenda agenda_;
  std::set<std::pair<int, int>> cuts_;
  std::map<int, Machine> machines_;
  std::map<std::string, Random, std::less<>> streams_;
  std::vector<Line> story_;
};

}  // namespace

std::unique_ptr<World> make_world(std::uint64_t seed, const Weather& weather) {
  return std::make_unique<SmallWorld>(seed, weather);
}

}  // namespace conclave::own
