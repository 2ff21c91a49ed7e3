#include "simulation/cluster.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "common/assert.hpp"

namespace conclave::simulation {

namespace {

constexpr std::int64_t kDriftMaxPpm = 100'000;
constexpr std::int64_t kWrongMax = 5'000'000'000;  // ns that a time of day is wrong without a jump
constexpr Duration kUptimeMax =
    std::chrono::hours(24 * 30);  // what a clock says when a node starts

std::vector<std::string> host_names(const Options& options) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= options.nodes; ++i) names.push_back(fmt::format("n{}", i));
  for (std::size_t i = 1; i <= options.clients; ++i) names.push_back(fmt::format("c{}", i));
  names.emplace_back("observer");
  return names;
}

/// One probability in a thousand, or a few, or many.
double rate(Random& random) {
  constexpr std::array<double, 4> kRates = {0.001, 0.005, 0.02, 0.1};
  return kRates.at(random.below(kRates.size()));
}

DiskFaults draw_disk_faults(const Random& random, const Faults& drawn) {
  const auto rate_of = [&](Fault fault) {
    Random own = random.stream(name(fault));
    return drawn.has(fault) ? rate(own) : 0;
  };
  DiskFaults faults{.read_error = rate_of(Fault::read_error),
                    .write_error = rate_of(Fault::write_error),
                    .sync_error = rate_of(Fault::sync_error),
                    .bit_rot = rate_of(Fault::bit_rot),
                    .latency_min = std::chrono::microseconds(10),
                    .latency_max = std::chrono::microseconds(100)};
  faults.torn = drawn.has(Fault::torn_page) ? 1 : 0;
  faults.garbage = drawn.has(Fault::garbage) ? 1 : 0;
  if (drawn.has(Fault::disk_latency)) {
    Random own = random.stream(name(Fault::disk_latency));
    faults.latency_max = std::chrono::milliseconds(1 << own.between(1, 10));
  }
  return faults;
}

}  // namespace

Cluster::Cluster(const Options& options, Program& program, const Random& random, Trace& trace,
                 const Faults& drawn)
    : options_(options),
      program_(program),
      trace_(trace),
      nodes_(options.nodes),
      disk_faults_(draw_disk_faults(random.stream("disks"), drawn)),
      network_(random.stream("network"), host_names(options), trace) {
  for (const std::string& name : host_names(options)) add_host(name, random, drawn);
  supervisors_.go(Name("supervisor"), [this] { supervise(); });
}

Cluster::~Cluster() {
  supervisors_.end();
  for (const auto& host : hosts_) end(*host);
}

void Cluster::add_host(const std::string& name, const Random& random, const Faults& drawn) {
  const std::size_t index = hosts_.size();
  const Random own = random.stream(name);
  const bool is_observer = index == nodes_ + options_.clients;  // whose clocks are the run's
  std::int64_t drift = 0;
  if (drawn.has(Fault::drift) && !is_observer) {
    drift = own.stream("drift").between(-kDriftMaxPpm, kDriftMaxPpm);
    ++happened_[Fault::drift];
  }
  hosts_.push_back(std::make_unique<Host>(name, index, own, drift,
                                          index < nodes_ ? disk_faults_ : DiskFaults()));
  Host& host = *hosts_.back();
  if (!is_observer) host.wall_offset = Duration(own.stream("wall").between(-kWrongMax, kWrongMax));
  host.disk.set_observer(
      [this, &host](std::string_view what, std::string_view file, std::uint64_t sum) {
        trace_.count(checksum(what, sum), checksum(file, host.index));
        trace_.say(host.name, "{}{}{}", what, file.empty() ? "" : ": ", file);
      });
}

void Cluster::boot(Host& host) {
  const bool is_observer = host.index == nodes_ + options_.clients;
  host.boot(network_, trace_, is_observer ? Duration{} : kUptimeMax);
}

void Cluster::end(Host& host) {
  if (host.group == nullptr) return;
  *host.is_alive = false;
  network_.crash(host.index);
  host.end();
}

