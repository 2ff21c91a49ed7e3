// Exercise 4.4, in the order in which a reader gets it right.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "common/random.hpp"
#include "save.hpp"
#include "support/cut_disk.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

constexpr std::size_t kLarge = 9000;  // two pages and a part
constexpr std::size_t kSmall = 5000;

/// A text of that many bytes, all of them the same.
std::string text(char byte, std::size_t size = kLarge) { return std::string(size, byte); }

/// What is in "config", without anything that could fail.
std::string read_config(SimulatedDisk& disk) {
  disk.set_faults({});
  Result<std::string> found = read_whole(disk, "config", 1'000'000);
  return found.ok() ? *found : "";
}

/// What was found, in words: the old is of 'o', the new of 'n'.
std::string in_words(const std::string& found, const std::string& before,
                     const std::string& after) {
  if (found == after) return "the new file";
  if (found == before) return before.empty() ? "no file" : "the old file";
  if (found.empty()) return "an empty file, or none";
  const auto old_bytes = std::ranges::count(found, 'o');
  const auto new_bytes = std::ranges::count(found, 'n');
  const auto zeros = std::ranges::count(found, '\0');
  return fmt::format("{} bytes: {} of the old file, {} of the new one, {} zeros, {} of neither",
                     found.size(), old_bytes, new_bytes, zeros,
                     std::ssize(found) - old_bytes - new_bytes - zeros);
}

/// What becomes of unsynced pages in a power failure, by a name.
struct Fate {
  std::string name;
  DiskFaults faults;
};

const std::vector<Fate>& fates() {
  static const std::vector<Fate> kFates = {
      {"unsynced pages and names are lost", {.kept = 0, .lost = 1, .torn = 0, .garbage = 0}},
      {"unsynced pages are torn", {.kept = 0, .lost = 0, .torn = 1, .garbage = 0}},
      {"unsynced pages have garbage", {.kept = 0, .lost = 0, .torn = 0, .garbage = 1}},
      {"of pages and names some are lost", {.kept = 1, .lost = 1, .torn = 0, .garbage = 0}},
      {"anything may become of pages and names", {}},
      {"all pages and names have come to the disk",
       {.kept = 1, .lost = 0, .torn = 0, .garbage = 0}},
  };
  return kFates;
}

/// A disk with a file "config" that is durable; with none, when there is no text.
class Machine {
 public:
  Machine(std::uint64_t seed, const DiskFaults& faults, const std::string& before)
      : disk_(Random(seed), faults), faults_(faults) {
    if (before.empty()) return;
    const auto file = disk_.open("config", Open::fresh).value();
    EXPECT_TRUE(file->write(0, before).ok() && file->sync().ok() && disk_.sync_directory().ok());
  }

  /// Calls save(), by a plan.  @return what it returned; unavailable when the power failed
  Status save(const std::string& config, CutDisk::Plan plan = {}) {
    CutDisk cut(disk_, faults_, plan);
    Status status = Status::unavailable("the power failed");
    was_cut_ = false;
    try {
      status = conclave::save(cut, config);
    } catch (const PowerCut&) {
      was_cut_ = true;
    } catch (const StillGoing&) {
      ADD_FAILURE() << "save() has asked the disk " << CutDisk::kStepsMax
                    << " times, and does not end";
    }
    steps_ = cut.step_count() > 12 ? fmt::format("{} steps", cut.step_count()) : cut.steps();
    if (!was_cut_) steps_ += fmt::format("; return {}", status.code());
    syncs_ = cut.sync_count();
    return status;
  }

  /// The power fails, and what is in the file afterwards.
  std::string after_the_power_cut() {
    disk_.set_faults(faults_);
    disk_.crash();
    std::string found = read_config(disk_);
    disk_.set_faults(faults_);
    return found;
  }

  SimulatedDisk& disk() { return disk_; }
  void set_faults(const DiskFaults& faults) {
    faults_ = faults;
    disk_.set_faults(faults);
  }
  [[nodiscard]] bool was_cut() const { return was_cut_; }
  [[nodiscard]] const std::string& steps() const { return steps_; }
  [[nodiscard]] std::size_t syncs() const { return syncs_; }

 private:
  SimulatedDisk disk_;
  DiskFaults faults_;
  bool was_cut_ = false;
  std::string steps_;
  std::size_t syncs_ = 0;
};

