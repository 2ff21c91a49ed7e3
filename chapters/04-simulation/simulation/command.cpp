#include "simulation/command.hpp"

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace conclave::simulation {

namespace {

struct Arguments {
  std::optional<std::uint64_t> seed{};
  std::uint64_t first = 1;
  std::uint64_t seeds = 20;
  std::uint64_t step = 1;
  std::size_t lines = 40;
  std::vector<std::string> only{};
  std::vector<std::string> without{};
  bool twice = false;
  bool for_tools = false;
};

void say(const std::string& line) {
  fmt::print("{}\n", line);
  static_cast<void>(std::fflush(stdout));
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// "seed 4711: ok; 10.3 s in its world, 1234 turns, trace 0123456789abcdef".
std::string describe(std::uint64_t seed, const Outcome& outcome) {
  return fmt::format("seed {}: {}{}{}; {:.1f} s in its world, {} turns, trace {:016x}", seed,
                     name(outcome.verdict), outcome.what.empty() ? "" : ", ", outcome.what,
                     seconds(outcome.virtual_time), outcome.turns, outcome.hash);
}

/// What tools/simulate reads: a line before each run, one after it, and one for each fault at the end.
class ForTools {
 public:
  static void begins(std::uint64_t seed) { say(fmt::format("begins {}", seed)); }

  void ends(std::uint64_t seed, const Outcome& outcome) {
    say(fmt::format("ends {} {} {:016x} {:.6f} {}", seed, static_cast<int>(outcome.verdict),
                    outcome.hash, seconds(outcome.virtual_time), outcome.events));
    for_each_fault([&](Fault fault) {
      drawn_[fault] += outcome.drawn.has(fault) ? 1 : 0;
      happened_[fault] += outcome.drawn.has(fault) ? outcome.happened[fault] : 0;
    });
  }

  void faults() const {
    for_each_fault([&](Fault fault) {
      if (drawn_[fault] != 0)
        say(fmt::format("fault {} {} {}", name(fault), drawn_[fault], happened_[fault]));
    });
  }

 private:
  PerFault<std::uint64_t> drawn_;
  PerFault<std::uint64_t> happened_;
};

/// The faults that the arguments name.
Result<Faults> chosen(const Arguments& arguments, Faults faults) {
  if (!arguments.only.empty()) {
    faults = Faults();
    for (const std::string& each : arguments.only) {
      const Result<Fault> fault = fault_named(each);
      if (!fault.ok()) return fault.status();
      faults.with(*fault);
    }
  }
  for (const std::string& each : arguments.without) {
    const Result<Fault> fault = fault_named(each);
    if (!fault.ok()) return fault.status();
    faults = faults.without({*fault});
  }
  return faults;
}

int simulate_all(const Arguments& arguments, Options options, const MakeProgram& program) {
  const std::uint64_t first = arguments.seed.value_or(arguments.first);
  const std::uint64_t count = arguments.seed ? 1 : arguments.seeds;
  options.lines_max = arguments.seed ? arguments.lines : 0;
  ForTools tools;
  for (std::uint64_t i = 0; i < count; ++i) {
    options.seed = first + i * arguments.step;
    if (arguments.for_tools) ForTools::begins(options.seed);
    const Outcome outcome =
        arguments.twice ? simulate_twice(options, program) : simulate(options, *program());
    for (const std::string& line : outcome.lines) say(line);
    if (arguments.for_tools) tools.ends(options.seed, outcome);
    if (!arguments.for_tools || outcome.verdict != Verdict::ok)
      say(describe(options.seed, outcome));
    if (outcome.verdict != Verdict::ok) return static_cast<int>(outcome.verdict);
  }
  if (arguments.for_tools) tools.faults();
  return 0;
}

}  // namespace

int command(int argc, char** argv, const Simulation& simulation) {
  CLI::App app{simulation.what};
  Arguments arguments;
  app.add_option("--seed", arguments.seed, "one run, and the end of its trace");
  app.add_option("--lines", arguments.lines, "of the trace, how many");
  app.add_option("--first", arguments.first, "the first of several seeds");
  app.add_option("--seeds", arguments.seeds, "how many");
  app.add_option("--step", arguments.step, "how far apart")->check(CLI::PositiveNumber);
  app.add_option("--only", arguments.only, "a fault that happens in every run, and no other does");
  app.add_option("--without", arguments.without, "a fault that never happens");
  app.add_flag("--twice", arguments.twice, "make each run twice, and compare");
  app.add_flag("--for-tools", arguments.for_tools, "print what tools/simulate reads");
  const MakeProgram* program = &simulation.program;
  for (const Simulation::Variant& variant : simulation.variants)
    app.add_flag_callback(variant.flag, [&] { program = &variant.program; }, variant.what);
  CLI11_PARSE(app, argc, argv);

  Options options = simulation.options;
  const Result<Faults> faults = chosen(arguments, options.faults);
  if (!faults.ok()) {
    fmt::print(stderr, "{}\n", faults.status());
    return 2;
  }
  options.faults = *faults;
  if (!arguments.only.empty()) options.draws_faults = false;
  return simulate_all(arguments, options, *program);
}

}  // namespace conclave::simulation