void Cluster::run_on(Host& host, std::function<void(World&)> f, std::function<void()> returned) {
  host.group->go([&host, f = std::move(f), returned = std::move(returned)] {
    f(*host.world);
    host.freeze();  // what it has started does not go on without it
    returned();
  });
}

void Cluster::uncaught(const Turn& turn, const std::string& what) {
  const Host* host = host_of(turn);
  fail(Verdict::crash,
       fmt::format("{} has thrown: {}", host != nullptr ? host->name : "the simulation", what));
}

Host* Cluster::host_of(const Turn& turn) const {
  if (turn.group == nullptr) return nullptr;
  const auto found = std::ranges::find_if(
      hosts_, [&](const auto& host) { return host->group.get() == turn.group; });
  return found == hosts_.end() ? nullptr : found->get();
}

void Cluster::start(std::size_t host) {
  Host& it = *hosts_[host];
  if (it.group != nullptr) return;
  boot(it);
  trace_.tell(it.name, "starts, incarnation {}", it.incarnation);
  run_on(
      it, [this](World& world) { program_.node(world); },
      [this, host, incarnation = it.incarnation] {
        static_cast<void>(leavers_.try_send({host, incarnation, false}));
      });
}

void Cluster::crash(std::size_t host, Ends what, std::optional<Fault> why) {
  Host& it = *hosts_[host];
  if (it.group != nullptr && why) ++happened_[*why];
  if (what == Ends::machine) {  // of which the disk is a part, whether a process runs or not
    trace_.tell(it.name, "loses power");
    it.disk.crash();
  } else if (it.group != nullptr) {
    trace_.tell(it.name, "is killed");
  }
  end(it);
}

void Cluster::start_after(std::size_t host, Duration pause) {
  supervisors_.go([this, host, pause, incarnation = hosts_[host]->incarnation] {
    sleep_for(pause);
    if (hosts_[host]->incarnation == incarnation) start(host);
  });
}

void Cluster::crash_at_turn(std::size_t host, std::uint64_t turns, Ends what, Duration pause) {
  Host& it = *hosts_[host];
  it.turns_left = turns;
  it.ends = what;
  it.ends_for = pause;
}

/// Ends who has returned, as a process that has, and who has come to the turn where it was to be crashed.
void Cluster::supervise() {
  while (const std::optional<Leaver> leaver = leavers_.recv()) {
    Host& host = *hosts_[leaver->host];
    if (host.group == nullptr || host.incarnation != leaver->incarnation) continue;
    if (!leaver->at_turn) trace_.tell(host.name, "has returned");
    Random pause = host.random.stream(fmt::format("{} pause", host.incarnation));
    const Duration again(pause.between(std::int64_t{1'000'000}, std::int64_t{500'000'000}));
    const Ends what = leaver->at_turn ? host.ends : Ends::process;
    const Duration down_for = leaver->at_turn ? host.ends_for : again;
    crash(host.index, what, leaver->at_turn ? std::optional(Fault::crash) : std::nullopt);
    start_after(host.index, down_for);
  }
}

std::function<void()> Cluster::pause(std::size_t host, Fault why) {
  Host& it = *hosts_[host];
  if (it.group == nullptr) return [] {};
  ++it.pauses;
  it.group->pause();
  return [this, &it, why, incarnation = it.incarnation, has_ended = false]() mutable {
    if (std::exchange(has_ended, true) || it.group == nullptr || it.incarnation != incarnation)
      return;
    if (it.group->holds_members()) ++happened_[why];
    if (it.pauses != 0) --it.pauses;  // healing has ended all of them
    resume(it);
  };
}

/// Unless somebody else keeps it from running.
void Cluster::resume(Host& host) {
  if (host.pauses == 0 && !host.is_at_its_end && !failure_) host.group->resume();
}

void Cluster::jump_wall_clock(std::size_t host, Duration by) {
  hosts_[host]->wall_offset += by;
  trace_.tell(hosts_[host]->name, "the time of day jumps by {} s", by / std::chrono::seconds(1));
}

