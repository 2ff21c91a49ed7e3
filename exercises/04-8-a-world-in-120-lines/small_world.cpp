#include "small_world.hpp"

#include "common/random.hpp"
#include "common/todo.hpp"

namespace conclave::own {
namespace {

class SmallWorld final : public World {
 public:
  SmallWorld(std::uint64_t seed, const Weather& weather) : random_(seed), weather_(weather) {}

  Minutes now() const override { return now_; }

  // NOLINTNEXTLINE(performance-unnecessary-value-param): yours will move happen
  void at(Minutes time, std::function<void()> happen) override {
    todo("4.8: at, a place in a queue");
  }

  void run_until(Minutes end) override { todo("4.8: run_until, one event after the other"); }

  void set_weather(const Weather& weather) override { weather_ = weather; }

  void cut(const std::set<int>& from, const std::set<int>& to) override {
    todo("4.8: cut, one direction");
  }

  void mend() override { todo("4.8: mend, all directions"); }

  // NOLINTNEXTLINE(performance-unnecessary-value-param): yours will move birth
  void add(int machine, Birth birth) override { todo("4.8: add, a machine"); }

  void crash(int machine) override { todo("4.8: crash, the end of a life"); }

  void start(int machine) override { todo("4.8: start, the next life"); }

  void send(const Message& message) override { todo("4.8: send, and what can go wrong"); }

  void remind(int machine, Minutes after, const std::string& text) override {
    todo("4.8: remind, a message to oneself");
  }

  void write(int machine, const std::string& line) override { todo("4.8: write, a line"); }

  void sync(int machine, const std::string& text) override {
    todo("4.8: sync, after which it is durable");
  }

  const std::vector<std::string>& disk(int machine) const override {
    todo("4.8: disk, and what is on it");
  }

  const std::vector<Line>& story() const override { return story_; }

 private:
  Random random_;
  Weather weather_;
  Minutes now_ = 0;
  std::vector<Line> story_;
};

}  // namespace

std::unique_ptr<World> make_world(std::uint64_t seed, const Weather& weather) {
  return std::make_unique<SmallWorld>(seed, weather);
}

}  // namespace conclave::own
