// One kind of event, in a heap; a life is an object, and what is for it holds a weak_ptr.  A sync is a message like others, with
// the length that it makes durable.  Each message rolls all its dice when it is sent, from a stream of its own, which the number
// of the message on its way names: so even a message more is no draw more.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "common/random.hpp"
#include "small_world.hpp"

namespace conclave::own {
namespace {

struct Being {
  Life life;
};

struct Machine {
  Birth birth{};
  int lives = 0;
  std::shared_ptr<Being> being{};
  std::vector<std::string> durable{};
  std::vector<std::string> seen{};
};

struct Event {
  Minutes time = 0;
  std::uint64_t number = 0;
  std::function<void()> happen{};
};

bool later(const Event& left, const Event& right) {
  return std::tie(left.time, left.number) > std::tie(right.time, right.number);
}

class Heap final : public World {
 public:
  Heap(std::uint64_t seed, const Weather& weather) : random_(seed), weather_(weather) {}

  Minutes now() const override { return now_; }

  void at(Minutes time, std::function<void()> happen) override {
    heap_.push_back({std::max(time, now_), ++events_, std::move(happen)});
    std::ranges::push_heap(heap_, later);
  }

  void run_until(Minutes end) override {
    while (!heap_.empty() && heap_.front().time <= end) {
      std::ranges::pop_heap(heap_, later);
      const Event event = std::move(heap_.back());
      heap_.pop_back();
      now_ = event.time;
      event.happen();
    }
    now_ = std::max(now_, end);
  }

  void set_weather(const Weather& weather) override { weather_ = weather; }
  void cut(const std::set<int>& from, const std::set<int>& to) override {
    cuts_.emplace_back(from, to);
  }
  void mend() override { cuts_.clear(); }

  void add(int machine, Birth birth) override {
    machines_[machine].birth = std::move(birth);
    start(machine);
  }

  void start(int machine) override {
    Machine& it = machines_.at(machine);
    it.being = std::make_shared<Being>();
    story_.push_back({now_, What::starts, {machine, machine}});
    it.being->life = it.birth(++it.lives);
  }

  void crash(int machine) override {
    Machine& it = machines_.at(machine);
    story_.push_back({now_, What::crashes, {machine, machine}});
    it.being.reset();
    it.seen = it.durable;
  }

  void send(const Message& message) override {
    if (message.from == message.to) return remind(message.from, 0, message.text);
    for (const auto& [from, to] : cuts_) {
      if (from.contains(message.from) && to.contains(message.to)) return say(What::cut, message);
    }
    const std::string link = fmt::format("{} to {}", message.from, message.to);
    Random dice = random_.stream(fmt::format("{} {}", link, ++sent_[link]));
    const double loss = static_cast<double>(dice.below(1'000'000)) / 1'000'000;
    const double twice = static_cast<double>(dice.below(1'000'000)) / 1'000'000;
    const Minutes delay = dice.between(weather_.fastest, weather_.slowest);
    const Minutes second = dice.between(weather_.fastest, weather_.slowest);
    if (loss < weather_.loss) return say(What::lost, message);
    post(message, delay);
    if (twice >= weather_.twice) return;
    say(What::doubled, message);
    post(message, second);
  }

  void remind(int machine, Minutes after, const std::string& text) override {
    post({machine, machine, text}, after);
  }

  void write(int machine, const std::string& line) override {
    machines_.at(machine).seen.push_back(line);
  }

  void sync(int machine, const std::string& text) override {
    Machine& it = machines_.at(machine);
    const std::string name = fmt::format("disk {}", machine);
    Random dice = random_.stream(fmt::format("{} {}", name, ++sent_[name]));
    post({machine, machine, text}, dice.between(1, weather_.sync_slowest),
         [&it, written = it.seen] {
           if (written.size() > it.durable.size()) it.durable = written;
         });
  }

  const std::vector<std::string>& disk(int machine) const override {
    return machines_.at(machine).seen;
  }

  const std::vector<Line>& story() const override { return story_; }

 private:
  void say(What what, const Message& message) { story_.push_back({now_, what, message}); }

  /// @param before   happens when it arrives, before it is told
  void post(const Message& message, Minutes after, std::function<void()> before = [] {}) {
    const std::weak_ptr<Being> sender = machines_.at(message.from).being;
    const std::weak_ptr<Being> receiver = machines_.at(message.to).being;
    at(now_ + after, [this, message, sender, receiver, before = std::move(before)] {
      const std::shared_ptr<Being> being = receiver.lock();
      if (being == nullptr) return say(What::to_the_dead, message);
      if (sender.expired()) say(What::of_the_dead, message);
      before();
      say(What::gets, message);
      being->life(message);
    });
  }

  Random random_;
  Weather weather_;
  Minutes now_ = 0;
  std::uint64_t events_ = 0;
  std::vector<Event> heap_;
  std::vector<std::pair<std::set<int>, std::set<int>>> cuts_;
  std::map<int, Machine> machines_;
  std::map<std::string, std::uint64_t> sent_;
  std::vector<Line> story_;
};

}  // namespace

std::unique_ptr<World> make_world(std::uint64_t seed, const Weather& weather) {
  return std::make_unique<Heap>(seed, weather);
}

}  // namespace conclave::own
