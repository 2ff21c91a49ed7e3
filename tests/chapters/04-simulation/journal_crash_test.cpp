// All laws of a journal at once: many writers, snapshots, and a disk that fails and loses power, life after life.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "disks.hpp"
#include "simulation/journal.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;

/// What writers were told, over all lives of the journal.
struct Told {
  std::set<std::string> tried;
  std::set<std::string> refused;                 // as not executed
  std::map<std::uint64_t, std::string> records;  // acknowledged, or found by a recovery
};

/// The records 1 to n, a line each: what a snapshot stands for.
std::string lines(const std::map<std::uint64_t, std::string>& records, std::uint64_t through) {
  std::string text;
  for (const auto& [index, record] : records) {
    if (index <= through) text += record + '\n';
  }
  return text;
}

/// Checks what was found against what was told, and takes it for told.
void check(const Recovered& found, Told& told) {
  const std::uint64_t last = found.through + found.records.size();
  const std::uint64_t acknowledged = told.records.empty() ? 0 : told.records.rbegin()->first;
  ASSERT_GE(last, acknowledged) << "acknowledged, and lost";
  for (std::uint64_t index = found.through + 1; index <= last; ++index) {
    const std::string& record = found.records[index - found.through - 1];
    const auto [known, is_new] = told.records.emplace(index, record);
    EXPECT_EQ(known->second, record) << "record " << index;
    EXPECT_TRUE(told.tried.contains(record)) << record;
    EXPECT_FALSE(told.refused.contains(record)) << record;
  }
  EXPECT_EQ(told.records.size(), last) << "a gap";
  EXPECT_EQ(found.snapshot, lines(told.records, found.through));
}

class Life {
 public:
  Life(SimulatedDisk& disk, Told& told, Random& random)
      : disk_(disk), told_(told), random_(random) {}

  /// Opens the journal and writes to it until the power fails.
  void live(int number) {
    GoroutineGroup machine("machine");
    machine.go([&] { open_and_write(number); });
    sleep_for(random_.between(1, 60'000) * 1us);
    machine.end();
    EXPECT_EQ(machine.size(), 0U);
    if (random_.chance(0.8)) {
      disk_.crash();
    } else {
      disk_.restart();  // the program died, and the page cache lives
    }
  }

 private:
  void open_and_write(int number) {
    Recovered found;
    auto journal = Journal::open(disk_, "log", found, {.segment_bytes = 40'000});
    if (!journal.ok()) {
      EXPECT_NE(journal.status().message().find("cannot "), std::string::npos)
          << journal.status();  // the disk's errors alone
      return;
    }
    check(found, told_);
    WaitGroup writers;
    for (int writer = 0; writer < 5; ++writer) {
      writers.go([&, writer] {
        for (int i = 0;; ++i)
          append(**journal, fmt::format("{}.{}.{} {}", number, writer, i,
                                        std::string(random_.below(3'000), '.')));
      });
    }
    writers.wait();
  }

  void append(Journal& journal, const std::string& record) {
    told_.tried.insert(record);
    const Result<std::uint64_t> index = journal.append(record);
    if (index.ok()) {
      const auto [known, is_new] = told_.records.emplace(*index, record);
      EXPECT_TRUE(is_new) << "two records have the index " << *index;
      if (random_.chance(0.05))
        static_cast<void>(journal.save_snapshot(*index, lines(told_.records, *index)).ok());
    } else if (!index.status().maybe_executed()) {
      told_.refused.insert(record);
    }
    sleep_for(random_.between(0, 2'000) * 1us);
  }

  SimulatedDisk& disk_;
  Told& told_;
  Random& random_;
};

TEST(JournalInAllWeather, LosesNothingThatWasAcknowledged) {
  constexpr std::uint64_t kSeeds = kUnderThreadSanitizer ? 3 : kUnderSanitizer ? 30 : 150;
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    in_virtual_time([&] {
      Random random(seed);
      DiskFaults faults{.latency_min = 10us, .latency_max = 3ms};
      if (random.chance(0.5)) faults.sync_error = 0.02;
      if (random.chance(0.3)) faults.write_error = 0.02;
      if (random.chance(0.3)) faults.read_error = 0.05;
      if (random.chance(0.4)) faults.capacity = random.between(50'000, 400'000);
      faults.lost = random.between(1U, 3U);
      faults.torn = random.between(0U, 2U);
      faults.garbage = random.between(0U, 2U);
      SimulatedDisk disk(random.stream("disk"), faults);
      Told told;

      for (int life = 0; life < 12; ++life) {
        Life(disk, told, random).live(life);
        if (testing::Test::HasFailure()) return;
      }

      DiskFaults heals = faults;  // what is on the disk is found without any fault
      heals.sync_error = heals.write_error = heals.read_error = 0;
      heals.capacity = DiskFaults().capacity;
      disk.set_faults(heals);
      Recovered found;
      const auto journal = Journal::open(disk, "log", found, {.segment_bytes = 40'000});
      ASSERT_TRUE(journal.ok()) << journal.status();
      check(found, told);
    });
  });
}

}  // namespace
}  // namespace conclave
