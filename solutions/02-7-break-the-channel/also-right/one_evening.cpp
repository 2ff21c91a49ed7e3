// One long test: an evening at the counter of a bakery, told from main.
#include <chrono>
#include <string>

#include "channel_tests.hpp"

namespace conclave::suspect {
namespace {

using namespace std::chrono_literals;

void evening() {
  const Chan shelf = make_chan(2);
  std::vector<std::string> log;

  // Three customers come a minute apart, before the first bread.
  for (int i = 1; i <= 3; ++i) {
    go([&log, shelf, i] {
      sleep_for(i * 1min);
      const std::optional<int> bread = shelf.recv();
      log.push_back("customer " + std::to_string(i) +
                    (bread ? " has " + std::to_string(*bread) : " has none"));
    });
  }
  sleep_for(10min);
  for (int bread = 1; bread <= 3; ++bread) {
    shelf.send(bread);
    sleep_for(1min);
  }
  expect(
      log == std::vector<std::string>{"customer 1 has 1", "customer 2 has 2", "customer 3 has 3"},
      "the first customer gets the first bread");

  // The shelf has two places; the third bread waits in the baker's hands, still at closing time.
  bool baker_panicked = false;
  go([&, shelf] {
    shelf.send(4);
    shelf.send(5);
    try {
      shelf.send(6);
    } catch (const Panic&) {
      baker_panicked = true;
    }
  });
  sleep_for(1min);
  expect(shelf.len() == 2, "two lie on the shelf");
  expect(select(send(shelf, 7), timeout(1min)) == 1, "no room for a seventh");
  shelf.close();
  sleep_for(1min);
  expect(baker_panicked, "nobody has taken the sixth");

  // What lies on the shelf is still sold.
  std::vector<int> sold;
  for (const int bread : shelf) sold.push_back(bread);
  expect(sold == std::vector{4, 5}, "the fourth and the fifth, and not the seventh");
}

void the_gate() {
  const Chan gate = make_chan();
  expect(select(send(gate, 1), timeout(1min)) == 1, "nobody there");
  expect(select(recv(gate), timeout(1min)) == 1, "the one who left is not there either");

  std::optional<int> came;
  go([&, gate] { select(recv(gate, came), timeout(1h)); });
  sleep_for(1min);
  expect(select(send(gate, 2), timeout(1min)) == 0, "somebody waits there, for an hour");
  sleep_for(1min);
  expect(came == 2, "and has it");
}

}  // namespace

std::vector<ChannelTest> channel_tests() { return {{"evening", evening}, {"the gate", the_gate}}; }

}  // namespace conclave::suspect
