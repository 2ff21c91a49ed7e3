/// @file
/// Yesterday's counter in fifty worlds for each kind of fault, with clients that only ask again, and with clients
/// that are known.
///
/// Watch which faults make a sum wrong, and which do not.
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <fmt/core.h>

#include "../simulations/counter.hpp"
#include "simulation/simulate.hpp"

using conclave::rpc::Repeat;
using conclave::simulation::Counter;
using conclave::simulation::Fault;
using conclave::simulation::Faults;
using conclave::simulation::Options;
using conclave::simulation::Verdict;

constexpr std::uint64_t kWorlds = 50;

/// In how many worlds a sum is wrong.
int wrong(const Faults& faults, Repeat repeat) {
  int count = 0;
  for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
    Counter program(repeat);
    const Options options{
        .seed = seed, .nodes = 3, .clients = 2, .faults = faults, .draws_faults = false};
    count += simulate(options, program).verdict == Verdict::ok ? 0 : 1;
  }
  return count;
}

void report(std::string_view what, const Faults& faults) {
  fmt::print("{:<18}{:>12}{:>8}\n", what, wrong(faults, Repeat::idempotent),
             wrong(faults, Repeat::once));
}

int main() {
  fmt::print("{:<18}{:>12}{:>8}\n", "", "asks again", "once");
  report("nothing fails", {});
  for (const Fault fault : {Fault::loss, Fault::duplication, Fault::delay, Fault::reordering,
                            Fault::partition, Fault::crash, Fault::power_failure, Fault::pause,
                            Fault::sync_error, Fault::full, Fault::drift})
    report(name(fault), {fault});
}