TEST(Save, IsReadAgain) {
  const Claim law = announce("what was saved is read, also when it is shorter than the old one");
  Machine machine(1, {}, "");
  std::vector<std::string> found;

  for (const std::string& config : {text('o'), text('n', kSmall), text('m')}) {
    const Status status = machine.save(config);
    const std::string read = read_config(machine.disk());
    found.push_back(!status.ok()     ? fmt::format("{}", status)
                    : read == config ? "as saved"
                                     : fmt::format("{} bytes, not as saved", read.size()));
  }

  must_hold(law, found == std::vector<std::string>(3, "as saved"),
            "9000 bytes are saved, then 5000, then 9000: {}\nsteps of the last: {}",
            fmt::join(found, ", "), machine.steps());
}

/// Saves on a disk that lets all be done, then the power fails.
void must_be_the_new_one(const Claim& law, const Fate& fate, std::uint64_t seed) {
  for (const std::string& before : {std::string(), text('o')}) {
    Machine machine(seed, fate.faults, before);
    const Status status = machine.save(text('n'));
    const std::string found = machine.after_the_power_cut();

    if (!must_hold(law, status.ok() && found == text('n'),
                   "found after the power cut: {}\nsteps: {}\nin this cut, {}",
                   in_words(found, before, text('n')), machine.steps(), fate.name)) {
      return;
    }
  }
}

TEST(Save, ItsBytesSurvive) {
  for_each_seed(50, [](std::uint64_t seed) {
    const Claim law = announce(
        "after ok the new file is found: what is written is on the disk when a sync of it has "
        "returned (law 2; POSIX, fsync)");
    for (const std::size_t fate : {1, 2}) must_be_the_new_one(law, fates()[fate], seed);
  });
}

TEST(Save, ItsNameSurvives) {
  for_each_seed(50, [](std::uint64_t seed) {
    const Claim law = announce(
        "after ok the new file is found by its name: a rename is a change of the folder (law 2; "
        "Pillai et al. 2014)");
    for (const Fate& fate : fates()) must_be_the_new_one(law, fate, seed);
  });
}

TEST(Save, IsOldOrNewWhereverItIsCut) {
  for_each_seed(30, [](std::uint64_t seed) {
    const Claim law =
        announce("whenever the power fails, the old file is found or the new one, whole (law 1)");
    for (const Fate& fate : fates()) {
      for (const std::string& after : {text('n'), text('n', kSmall)}) {
        for (std::size_t step = 1; step < CutDisk::kStepsMax; ++step) {
          Machine machine(seed, fate.faults, text('o'));
          static_cast<void>(machine.save(after, {.cut_before = step}).ok());
          if (!machine.was_cut()) break;
          const std::string found = machine.after_the_power_cut();

          if (!must_hold(law, found == text('o') || found == after,
                         "found after a cut at step {}: {}\nsteps: {}\nin this cut, {}", step,
                         in_words(found, text('o'), after), machine.steps(), fate.name)) {
            return;
          }
        }
      }
    }
  });
}

TEST(Save, IsNoneOrNewTheFirstTime) {
  for_each_seed(30, [](std::uint64_t seed) {
    const Claim law = announce(
        "where no file was, none is found after a power cut, or the whole new one (law 1)");
    for (const Fate& fate : fates()) {
      for (std::size_t step = 1; step < CutDisk::kStepsMax; ++step) {
        Machine machine(seed, fate.faults, "");
        static_cast<void>(machine.save(text('n'), {.cut_before = step}).ok());
        if (!machine.was_cut()) break;
        const std::string found = machine.after_the_power_cut();
        const bool there = machine.disk().open("config", Open::existing).ok();

        if (!must_hold(law, !there || found == text('n'),
                       "found after a cut at step {}: {}\nsteps: {}\nin this cut, {}", step,
                       in_words(found, "", text('n')), machine.steps(), fate.name)) {
          return;
        }
      }
    }
  });
}

TEST(Save, DoesNotBelieveASyncAfterOneThatFailed) {
  for_each_seed(50, [](std::uint64_t seed) {
    const Claim law = announce(
        "a sync that has failed is not made good by the next one: what it did not write is "
        "forgotten "
        "(laws 2, 3; Rebello et al. 2020)");
    for (const Fate& fate : fates()) {
      for (std::size_t sync = 1; sync < 20; ++sync) {
        Machine machine(seed, fate.faults, text('o'));
        const Status status = machine.save(text('n'), {.failing_sync = sync});
        if (machine.syncs() < sync) break;
        const std::string found = machine.after_the_power_cut();

        if (!must_hold(law, found == text('n') || (!status.ok() && found == text('o')),
                       "found after the power cut: {}\nsteps: {}\nin this cut, {}",
                       in_words(found, text('o'), text('n')), machine.steps(), fate.name)) {
          return;
        }
      }
    }
  });
}