void Cluster::start_clients(const Context& faults, const std::function<void()>& done) {
  if (options_.clients == 0) return done();
  const auto left = std::make_shared<std::size_t>(options_.clients);
  for (std::size_t i = 0; i < options_.clients; ++i) {
    Host& host = *hosts_[nodes_ + i];
    boot(host);
    run_on(
        host, [this, faults](World& world) { program_.client(world, faults); },
        [this, left, done, &host] {
          trace_.tell(host.name, "has returned");
          if (--*left == 0) done();
        });
  }
}

void Cluster::observe(std::function<void(World&)> f) {
  Host& observer = *hosts_.back();
  end(observer);
  boot(observer);
  run_on(observer, std::move(f), [] {});
}

void Cluster::heal() {
  trace_.tell("", "nothing fails any more");
  network_.heal();
  DiskFaults works = disk_faults_;
  works.read_error = works.write_error = works.sync_error = works.bit_rot = 0;
  works.latency_max = std::min(works.latency_max, Duration(std::chrono::milliseconds(1)));
  for (std::size_t node = 0; node < nodes_; ++node) {
    hosts_[node]->disk.set_faults(works);
    hosts_[node]->turns_left = 0;
    hosts_[node]->pauses = 0;
    if (is_up(node) && hosts_[node]->is_at_its_end) crash(node, Ends::process, {});
    if (is_up(node)) resume(*hosts_[node]);
    start(node);
  }
}

void Cluster::turn_comes(const Turn& turn) {
  ++turns_;
  const TimePoint time = conclave::detail::run_time();
  ensure(time >= last_turn_at_, "time does not go back (by {} ns)", (last_turn_at_ - time).count());
  last_turn_at_ = time;
  trace_.turn(turn.goroutine);
  if (failure_) return;
  if (turns_ > options_.turns_max) {
    fail(Verdict::liveness,
         fmt::format("more than {} turns were taken: somebody goes round in circles",
                     options_.turns_max));
    return;
  }
  Host* const host = host_of(turn);
  if (host != nullptr && host->turns_left != 0 && --host->turns_left == 0) {
    host->freeze();
    static_cast<void>(leavers_.try_send({host->index, host->incarnation, true}));
  }
  try {
    if (const Status status = program_.invariant(); !status.ok())
      fail(Verdict::correctness, std::string(status.message()));
  } catch (...) {
    fail(Verdict::crash, "the invariant has thrown");
  }
}

void Cluster::fail(Verdict verdict, std::string what) {
  if (failure_) return;
  trace_.tell("", "FAILS: {}", what);
  failure_ = {verdict, std::move(what)};
  for (const auto& host : hosts_) {
    if (host->group != nullptr) host->group->pause();
  }
  failed_.close();
}

PerFault<std::uint64_t> Cluster::all_that_happened() const {
  PerFault<std::uint64_t> all = happened_;
  const NetworkCounters& network = network_.counters();
  all[Fault::loss] = network.lost;
  all[Fault::duplication] = network.twice;
  all[Fault::delay] = network.late;
  all[Fault::reordering] = network.overtook;
  all[Fault::clog] = network.clogged;
  for (const Fault fault : {Fault::one_way, Fault::partition, Fault::bridge, Fault::chain})
    all[fault] = network.cut[fault];
  for (std::size_t node = 0; node < nodes_; ++node) {
    const DiskCounters& disk = hosts_[node]->disk.counters();
    all[Fault::torn_page] += disk.pages_torn;
    all[Fault::garbage] += disk.pages_garbled;
    all[Fault::read_error] += disk.read_errors;
    all[Fault::write_error] += disk.write_errors;
    all[Fault::sync_error] += disk.sync_errors;
    all[Fault::full] += disk.full;
    all[Fault::bit_rot] += disk.bits_turned;
    all[Fault::disk_latency] += disk.late;
  }
  return all;
}

}  // namespace conclave::simulation
