/// @file
/// simulate: runs a whole cluster on one thread, in virtual time, with every fault a seed can choose.
///
///     class Register : public Program { ... };
///     Register program;
///     const Outcome outcome = simulate({.seed = 4711, .nodes = 3}, program);
///     if (outcome.verdict != Verdict::ok) fmt::print("{}\n", outcome.what);
///
/// A run has three parts:
///  - faults: nodes and clients live in a world where those faults happen that the seed has drawn;
///  - heal: the network is whole, disks work, all nodes run.  Within a bound, what the program promises must come to be.  (What
///    was on its way still takes the time that was drawn for it, some seconds; what follows may overtake it.)
///  - power: all nodes lose power at once, and start again.  What was promised to be durable must still be there.
///
/// Laws
///  1. The seed decides everything: the same seed, options and program are the same run, to the byte of its trace.
///  2. Each source of chance draws by itself, named by what it is for: one draw more here shifts none there.  (A disk is one, and
///     so is a link, for all that befalls it.)
///  3. A crash ends a node at a turn of any of its goroutines: they are unwound, and nothing that they do meanwhile has an effect
///     (world.hpp, law 2).  Afterwards none of them is left, which is asserted.
///  4. A node whose function returns has ended like a process: it is started again after a while.
///  5. Program::invariant() is asked after every turn of anybody.
///  6. Clients are not crashed.
///
/// Call outside run().
/// Source: FoundationDB, "Simulation and Testing"; TigerBeetle, VOPR (phases, exit codes); Groce et al., ISSTA 2012 (swarm).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "channels/context.hpp"
#include "common/result.hpp"
#include "goroutines/clock.hpp"
#include "simulation/faults.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {

/// What is simulated.  One object serves one run; what its functions share between nodes is for looking on, no node may rest on it.
class Program {
 public:
  virtual ~Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// What runs on the nodes n1, n2, …; after each crash again, with a new world.  What it has started ends with it: it is
  /// unwound then, so what that has on its stacks must not refer to what this had.
  virtual void node(World& world) = 0;

  /// What runs on the clients c1, c2, …, until `faults` ends; then it brings to an end what it has begun, and returns.
  virtual void client(World& /*world*/, const Context& /*faults*/) {}

  /// What must always hold; asked after every turn.  Must not park.
  /// @return not ok: the run has failed (correctness)
  virtual Status invariant() { return {}; }

  /// Parks until the program has done what it promises, now that nothing fails any more and all clients have returned.
  /// @param world   an observer's, which is neither node nor client
  /// @param bound   ends when it has taken too long
  /// @return not ok: the run has failed; deadline_exceeded, unavailable or cancelled: it was too slow (liveness); else it did
  ///   what it must not (correctness)
  virtual Status converge([[maybe_unused]] World& world, [[maybe_unused]] const Context& bound) {
    return {};
  }

  /// The same after all nodes have lost power and run again: what was promised to be durable is there.
  virtual Status durable(World& world, const Context& bound) { return converge(world, bound); }

 protected:
  Program() = default;
};

/// How a run is made.
struct Options {
  std::uint64_t seed = 1;
  std::size_t nodes = 3;          ///< 1 to 99
  std::size_t clients = 1;        ///< at most 99
  Faults faults = Faults::all();  ///< that may happen; the seed draws which do
  bool draws_faults = true;       ///< false: all of them
  Duration faults_for = std::chrono::seconds(10);
  Duration bound = std::chrono::minutes(2);  ///< for what comes after: to heal, and to start again
  std::uint64_t turns_max = 20'000'000;  ///< then it counts as going round in circles (liveness)
  std::size_t lines_max = 0;             ///< how many of the last lines of the trace are kept
  bool lines_of_turns = false;           ///< also one for each turn
};

/// How a run has ended; its number is the exit status of a program that made it.
enum class Verdict : std::uint8_t {
  ok = 0,
  crash = 127,           ///< a goroutine has thrown, or the invariant
  liveness = 128,        ///< something did not come to be in time
  correctness = 129,     ///< something was that must not be
  nondeterminism = 130,  ///< the same seed has made two different runs
};

/// "liveness".
[[nodiscard]] std::string_view name(Verdict verdict);

/// What has come of a run.
struct Outcome {
  Verdict verdict = Verdict::ok;
  std::string what{};       ///< why, unless it is ok
  Duration virtual_time{};  ///< how long it took in its world
  std::uint64_t turns = 0;
  std::uint64_t events = 0;            ///< of its trace
  std::uint64_t hash = 0;              ///< likewise
  Faults drawn{};                      ///< that the seed has drawn
  PerFault<std::uint64_t> happened{};  ///< how often
  std::vector<std::string> lines{};    ///< the last ones of the trace
};

/// Makes a run.
/// @throws Panic inside run(), or for options out of range
[[nodiscard]] Outcome simulate(const Options& options, Program& program);

/// Makes the run twice, each time with a new program, and compares.
/// @return the first run's outcome; nondeterminism, with the first line that differs, when the second was another one
[[nodiscard]] Outcome simulate_twice(const Options& options,
                                     const std::function<std::unique_ptr<Program>()>& program);

}  // namespace conclave::simulation
