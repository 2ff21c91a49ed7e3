/// @file
/// Four situations that some program does not survive, in 200 runs of three kinds: nothing fails, everything does,
/// or half of it.
///
/// Watch for zeros: only the last column has none.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"
#include "simulation/simulate.hpp"

using conclave::World;
using conclave::simulation::Fault;
using conclave::simulation::Faults;
using conclave::simulation::Options;
using std::chrono_literals::operator""ms;

constexpr int kRuns = 200;
constexpr std::array kSituations = {
    "a message comes twice", "one of a dead node comes, after its successor's",
    "a life of 256 messages (a byte is full)", "300 messages in a row, none missing"};

/// n1 sends its life and a number every 20 ms; n2 looks at what comes.
class Numbers final : public conclave::simulation::Program {
 public:
  void node(World& world) override {
    const auto transport = world.transport();
    if (world.name() == "n1") {
      const auto n2 = *transport->connect("n2");
      for (int number = 1;; ++number, conclave::sleep_for(20ms)) {
        conclave::rpc::Frames message{std::to_string(world.incarnation()), std::to_string(number)};
        static_cast<void>(transport->try_send(n2, message));
      }
    }
    if (!transport->listen("n2").ok()) return;
    int in_a_row = 0;
    for (int life = 0, last = 0;;) {
      const auto received = transport->recv({});
      if (!received.ok()) return;
      const int of_life = std::stoi(received->message.at(0));
      const int number = std::stoi(received->message.at(1));
      in_a_row = number == last + 1 || last == 0 ? in_a_row + 1 : 0;
      has_come[0] |= of_life == life && number == last;
      has_come[1] |= of_life < life;
      has_come[2] |= number >= 256;
      has_come[3] |= in_a_row >= 300;
      life = std::max(life, of_life);
      last = number;
    }
  }

  std::array<bool, kSituations.size()> has_come{};
};

//! [kinds]
const Faults kFaults{Fault::loss,  Fault::duplication, Fault::delay, Fault::reordering,
                     Fault::crash, Fault::pause,       Fault::clog,  Fault::partition};
const std::array kKinds = {
    Options{.nodes = 2, .clients = 0, .faults = {}},
    Options{.nodes = 2, .clients = 0, .faults = kFaults, .draws_faults = false},
    Options{.nodes = 2, .clients = 0, .faults = kFaults, .draws_faults = true},
};
//! [kinds]

int main() {
  std::array<std::array<int, kKinds.size()>, kSituations.size()> count{};
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
      Options options = kKinds[kind];
      options.seed = seed;
      Numbers program;
      static_cast<void>(simulate(options, program));
      for (std::size_t i = 0; i < kSituations.size(); ++i) count[i][kind] += program.has_come[i];
    }
  }
  fmt::print("{:<49}{:>9}{:>11}{:>13}\n", "in so many of 200 runs", "no fault", "all eight",
             "half, drawn");
  for (std::size_t i = 0; i < kSituations.size(); ++i)
    fmt::print("{:<49}{:>9}{:>11}{:>13}\n", kSituations[i], count[i][0], count[i][1], count[i][2]);
}
