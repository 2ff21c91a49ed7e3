/// @file
/// The registers that a reader's weather is let loose on.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "register.hpp"
#include "simulation/simulate.hpp"
#include "weather.hpp"

namespace conclave {

/// A register that is wrong in one way.
struct PlantedRegister {
  std::string flaw;   ///< what it does wrong, as a hint names it
  std::string needs;  ///< in which weather it shows
  std::function<std::unique_ptr<Register>()> make;
};

/// All of them.
std::vector<PlantedRegister> planted_registers();

/// What has come of a run.
struct RunVerdict {
  Status status;  ///< ok: the register was accepted
  bool by_still_answers = false;
  History history{};
  simulation::Faults drawn{};
};

/// A run of the register in the weather that `seed` draws.
RunVerdict run_in_weather(const Register& candidate, const Plan& plan, std::uint64_t seed);

}  // namespace conclave
