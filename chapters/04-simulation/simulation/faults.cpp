#include "simulation/faults.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace conclave::simulation {

namespace {

constexpr std::array<std::string_view, kFaults> kNames = {
    "loss",          "duplication", "delay",   "reordering",      "clog",
    "one_way",       "partition",   "bridge",  "chain",           "crash",
    "power_failure", "pause",       "slow",    "rolling_restart", "drift",
    "wall_jump",     "torn_page",   "garbage", "read_error",      "write_error",
    "sync_error",    "full",        "bit_rot", "disk_latency",    "schedule"};

}  // namespace

std::string_view name(Fault fault) { return kNames[static_cast<std::size_t>(fault)]; }

Result<Fault> fault_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) {
    return Status::invalid_argument(fmt::format("\"{}\" is no fault", name),
                                    fmt::format("they are: {}", fmt::join(kNames, " ")));
  }
  return static_cast<Fault>(found - kNames.begin());
}

}  // namespace conclave::simulation
