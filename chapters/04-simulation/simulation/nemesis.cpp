#include "simulation/nemesis.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "channels/channels.hpp"

namespace conclave::simulation {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""us;

namespace {

/// What somebody has to do; the others just happen.
constexpr std::array kActions = {
    Fault::clog,  Fault::one_way,         Fault::partition,     Fault::bridge,
    Fault::chain, Fault::crash,           Fault::power_failure, Fault::pause,
    Fault::slow,  Fault::rolling_restart, Fault::wall_jump,     Fault::full};

}  // namespace

NetworkFaults draw_network_faults(Random random, const Faults& drawn) {
  NetworkFaults faults;
  constexpr std::array kLost = {0.01, 0.05, 0.1, 0.3};
  constexpr std::array kTwice = {0.01, 0.05, 0.2, 0.5};
  if (drawn.has(Fault::loss)) faults.lost = kLost.at(random.below(kLost.size()));
  if (drawn.has(Fault::duplication)) faults.twice = kTwice.at(random.below(kTwice.size()));
  faults.delay_typical = 100us * (1 << random.between(0, 8));
  faults.delay_max = 4 * faults.delay_typical;
  if (drawn.has(Fault::delay)) faults.delay_max = std::max(Duration(10s), faults.delay_max);
  faults.in_order = !drawn.has(Fault::reordering);
  return faults;
}

Nemesis::Nemesis(Cluster& cluster, Random random, const Faults& drawn, std::size_t clients)
    : cluster_(cluster), random_(random), drawn_(drawn), hosts_(cluster.nodes() + clients) {
  std::ranges::copy_if(kActions, std::back_inserter(actions_),
                       [&](Fault fault) { return drawn.has(fault); });
}

void Nemesis::run(Duration time) {
  const TimePoint end = now() + time;
  const Duration typical = time / (1 << random_.between(3, 7));  // between two actions
  while (now() < end && !cluster_.failure()) {
    const Duration pause = actions_.empty() ? time : some_time(typical);
    select(recv(cluster_.failed()), recv(after(std::min(pause, end - now()))));
    if (now() < end && !cluster_.failure()) act(actions_[random_.below(actions_.size())]);
  }
  group_.end();
}

void Nemesis::later(Duration pause, std::function<void()> f) {
  group_.go([pause, f = std::move(f)] {
    sleep_for(pause);
    f();
  });
}

Duration Nemesis::some_time(Duration typical) {
  return heavy_tailed(random_, typical / 10, typical, 20 * typical);
}

Ends Nemesis::some_end() {
  return drawn_.has(Fault::power_failure) && random_.chance(0.5) ? Ends::machine : Ends::process;
}

void Nemesis::act(Fault fault) {
  ++cluster_.happened()[fault];
  switch (fault) {
    case Fault::clog: {
      const std::size_t from =
          some_host();  // one draw a line: in a call, compilers order them as they like
      const std::size_t to = some_host();
      return cluster_.network().clog(from, to, now() + some_time(500ms));
    }
    case Fault::crash: {
      const std::size_t node = some_node();
      const Duration pause = some_time(200ms);
      if (random_.chance(0.7)) {
        const std::uint64_t turns = 1 + random_.below(std::uint64_t{1} << random_.between(0, 12));
        return cluster_.crash_at_turn(node, turns, some_end(), pause);
      }
      cluster_.crash(node, some_end());
      return cluster_.start_after(node, pause);
    }
    case Fault::power_failure:
      for (std::size_t node = 0; node < cluster_.nodes(); ++node) {
        cluster_.crash(node, Ends::machine);
        cluster_.start_after(node, some_time(200ms));
      }
      return;
    case Fault::pause: {
      std::function<void()> resume = cluster_.pause(some_node());
      return later(some_time(300ms), std::move(resume));
    }
    case Fault::slow: {
      const std::size_t node = some_node();
      return group_.go([this, node] { slow_down(node); });
    }
    case Fault::rolling_restart:
      return group_.go([this] { restart_one_by_one(); });
    case Fault::wall_jump: {
      const std::size_t host = some_host();
      return cluster_.jump_wall_clock(host, random_.between(-3600, 3600) * 1s);
    }
    case Fault::full:
      return fill_disk(some_node());
    default:
      return cut(fault);
  }
}

/// Of every 100 ms it has 10.
void Nemesis::slow_down(std::size_t node) {
  const TimePoint end = now() + some_time(1s);
  while (now() < end) {
    const std::function<void()> resume = cluster_.pause(node);
    sleep_for(90ms);
    resume();
    sleep_for(10ms);
  }
}

void Nemesis::restart_one_by_one() {
  for (std::size_t node = 0; node < cluster_.nodes(); ++node) {
    cluster_.crash(node, Ends::process);
    sleep_for(some_time(50ms));
    cluster_.start(node);
    sleep_for(some_time(200ms));
  }
}

/// Cuts links, and mends all of them after a while.
void Nemesis::cut(Fault fault) {
  std::vector<std::size_t> order(hosts_);
  for (std::size_t i = 0; i < hosts_; ++i) order[i] = i;
  random_.shuffle(order);
  const std::size_t half = hosts_ / 2;
  const auto reach = [&](std::size_t a, std::size_t b) {  // places in the order, a before b
    switch (fault) {
      case Fault::one_way:
        return a != 0;  // the first reaches nobody, and is reached
      case Fault::bridge:
        return a == half || b == half || (a < half) == (b < half);
      case Fault::chain:
        return b == a + 1;
      default:
        return (a < half) == (b < half);
    }
  };
  for (std::size_t a = 0; a < hosts_; ++a) {
    for (std::size_t b = a + 1; b < hosts_; ++b) {
      if (reach(a, b)) continue;
      cluster_.network().cut(order[a], order[b]);
      if (fault != Fault::one_way) cluster_.network().cut(order[b], order[a]);
    }
  }
  cluster_.trace().tell("", "links are cut: {}", name(fault));
  later(some_time(500ms), [this] {
    cluster_.network().mend_all();
    cluster_.trace().tell("", "links are mended");
  });
}

void Nemesis::fill_disk(std::size_t node) {
  DiskFaults faults = cluster_.disk_faults();
  faults.capacity = cluster_.disk(node).used() + random_.below(std::uint64_t{1} << 13);
  cluster_.disk(node).set_faults(faults);
  cluster_.trace().tell(cluster_.name(node), "the disk is almost full");
  later(some_time(500ms), [this, node] {
    cluster_.disk(node).set_faults(cluster_.disk_faults());
    cluster_.trace().tell(cluster_.name(node), "the disk has room");
  });
}

}  // namespace conclave::simulation
