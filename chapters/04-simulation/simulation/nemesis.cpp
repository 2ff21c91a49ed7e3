#include "simulation/nemesis.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string>

#include "channels/channels.hpp"

namespace conclave::simulation {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""us;

namespace {

/// What somebody has to bring about; the others just happen.
constexpr std::array kActions = {
    Fault::clog,  Fault::one_way,         Fault::partition,     Fault::bridge,
    Fault::chain, Fault::crash,           Fault::power_failure, Fault::pause,
    Fault::slow,  Fault::rolling_restart, Fault::wall_jump,     Fault::full};

Duration some_time(Random& random, Duration typical) {
  return heavy_tailed(random, typical / 10, typical, 20 * typical);
}

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

NetworkFaults draw_network_faults(const Random& random, const Faults& drawn) {
  constexpr std::array kLost = {0.01, 0.05, 0.1, 0.3};
  constexpr std::array kTwice = {0.01, 0.05, 0.2, 0.5};
  Random lost = random.stream("lost");
  Random twice = random.stream("twice");
  Random delay = random.stream("delay");
  NetworkFaults faults;
  if (drawn.has(Fault::loss)) faults.lost = kLost.at(lost.below(kLost.size()));
  if (drawn.has(Fault::duplication)) faults.twice = kTwice.at(twice.below(kTwice.size()));
  faults.delay_typical = 100us * (1 << delay.between(0, 8));
  faults.delay_max = 4 * faults.delay_typical;
  if (drawn.has(Fault::delay)) faults.delay_max = 10s;
  faults.in_order = !drawn.has(Fault::reordering);
  return faults;
}

Nemesis::Nemesis(Cluster& cluster, const Random& random, const Faults& drawn, std::size_t clients)
    : cluster_(cluster), random_(random), drawn_(drawn), hosts_(cluster.nodes() + clients) {}

void Nemesis::run(Duration time) {
  for (const Fault fault : kActions) {
    if (drawn_.has(fault)) group_.go([this, fault, time] { haunt(fault, time); });
  }
  select(recv(cluster_.failed()), recv(after(time)));
  group_.end();
}

void Nemesis::haunt(Fault fault, Duration time) {
  Random random = random_.stream(name(fault));
  const Duration typical = time / (1 << random.between(2, 5));  // between two of its acts
  for (;;) {
    sleep_for(some_time(random, typical));
    act(fault, random);
  }
}

void Nemesis::act(Fault fault, Random& random) {
  switch (fault) {
    case Fault::clog:
      return clog(random);
    case Fault::crash:
      return crash(random);
    case Fault::power_failure:
      return lose_power(random);
    case Fault::pause:
      return pause(random);
    case Fault::slow:
      return slow_down(random);
    case Fault::rolling_restart:
      return restart_one_by_one(random);
    case Fault::wall_jump:
      return jump(random);
    case Fault::full:
      return fill_disk(random);
    default:
      return cut(fault, random);
  }
}

// --- processes and machines ------------------------------------------------------------------------------

Ends Nemesis::some_end(Random& random) const {
  const bool is_machine = random.chance(0.5);
  return is_machine && drawn_.has(Fault::power_failure) ? Ends::machine : Ends::process;
}

void Nemesis::crash(Random& random) {
  // One draw a line, here and below: in a call, compilers order them as they like.
  const std::size_t node = some_node(random);
  const Duration pause = some_time(random, 200ms);
  const Ends ends = some_end(random);
  const std::uint64_t turns = 1 + random.below(std::uint64_t{1} << random.between(0, 12));
  if (random.chance(0.7)) return cluster_.crash_at_turn(node, turns, ends, pause);
  cluster_.crash(node, ends, Fault::crash);
  cluster_.start_after(node, pause);
}

void Nemesis::lose_power(Random& random) {
  for (std::size_t node = 0; node < cluster_.nodes(); ++node) {
    cluster_.crash(node, Ends::machine, Fault::power_failure);
    cluster_.start_after(node, some_time(random, 200ms));
  }
}

void Nemesis::pause(Random& random) {
  const std::size_t node = some_node(random);
  const Duration time = some_time(random, 300ms);
  cluster_.trace().tell(cluster_.name(node), "is paused, for {:.3f} s", seconds(time));
  const std::function<void()> resume = cluster_.pause(node);
  sleep_for(time);
  resume();
}

/// Of every 100 ms it has 10.
void Nemesis::slow_down(Random& random) {
  const std::size_t node = some_node(random);
  const Duration time = some_time(random, 1s);
  cluster_.trace().tell(cluster_.name(node), "is slow, for {:.3f} s", seconds(time));
  for (const TimePoint end = now() + time; now() < end;) {
    const std::function<void()> resume = cluster_.pause(node, Fault::slow);
    sleep_for(90ms);
    resume();
    sleep_for(10ms);
  }
}

void Nemesis::restart_one_by_one(Random& random) {
  for (std::size_t node = 0; node < cluster_.nodes(); ++node) {
    cluster_.crash(node, Ends::process, Fault::rolling_restart);
    sleep_for(some_time(random, 50ms));
    cluster_.start(node);
    sleep_for(some_time(random, 200ms));
  }
}

void Nemesis::jump(Random& random) {
  const std::size_t host = some_host(random);
  cluster_.jump_wall_clock(host, random.between(-3600, 3600) * 1s);
  ++cluster_.happened()[Fault::wall_jump];
}

void Nemesis::fill_disk(Random& random) {
  const std::size_t node = some_node(random);
  const Duration time = some_time(random, 500ms);
  DiskFaults faults = cluster_.disk_faults();
  faults.capacity =
      cluster_.disk(node).used() + random.below(std::uint64_t{1} << random.between(0, 13));
  cluster_.trace().tell(cluster_.name(node), "the disk is almost full, for {:.3f} s",
                        seconds(time));
  cluster_.disk(node).set_faults(faults);
  sleep_for(time);
  cluster_.disk(node).set_faults(cluster_.disk_faults());
}

// --- the network -----------------------------------------------------------------------------------------

void Nemesis::clog(Random& random) {
  const std::size_t from = some_host(random);
  const std::size_t to = some_host(random);
  const Duration time = some_time(random, 500ms);
  cluster_.trace().tell(cluster_.name(from), "→ {}  the link is clogged, for {:.3f} s",
                        cluster_.name(to), seconds(time));
  cluster_.network().clog(from, to, now() + time);
}

void Nemesis::cut(Fault fault, Random& random) {
  const Links links =
      fault == Fault::one_way ? links_cut_one_way(random) : links_cut(fault, random);
  const Duration time = some_time(random, 500ms);
  std::string names;
  for (const auto& [from, to] : links) {
    cluster_.network().cut(from, to, fault);
    names += " " + cluster_.name(from) + "→" + cluster_.name(to);
  }
  cluster_.trace().tell("", "cut ({}), for {:.3f} s:{}", name(fault), seconds(time), names);
  sleep_for(time);
  for (const auto& [from, to] : links) cluster_.network().mend(from, to);
  cluster_.trace().tell("", "mended ({})", name(fault));
}

/// One link; or all from a host, which is heard by nobody; or all to it, which hears nobody.
Nemesis::Links Nemesis::links_cut_one_way(Random& random) const {
  const std::size_t whose = some_host(random);
  const std::size_t other = some_host(random);
  const std::uint64_t kind = random.below(3);
  Links links;
  for (std::size_t host = 0; host < hosts_; ++host) {
    if (host == whose || (kind == 0 && host != other)) continue;
    links.emplace_back(kind == 2 ? host : whose, kind == 2 ? whose : host);
  }
  return links;
}

/// The links that are not there when nodes stand in a row, in an order that is drawn, and each client beside a node.
Nemesis::Links Nemesis::links_cut(Fault fault, Random& random) const {
  const std::size_t nodes = cluster_.nodes();
  std::vector<std::size_t> place(hosts_);
  for (std::size_t node = 0; node < nodes; ++node) place[node] = node;
  random.shuffle(std::span(place).first(nodes));
  for (std::size_t client = nodes; client < hosts_; ++client)
    place[client] =
        nodes == 1 ? random.below(2) : random.below(nodes);  // one node has another side, too
  const std::size_t half = std::max<std::size_t>(nodes / 2, 1);
  const auto reach = [&](std::size_t a, std::size_t b) {  // places
    switch (fault) {
      case Fault::bridge:
        return a == half || b == half || (a < half) == (b < half);
      case Fault::chain:
        return std::max(a, b) - std::min(a, b) <= 1;
      default:
        return (a < half) == (b < half);
    }
  };
  Links links;
  for (std::size_t from = 0; from < hosts_; ++from) {
    for (std::size_t to = 0; to < hosts_; ++to) {
      if (!reach(place[from], place[to])) links.emplace_back(from, to);
    }
  }
  return links;
}

}  // namespace conclave::simulation
