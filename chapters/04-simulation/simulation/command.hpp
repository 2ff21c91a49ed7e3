/// @file
/// command: the main() of a program that simulates, with the options that all of them have.
///
///     counter                          twenty seeds, one after the other; `make simulate` runs many, on all processors
///     counter --seed 4711              that one, with the last lines of its trace
///     counter --only loss --only crash with these faults, all of them in every run
///     counter --without bit_rot        with all but these
///     counter --twice                  each seed twice, and compared
///
/// The exit status is the Verdict of the first seed that failed; 2 or more, but less than 127, for options that make no sense.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "simulation/simulate.hpp"

namespace conclave::simulation {

/// Makes a program for a run.
using MakeProgram = std::function<std::unique_ptr<Program>()>;

/// What a simulating program is.
struct Simulation {
  std::string what{};  ///< a sentence, for --help
  Options options{};   ///< but for the seed; its faults are those that the program must survive
  MakeProgram program;
  /// Another program, for an option of its own: "--at-least-once".
  struct Variant {
    std::string flag;
    std::string what;
    MakeProgram program;
  };
  std::vector<Variant> variants{};
};

/// Does what the arguments say.
/// @return the exit status
int command(int argc, char** argv, const Simulation& simulation);

}  // namespace conclave::simulation
