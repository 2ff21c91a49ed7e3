// What a power failure and a failing device leave: the laws of simulated_disk.hpp.
#include "simulation/simulated_disk.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "disks.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;
using testing::ElementsAre;

constexpr std::size_t kPageBytes = 4096;
constexpr DiskFaults kLoses{.kept = 0, .lost = 1, .torn = 0, .garbage = 0};
constexpr DiskFaults kTears{.kept = 0, .lost = 0, .torn = 1, .garbage = 0};

/// Everything that `look` saw, of a disk of each of many seeds, after a crash.
std::set<std::string> seen_after_crash(const DiskFaults& faults,
                                       const std::function<void(SimulatedDisk&)>& before,
                                       const std::function<std::string(SimulatedDisk&)>& look) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimulatedDisk disk(Random(seed), faults);
    before(disk);
    disk.crash();
    seen.insert(look(disk));
  }
  return seen;
}

TEST(PowerFailure, KeepsWhatWasSynced) {  // disk law 1
  const auto seen = seen_after_crash(
      {}, [](SimulatedDisk& disk) { make_durable(disk, "votes", std::string(10'000, 'a')); },
      [](SimulatedDisk& disk) { return text_of(disk, "votes"); });
  EXPECT_THAT(seen, ElementsAre(std::string(10'000, 'a')));
}

TEST(PowerFailure, LosesWhatWasNot) {
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), kLoses);
    make_durable(disk, "votes", "Castor");
    EXPECT_TRUE(opened(disk, "votes")->write(0, "Pollux and more").ok());
    EXPECT_EQ(text_of(disk, "votes"), "Pollux and more");

    disk.crash();

    EXPECT_EQ(text_of(disk, "votes"), "Castor");
    EXPECT_EQ(disk.counters().pages_lost, 1U);
  });
}

TEST(PowerFailure, LeavesOldOrNewOrAMixtureOfWhatWasWritten) {  // law 2
  const auto seen = seen_after_crash(
      {.garbage = 0},
      [](SimulatedDisk& disk) {
        make_durable(disk, "votes", std::string(2 * kPageBytes, 'a'));
        EXPECT_TRUE(opened(disk, "votes")->write(0, std::string(2 * kPageBytes, 'b')).ok());
      },
      [](SimulatedDisk& disk) {  // sectors, each of one letter
        const std::string text = text_of(disk, "votes");
        std::string sectors;
        for (std::size_t at = 0; at < text.size(); at += 512) {
          EXPECT_EQ(std::count(text.begin() + static_cast<int>(at),
                               text.begin() + static_cast<int>(at) + 512, text[at]),
                    512);
          sectors += text[at];
        }
        return sectors;
      });

  const std::string a(8, 'a');
  const std::string b(8, 'b');
  EXPECT_TRUE(seen.contains(a + a) && seen.contains(a + b) && seen.contains(b + a) &&
              seen.contains(b + b));
  EXPECT_GT(seen.size(), 50U);  // of 16 fates of each page
}

TEST(PowerFailure, PutsGarbageIntoOneSector) {
  const DiskFaults garbles{.kept = 0, .lost = 0, .torn = 0, .garbage = 1};
  in_virtual_time([&] {
    SimulatedDisk disk(Random(3), garbles);
    make_durable(disk, "votes", std::string(kPageBytes, 'a'));
    EXPECT_TRUE(opened(disk, "votes")->write(100, "b").ok());

    disk.crash();

    const std::string text = text_of(disk, "votes");
    EXPECT_EQ(text.size(), kPageBytes);
    std::set<std::size_t> sectors;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] != 'a' && at != 100) sectors.insert(at / 512);
    }
    EXPECT_EQ(sectors.size(), 1U);
    EXPECT_EQ(disk.counters().pages_garbled, 1U);
  });
}

TEST(PowerFailure, LeavesTheOldSizeOrTheNew) {
  const auto seen = seen_after_crash(
      {},
      [](SimulatedDisk& disk) {
        make_durable(disk, "votes", "Castor");
        EXPECT_TRUE(opened(disk, "votes")->truncate(3).ok());
      },
      [](SimulatedDisk& disk) { return std::to_string(text_of(disk, "votes").size()); });
  EXPECT_THAT(seen, ElementsAre("3", "6"));
}

