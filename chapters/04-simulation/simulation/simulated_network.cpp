#include "simulation/simulated_network.hpp"

#include <algorithm>
#include <bit>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "rpc/wire.hpp"

namespace conclave::simulation {

namespace {

constexpr int kLate = 10;
constexpr int kNumberBits = 40;  // of a passage's mark: the message; above, which life has sent it

/// What a message says, as far as it is one of chapter 3's.
std::string words(const rpc::Frames& message) {
  const rpc::wire::Message read = rpc::wire::unpack(message);
  if (!std::holds_alternative<rpc::wire::Unreadable>(read.content)) return describe(read);
  std::size_t bytes = 0;
  for (const std::string& frame : message) bytes += frame.size();
  return fmt::format("{} bytes", bytes);
}

std::uint64_t digest(const rpc::Frames& message) {
  std::uint64_t sum = message.size();
  for (const std::string& frame : message) sum = checksum(frame, sum);
  return sum;
}

}  // namespace

Duration heavy_tailed(Random& random, Duration min, Duration typical, Duration max) {
  // Within [0, span) half of the time, within [span, 2 span) a quarter of it, and so on.
  const auto doublings = std::countl_zero(random() | 1);
  const std::int64_t span = std::max<std::int64_t>(typical.count(), 1);
  const std::int64_t most = std::max<std::int64_t>((max - min).count(), 0);
  std::int64_t low = 0;
  std::int64_t high = span;
  for (int i = 0; i < doublings && high < most; ++i) {
    low = high;
    high += std::min(high, most - high);
  }
  const std::uint64_t drawn = random.below(static_cast<std::uint64_t>(high - low));
  return min + std::min(Duration(low + static_cast<std::int64_t>(drawn)), Duration(most));
}

SimulatedNetwork::SimulatedNetwork(Random random, std::vector<std::string> hosts, Trace& trace)
    : hosts_(std::move(hosts)), crashes_(hosts_.size()), trace_(trace) {
  for (const std::string& from : hosts_) {
    for (const std::string& to : hosts_)
      links_.push_back({.random = random.stream(from + ">" + to)});
  }
}

void SimulatedNetwork::cut(std::size_t from, std::size_t to, Fault why) {
  if (from == to) return;
  ++link(from, to).cuts;
  link(from, to).cut_by = why;
}

void SimulatedNetwork::mend(std::size_t from, std::size_t to) {
  if (link(from, to).cuts != 0) --link(from, to).cuts;  // healing has mended all
}

void SimulatedNetwork::clog(std::size_t from, std::size_t to, TimePoint until) {
  if (from != to) link(from, to).clogged_until = std::max(until, link(from, to).clogged_until);
}

void SimulatedNetwork::heal() {
  for (Link& link : links_) {
    link.cuts = 0;
    link.clogged_until = {};
    link.last_arrival = {};
  }
  faults_ = NetworkFaults{.in_order = faults_.in_order};
}

void SimulatedNetwork::crash(std::size_t host) {
  ++crashes_[host];
  close_ends_of(host);
}

void SimulatedNetwork::befalls(rpc::Passage& passage, const rpc::Frames& message,
                               std::vector<Duration>& delays) {
  const std::uint64_t number = ++counters_.sent;
  passage.mark = crashes_[passage.from] << kNumberBits | number;
  trace_.count(digest(message), passage.from * hosts_.size() + passage.to);
  const auto say = [&](std::string_view fate) {
    if (!trace_.keeps_words()) return;
    trace_.say(hosts_[passage.from], "→ {}  #{} {}{}", hosts_[passage.to], number, words(message),
               fate);
  };
  if (passage.from == passage.to) {
    delays.push_back(faults_.delay_min);
    return say("");
  }

  Link& way = link(passage.from, passage.to);
  if (way.cuts != 0) {
    ++counters_.cut[way.cut_by];
    return say(", which the cut loses");
  }
  if (way.random.chance(faults_.lost)) {
    ++counters_.lost;
    return say(", which is lost");
  }
  const bool is_twice = way.random.chance(faults_.twice);
  if (is_twice) ++counters_.twice;
  const TimePoint time = conclave::detail::run_time();
  for (int copy = 0; copy <= (is_twice ? 1 : 0); ++copy) delays.push_back(delay(way, time));
  say(is_twice ? ", twice" : "");
}

Duration SimulatedNetwork::delay(Link& link, TimePoint time) {
  const Duration drawn =
      heavy_tailed(link.random, faults_.delay_min, faults_.delay_typical, faults_.delay_max);
  if (drawn > faults_.delay_min + kLate * faults_.delay_typical) ++counters_.late;
  TimePoint arrival = time + drawn;
  if (link.clogged_until > arrival) {
    ++counters_.clogged;
    arrival = link.clogged_until;
  }
  if (faults_.in_order) {
    arrival = std::max(arrival, link.last_arrival);
  } else if (arrival < link.last_arrival) {
    ++counters_.overtook;
  }
  link.last_arrival = std::max(arrival, link.last_arrival);
  return arrival - time;
}

void SimulatedNetwork::arrived(const rpc::Passage& passage, bool is_taken) {
  trace_.count(is_taken ? 1 : 2, passage.from * hosts_.size() + passage.to);
  ++(is_taken ? counters_.arrived : counters_.refused);
  const bool is_of_dead = passage.mark >> kNumberBits != crashes_[passage.from];
  if (is_of_dead && is_taken) ++counters_.of_dead;
  trace_.say(hosts_[passage.to], "← {}  #{}{}{}", hosts_[passage.from],
             passage.mark & ((std::uint64_t{1} << kNumberBits) - 1),
             is_of_dead ? ", of a life that has ended since" : "",
             is_taken ? "" : ", which nobody takes");
}

}  // namespace conclave::simulation