TEST(Save, LeavesTheOldOneWhenTheDiskIsFull) {
  for_each_seed(20, [](std::uint64_t seed) {
    const Claim law = announce(
        "a disk without room gives an error, and keeps the old file and nothing else (laws 3, 4)");
    Machine machine(seed, {}, text('o'));
    machine.set_faults({.capacity = kLarge + kSmall});

    const Status status = machine.save(text('n'));
    const std::string steps = machine.steps();
    const std::vector<std::string> names = machine.disk().list().value();
    const Status small = machine.save(text('n', kSmall - 1));
    const std::string then = read_config(machine.disk());
    const std::string found = machine.after_the_power_cut();

    must_hold(
        law,
        status.code() == Code::resource_exhausted && names == std::vector{std::string("config")},
        "9000 bytes are saved where there is room for 5000: {}\nfiles: {}\nsteps: {}",
        status.code(), fmt::join(names, ", "), steps);
    must_hold("when something has not had room, something smaller may (law 4)",
              small.ok() && then == text('n', kSmall - 1) && found == then,
              "after 9000 bytes that had no room, 4999 are saved: {}\nfound: {}\nsteps: {}",
              small.code(), in_words(found, text('o'), text('n', kSmall - 1)), machine.steps());
  });
}

TEST(Save, IsNotDisturbedByWhatACutHasLeft) {
  for_each_seed(30, [](std::uint64_t seed) {
    const Claim law = announce(
        "what is left of a save whose power failed stands in nobody's way, and does not stay (law "
        "4)");
    for (const Fate& fate : fates()) {
      for (std::size_t step = 1; step < CutDisk::kStepsMax; ++step) {
        Machine machine(seed, fate.faults, text('o'));
        static_cast<void>(machine.save(text('x'), {.cut_before = step}).ok());
        if (!machine.was_cut()) break;
        const std::string before = machine.steps();
        machine.after_the_power_cut();

        const Status status = machine.save(text('n', kSmall));
        const std::vector<std::string> names = machine.disk().list().value();
        const std::string found = machine.after_the_power_cut();

        if (!must_hold(law,
                       status.ok() && found == text('n', kSmall) &&
                           names == std::vector<std::string>{"config"},
                       "after a cut, 5000 bytes are saved: {}; found: {}; files: {}\n"
                       "steps before the cut: {}\nsteps after it: {}\nin this cut, {}",
                       status.code(), in_words(found, text('o'), text('n', kSmall)),
                       fmt::join(names, ", "), before, machine.steps(), fate.name)) {
          return;
        }
      }
    }
  });
}

TEST(Save, KeepsItsLawsInAllWeather) {
  for_each_seed(300, [](std::uint64_t seed) {
    const Claim law = announce(
        "what is found after a power cut is the last that was ok, or one that was tried since "
        "(laws "
        "1, 2, 3)");
    Random random(seed);
    Machine machine(seed, {}, text('o'));
    std::set<std::string> possible = {text('o')};

    for (char byte = 'a'; byte <= 'm'; ++byte) {
      machine.set_faults(
          {.write_error = random.chance(0.2) ? 0.3 : 0,
           .sync_error = random.chance(0.3) ? 0.3 : 0,
           .capacity = random.chance(0.2) ? kLarge + random.below(kLarge) : DiskFaults().capacity,
           .torn = random.between(0U, 2U),
           .garbage = random.between(0U, 2U)});
      const std::string config = text(byte, random.between(1U, 20'000U));
      const std::size_t step = random.chance(0.5) ? random.between(1U, 8U) : CutDisk::kNever;
      const Status status = machine.save(config, {.cut_before = step});
      if (status.ok()) possible.clear();
      possible.insert(config);
      if (!machine.was_cut() && random.chance(0.5)) continue;

      const std::string found = machine.after_the_power_cut();
      if (!must_hold(
              law, possible.contains(found),
              "save '{}': {}\nthen the power {}, and {} bytes are found, the first of them '{}'",
              byte, machine.steps(), machine.was_cut() ? "was off" : "fails", found.size(),
              found.substr(0, 1))) {
        return;
      }
      possible = {found};
    }
  });
}

}  // namespace
}  // namespace conclave