// A file that was never synced has no name that lasts; a name that was never synced, no file.
TEST(PowerFailure, LosesNamesAndBytesIndependently) {  // disk law 3
  const auto seen = seen_after_crash(
      {.torn = 0, .garbage = 0},
      [](SimulatedDisk& disk) {
        make_durable(disk, "config", "old");
        const auto file = opened(disk, "config.new");
        EXPECT_TRUE(file->write(0, "new").ok());
        EXPECT_TRUE(disk.rename("config.new", "config").ok());
      },
      [](SimulatedDisk& disk) {
        return text_of(disk, "config") + " " + text_of(disk, "config.new");
      });
  EXPECT_TRUE(seen.contains("old (none)"));
  EXPECT_TRUE(seen.contains("new (none)"));
  EXPECT_TRUE(seen.contains(" (none)")) << "the name lasted, and the bytes did not";
  EXPECT_TRUE(seen.contains("old new") || seen.contains("old "));
}

TEST(PowerFailure, LeavesTheOldFileOrTheNewWhenAWholeOneIsWritten) {  // what write_whole() promises
  for (const int step : {1, 2, 3, 4, 5, 6, 7}) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      in_virtual_time([&] {
        SimulatedDisk disk(Random(seed), {.latency_min = 1ms, .latency_max = 1ms});
        make_durable(disk, "config", "old");
        Status written = Status::unknown("it did not return");
        GoroutineGroup machine("machine");
        machine.go([&] { written = write_whole(disk, "config", "new"); });
        sleep_for(step * 1ms - 500us);

        machine.end();
        disk.crash();

        const std::string text = text_of(disk, "config");
        EXPECT_TRUE(text == "old" || text == "new") << text;
        EXPECT_TRUE(!written.ok() || text == "new") << "step " << step << ", seed " << seed;
        EXPECT_TRUE(write_whole(disk, "config", "newer").ok());  // whatever was left behind
        EXPECT_THAT(disk.list().value(), ElementsAre("config"));
      });
    }
  }
}

TEST(PowerFailure, EndsWhatWasOpen) {  // law 3
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), {.latency_min = 2ms, .latency_max = 2ms});
    make_durable(disk, "votes", "Castor");
    const auto file = opened(disk, "votes");
    Status late;
    WaitGroup group;
    group.go([&] { late = file->write(0, "Pollux"); });
    sleep_for(1ms);

    disk.crash();

    EXPECT_EQ(file->read(0, 1).status().code(), Code::unavailable);
    EXPECT_EQ(file->write(0, "x").code(), Code::unavailable);
    EXPECT_EQ(file->sync().code(), Code::unavailable);
    EXPECT_EQ(file->truncate(0).code(), Code::unavailable);
    EXPECT_EQ(file->size().status().code(), Code::unavailable);
    group.wait();
    EXPECT_EQ(late.code(), Code::unavailable);
    EXPECT_EQ(text_of(disk, "votes"), "Castor");
  });
}

TEST(
    FailedSync,
    ForgetsWhatItDidNotWrite) {  // law 4: the next one returns ok, and nothing has become durable by it
  in_virtual_time([] {
    int lost = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      SimulatedDisk disk{Random(seed)};
      make_durable(disk, "votes", "Castor");
      const auto file = opened(disk, "votes");
      EXPECT_TRUE(file->write(0, "Pollux").ok());
      disk.set_faults({.sync_error = 1});
      EXPECT_EQ(file->sync().code(), Code::data_loss);
      disk.set_faults({});

      EXPECT_TRUE(file->sync().ok());
      EXPECT_EQ(text_of(disk, "votes"), "Pollux");
      disk.crash();

      lost += text_of(disk, "votes") == "Castor" ? 1 : 0;
    }
    EXPECT_GT(lost, 20);
    EXPECT_LT(lost, 80);
  });
}

// Two that sync the same folder at once: who made which change, the disk does not know.
TEST(FailedSync, OfNamesIsEverybodys) {  // disk law 3
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), {.sync_error = 1});
    opened(disk, "votes");
    EXPECT_EQ(disk.sync_directory().code(), Code::data_loss);
    disk.set_faults({});

    EXPECT_EQ(disk.sync_directory().code(), Code::data_loss);

    disk.restart();
    EXPECT_TRUE(disk.sync_directory().ok());
  });
}

TEST(Restart, EndsWhatWasOpenAndLosesNothing) {  // law 3
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), kLoses);
    const auto file = opened(disk, "votes");
    EXPECT_TRUE(file->write(0, "Castor").ok());

    disk.restart();

    EXPECT_EQ(file->read(0, 6).status().code(), Code::unavailable);
    EXPECT_EQ(text_of(disk, "votes"), "Castor");
  });
}

