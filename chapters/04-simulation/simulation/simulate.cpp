#include "simulation/simulate.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "simulation/cluster.hpp"
#include "simulation/nemesis.hpp"
#include "simulation/trace.hpp"

namespace conclave::simulation {

namespace {

constexpr std::size_t kHostsMax = 99;
constexpr Duration kTimeMax = std::chrono::hours(24 * 1000);

void check(const Options& options) {
  if (options.nodes < 1 || options.nodes > kHostsMax || options.clients > kHostsMax) {
    panic(
        fmt::format("simulate: Options::nodes is {}, and clients {}; want 1 to {}, and at most {}",
                    options.nodes, options.clients, kHostsMax, kHostsMax));
  }
  if (options.faults_for < Duration{} || options.faults_for > kTimeMax)
    panic("simulate: Options::faults_for must be from 0 to 1,000 days");
  if (options.bound <= Duration{} || options.bound > kTimeMax)
    panic("simulate: Options::bound must be above 0, and at most 1,000 days");
}

/// Of those that are allowed, each with a probability of a half.
Faults draw_faults(const Options& options, Random random) {
  Faults drawn;
  for_each_fault([&](Fault fault) {
    const bool is_drawn = random.chance(0.5);  // a draw for each, allowed or not: law 2
    if (options.faults.has(fault) && (is_drawn || !options.draws_faults)) drawn.with(fault);
  });
  return drawn;
}

Order draw_order(Random random, const Faults& drawn) {
  const bool is_pct = random.chance(0.3);
  if (!drawn.has(Fault::schedule)) return Order::standard;
  return is_pct ? Order::pct : Order::random;
}

/// Whether the status says that something has not come to be, rather than that something is wrong.
bool is_too_slow(const Status& status) {
  return status.code() == Code::deadline_exceeded || status.code() == Code::unavailable ||
         status.code() == Code::cancelled;
}

using Check = Status (Program::*)(World&, const Context&);

/// Asks the program, from the observer.
void ask(Cluster& cluster, Program& program, Check check, Duration bound, std::string_view what) {
  if (cluster.failure()) return;
  const auto [context, cancel] = with_timeout({}, bound);
  const Chan<Signal> answered = make_chan<Signal>();
  std::optional<Status> answer;
  cluster.observe([&, context = context](World& world) {
    answer = (program.*check)(world, context);
    answered.close();
  });
  select(recv(answered), recv(cluster.failed()), recv(after(bound + std::chrono::seconds(1))));
  if (cluster.failure()) return;
  if (!answer) {
    cluster.fail(Verdict::liveness,
                 fmt::format("{}: not within {} s", what, bound / std::chrono::seconds(1)));
  } else if (!answer->ok()) {
    cluster.fail(is_too_slow(*answer) ? Verdict::liveness : Verdict::correctness,
                 fmt::format("{}: {}", what, answer->message()));
  }
}

void tell_weather(Trace& trace, const Faults& drawn) {
  std::string names;
  for_each_fault([&](Fault fault) {
    if (drawn.has(fault)) names += fmt::format(" {}", name(fault));
  });
  trace.tell("", "faults:{}", names.empty() ? " none" : names);
}

void play(Cluster& cluster, Program& program, const Options& options, Nemesis& nemesis,
          const NetworkFaults& network) {
  const Chan<Signal> clients_returned = make_chan<Signal>();  // closed when they have
  bool have_returned = false;
  const auto [faults, faults_end] = with_cancel({});
  cluster.network().set_faults(network);
  for (std::size_t node = 0; node < options.nodes; ++node) cluster.start(node);
  cluster.start_clients(faults, [&] {
    have_returned = true;
    clients_returned.close();
  });
  nemesis.run(options.faults_for);
  faults_end();
  if (cluster.failure()) return;

  cluster.heal();
  select(recv(clients_returned), recv(cluster.failed()), recv(after(options.bound)));
  if (!have_returned) {
    cluster.fail(Verdict::liveness,
                 fmt::format("clients have not returned within {} s after everything had healed",
                             options.bound / std::chrono::seconds(1)));
  }
  ask(cluster, program, &Program::converge, options.bound, "after everything had healed");
  if (cluster.failure()) return;

  for (std::size_t node = 0; node < options.nodes; ++node) cluster.crash(node, Ends::machine, {});
  for (std::size_t node = 0; node < options.nodes; ++node) cluster.start(node);
  ask(cluster, program, &Program::durable, options.bound, "after all had lost power");
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::crash:
      return "crash";
    case Verdict::liveness:
      return "liveness";
    case Verdict::correctness:
      return "correctness";
    case Verdict::nondeterminism:
      return "nondeterminism";
  }
  return "?";
}

Outcome simulate(const Options& options, Program& program) {
  check(options);
  const Random random(options.seed);
  const Faults drawn = draw_faults(options, random.stream("faults"));
  VirtualClock clock;
  Trace trace(clock, options.lines_max, options.lines_of_turns);
  Random schedule = random.stream("schedule");
  const Order order = draw_order(random.stream("order"), drawn);
  Cluster* cluster = nullptr;
  Outcome outcome{.drawn = drawn};

  run(
      [&] {
        Cluster all(options, program, random, trace, drawn);
        Nemesis nemesis(all, random.stream("nemesis"), drawn, options.clients);
        tell_weather(trace, drawn);
        cluster = &all;
        play(all, program, options, nemesis, draw_network_faults(random.stream("links"), drawn));
        cluster = nullptr;
        if (all.failure()) {
          outcome.verdict = all.failure()->verdict;
          outcome.what = all.failure()->what;
        }
        outcome.turns = all.turns();
        outcome.happened = all.all_that_happened();
      },
      {.clock = &clock,
       .order = order,
       .seed = schedule(),
       .pct_depth = static_cast<unsigned>(schedule.between(2, 5)),
       .pct_turns = std::uint64_t{1}
                    << schedule.between(8, 17),  // nobody knows how many there will be
       .between_turns =
           [&cluster](const Turn& turn) {
             if (cluster != nullptr) cluster->turn_comes(turn);
           },
       .uncaught =
           [&cluster](const Turn& turn, const std::string& what) {
             if (cluster != nullptr) cluster->uncaught(turn, what);
           }});

  outcome.happened[Fault::schedule] = order == Order::standard ? 0 : outcome.turns;
  outcome.virtual_time = clock.elapsed();
  outcome.events = trace.events();
  outcome.hash = trace.hash();
  outcome.lines.assign(trace.lines().begin(), trace.lines().end());
  return outcome;
}

Outcome simulate_twice(const Options& options,
                       const std::function<std::unique_ptr<Program>()>& program) {
  const auto once = [&](const Options& how) { return simulate(how, *program()); };
  Outcome first = once(options);
  if (once(options).hash == first.hash) return first;

  Options in_words = options;
  in_words.lines_max = 10'000'000;
  in_words.lines_of_turns = true;
  const std::vector<std::string> one = once(in_words).lines;
  const std::vector<std::string> other = once(in_words).lines;
  const auto [left, right] = std::ranges::mismatch(one, other);
  const std::string end = "(the run ends)";
  if (one == other) {
    first.what =
        fmt::format("two runs of seed {} differ, and two more did not, in words", options.seed);
  } else {
    first.what = fmt::format("two runs of seed {} differ, at line {}:\n  {}\n  {}", options.seed,
                             left - one.begin() + 1, left == one.end() ? end : *left,
                             right == other.end() ? end : *right);
  }
  first.verdict = Verdict::nondeterminism;
  return first;
}

}  // namespace conclave::simulation
