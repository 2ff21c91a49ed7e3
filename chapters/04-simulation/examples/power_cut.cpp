/// @file
/// Four ways to save a file, each cut off by a power failure a thousand times at any moment, and a thousand times
/// just after it has returned ok.
///
/// Watch the two columns that should be 0.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"
#include "simulation/simulated_disk.hpp"

using conclave::Disk;
using conclave::Random;
using conclave::SimulatedDisk;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;

constexpr int kCuts = 1000;

using Save = std::function<bool(Disk& disk, const std::string& text)>;

//! [ways]
bool over_the_old(Disk& disk, const std::string& text) {
  const auto file = disk.open("config", conclave::Open::any).value();
  return file->truncate(0).ok() && file->write(0, text).ok();
}

bool beside_it(Disk& disk, const std::string& text) {
  const auto file = disk.open("config.new", conclave::Open::any).value();
  return file->truncate(0).ok() && file->write(0, text).ok() &&
         disk.rename("config.new", "config").ok();
}

bool synced(Disk& disk, const std::string& text) {
  const auto file = disk.open("config.new", conclave::Open::any).value();
  return file->truncate(0).ok() && file->write(0, text).ok() && file->sync().ok() &&
         disk.rename("config.new", "config").ok();
}
//! [ways]

bool and_its_name(Disk& disk, const std::string& text) {
  return synced(disk, text) && disk.sync_directory().ok();
}

const std::string kOld(9000, 'o');
const std::string kNew(9000, 'n');

/// What is in the file when the power fails `when` after the save began, or, with 0, has returned.
std::string after_a_cut(const Save& save, std::uint64_t seed, conclave::Duration when) {
  SimulatedDisk disk(Random(seed), {.latency_min = 1ms, .latency_max = 1ms});
  static_cast<void>(and_its_name(disk, kOld));
  if (when == conclave::Duration()) {
    save(disk, kNew);
  } else {
    conclave::GoroutineGroup machine("machine");
    machine.go([&] { save(disk, kNew); });
    conclave::sleep_for(when);
    machine.end();
  }
  disk.crash();
  return conclave::read_whole(disk, "config", 1'000'000).value();
}

void report(const char* name, const Save& save) {
  int old = 0;
  int neither = 0;
  int lost = 0;
  for (std::uint64_t seed = 0; seed < kCuts; ++seed) {
    const std::string during = after_a_cut(save, seed, Random(seed).between(1, 5000) * 1us);
    old += during == kOld ? 1 : 0;
    neither += during != kOld && during != kNew ? 1 : 0;
    lost += after_a_cut(save, seed, {}) != kNew ? 1 : 0;
  }
  fmt::print("  {:<28}{:>5}{:>6}{:>10}{:>14}\n", name, old, kCuts - old - neither, neither, lost);
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        fmt::print("  {:<28}{:>21}{:>14}\n", "", "cut while it is saved", "cut after ok");
        fmt::print("  {:<28}{:>5}{:>6}{:>10}{:>14}\n", "", "old", "new", "neither", "not the new");
        report("over the old file", over_the_old);
        report("beside it, then renamed", beside_it);
        report("synced, then renamed", synced);
        report("and its name synced", and_its_name);
      },
      {.clock = &clock});
}