TEST(SyncThatTakesTime, MakesDurableWhatWasWrittenWhenItBegan) {
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), kLoses);
    make_durable(disk, "votes", "......");
    const auto file = opened(disk, "votes");
    EXPECT_TRUE(file->write(0, "Castor").ok());
    DiskFaults slow = kLoses;
    slow.latency_min = slow.latency_max = 10ms;
    disk.set_faults(slow);
    WaitGroup group;
    group.go([&] { EXPECT_TRUE(file->sync().ok()); });
    yield();
    disk.set_faults(kLoses);
    EXPECT_TRUE(file->write(0, "Pollux").ok());
    group.wait();

    disk.crash();

    EXPECT_EQ(text_of(disk, "votes"), "Castor");
  });
}

TEST(DiskFault, HappensWhenItIsOnAndIsCounted) {  // law 5
  in_virtual_time([] {
    SimulatedDisk disk(Random(1));
    const auto file = opened(disk, "votes");
    EXPECT_TRUE(file->write(0, "Castor").ok());

    disk.set_faults({.read_error = 1});
    EXPECT_EQ(file->read(0, 1).status().code(), Code::data_loss);
    disk.set_faults({.write_error = 1});
    EXPECT_EQ(file->write(0, "Pollux").code(), Code::data_loss);
    disk.set_faults({.capacity = 8});
    EXPECT_EQ(file->write(0, "Pollux and more").code(), Code::resource_exhausted);
    EXPECT_EQ(file->read(0, 99).value(), "Pollux a");
    EXPECT_EQ(file->truncate(9).code(), Code::resource_exhausted);
    EXPECT_TRUE(file->write(2, "LLUX a").ok());  // over what is there
    disk.set_faults({.bit_rot = 1});
    const std::string rotten = file->read(0, 99).value();
    EXPECT_NE(rotten, "PoLLUX a");
    disk.set_faults({});
    EXPECT_EQ(file->read(0, 99).value(), rotten);
    EXPECT_TRUE(file->write(0, "Castor").ok());

    const DiskCounters& counters = disk.counters();
    EXPECT_EQ(counters.read_errors, 1U);
    EXPECT_EQ(counters.write_errors, 1U);
    EXPECT_EQ(counters.full, 2U);
    EXPECT_EQ(counters.bits_turned, 1U);
  });
}

TEST(SimulatedDisk, DoesTheSameForTheSameSeed) {  // law 6
  for_each_seed(20, [](std::uint64_t seed) {
    const auto story = [&] {
      std::string told;
      SimulatedDisk disk(
          Random(seed), {.read_error = 0.1, .write_error = 0.1, .sync_error = 0.2, .bit_rot = 0.1});
      Random chooses(seed);
      for (int i = 0; i < 200; ++i) {
        const auto file = opened(disk, std::to_string(chooses.below(3)));
        const std::string bytes(chooses.below(9'000), static_cast<char>('a' + i % 26));
        told += to_string(file->write(chooses.below(9'000), bytes));
        if (chooses.chance(0.3)) told += to_string(file->sync());
        if (chooses.chance(0.2)) told += to_string(disk.sync_directory());
        if (chooses.chance(0.1)) disk.crash();
        const Result<std::string> read = opened(disk, "0")->read(0, 20'000);
        told += read.ok() ? *read : to_string(read.status());
      }
      return std::pair(told, disk.counters());
    };
    EXPECT_EQ(story(), story());
  });
}

TEST(Tearing, IsAtASector) {
  const auto seen = seen_after_crash(
      kTears,
      [](SimulatedDisk& disk) {
        make_durable(disk, "votes", std::string(kPageBytes, 'a'));
        EXPECT_TRUE(opened(disk, "votes")->write(0, std::string(kPageBytes, 'b')).ok());
      },
      [](SimulatedDisk& disk) {
        const std::string text = text_of(disk, "votes");
        const std::size_t turn = text.find(text[0] == 'a' ? 'b' : 'a');
        EXPECT_NE(turn, std::string::npos);
        EXPECT_EQ(turn % 512, 0U);
        return std::to_string(turn);
      });
  EXPECT_EQ(seen.size(), 7U);
}

}  // namespace
}  // namespace conclave
