// What a journal finds again: the laws of journal.hpp, one by one; journal_crash_test.cpp has them all at once.
#include "simulation/journal.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "disks.hpp"

namespace conclave {
namespace {

using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::uint64_t kPageBytes = 4096;
const std::string kFirstSegment = "log.00000000000000000001";

/// The journal "log" of that disk, with what it held.
struct Opened {
  Recovered found;
  std::unique_ptr<Journal> journal;

  explicit Opened(Disk& disk, JournalOptions options = {})
      : journal(Journal::open(disk, "log", found, options).value()) {}
};

Status open_status(Disk& disk, JournalOptions options = {}) {
  Recovered found;
  return Journal::open(disk, "log", found, options).status();
}

void append(Journal& journal, const std::vector<std::string>& records) {
  for (const std::string& record : records) EXPECT_TRUE(journal.append(record).ok());
}

void alter(Disk& disk, const std::string& name, std::uint64_t place) {
  const auto file = opened(disk, name);
  std::string byte = file->read(place, 1).value();
  byte[0] = static_cast<char>(byte[0] ^ 1);
  ASSERT_TRUE(file->write(place, byte).ok() && file->sync().ok());
}

TEST(Journal, FindsItsRecordsAgain) {  // laws 1 and 2
  on_both_disks([](Disk& disk) {
    {
      Opened log(disk);
      EXPECT_THAT(log.found.records, IsEmpty());
      EXPECT_EQ(log.journal->append("a").value(), 1U);
      EXPECT_EQ(log.journal->append("").value(), 2U);
      EXPECT_EQ(log.journal->append(std::string(10'000, 'c')).value(), 3U);
    }
    Opened log(disk);

    EXPECT_THAT(log.found.records, ElementsAre("a", "", std::string(10'000, 'c')));
    EXPECT_EQ(log.journal->last_index(), 3U);
    EXPECT_EQ(log.journal->append("d").value(), 4U);
    EXPECT_EQ(log.found.torn_bytes, 0U);
    log.journal.reset();
    EXPECT_THAT(Opened(disk).found.records, ElementsAre("a", "", std::string(10'000, 'c'), "d"));
  });
}

TEST(Journal, WritesWhatCameMeanwhileAsOneBatch) {  // law 3
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), {.latency_min = 10ms, .latency_max = 10ms});
    Opened log(disk);
    WaitGroup group;
    std::array<std::uint64_t, 129> indices{};

    group.go([&] { indices[0] = log.journal->append("first").value(); });
    sleep_for(1ms);  // the disk is busy with it
    for (std::size_t i = 1; i < indices.size(); ++i) {
      group.go([&, i] { indices.at(i) = log.journal->append(std::to_string(i)).value(); });
    }
    group.wait();

    EXPECT_EQ(log.journal->counters().batches, 2U);
    EXPECT_EQ(log.journal->counters().records, 129U);
    std::ranges::sort(indices);  // who was first to run was first to append
    for (std::size_t i = 0; i < indices.size(); ++i) EXPECT_EQ(indices.at(i), i + 1);
  });
}

TEST(Journal, AcknowledgesNothingBeforeItsSyncHasReturned) {  // law 1
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), {.latency_min = 10ms, .latency_max = 10ms});
    Opened log(disk);
    const std::uint64_t before = disk.counters().syncs;
    append(*log.journal, {"a"});
    EXPECT_EQ(disk.counters().syncs, before + 2);  // of the segment, and of its name
    append(*log.journal, {"b"});
    EXPECT_EQ(disk.counters().syncs, before + 3);
  });
}

TEST(Journal, LeavesOutATornBatch) {  // law 4
  in_virtual_time([] {
    SimulatedDisk disk(Random(1));
    append(*Opened(disk).journal, {"a", "b", "c"});

    alter(disk, kFirstSegment, 2 * kPageBytes + 36);

    Recovered found;
    Result<std::unique_ptr<Journal>> log = Journal::open(disk, "log", found);
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_THAT(found.records, ElementsAre("a", "b"));
    EXPECT_EQ(found.torn_bytes, kPageBytes);
    append(**log, {"d"});
    log->reset();
    EXPECT_THAT(Opened(disk).found.records, ElementsAre("a", "b", "d"));
  });
}

TEST(Journal, IsNotShortenedByDamage) {  // law 4
  in_virtual_time([] {
    for (std::uint64_t place = 0; place < 36; ++place) {
      SimulatedDisk disk(Random(1));
      append(*Opened(disk).journal, {"abcd", "b", "c"});

      alter(disk, kFirstSegment, place);

      const Status damaged = open_status(disk);
      EXPECT_EQ(damaged.code(), Code::data_loss) << place;
      EXPECT_THAT(to_string(damaged),
                  HasSubstr("\"log.00000000000000000001\" is damaged at byte 0: record 1"));
    }
  });
}

TEST(Journal, MissesAFile) {  // law 4
  in_virtual_time([] {
    const JournalOptions small{.segment_bytes = 2 * kPageBytes};
    SimulatedDisk disk(Random(1));
    append(*Opened(disk, small).journal, {"1", "2", "3", "4", "5", "6", "7"});
    ASSERT_THAT(disk.list().value(), testing::SizeIs(4));

    for (const auto& [name, words] :
         {std::pair("log.00000000000000000003", "records 3 to 4 are missing"),
          std::pair("log.00000000000000000001", "records 1 to 2 are missing")}) {
      EXPECT_TRUE(disk.rename(name, "elsewhere").ok());
      EXPECT_EQ(open_status(disk, small).code(), Code::data_loss);
      EXPECT_THAT(to_string(open_status(disk, small)), HasSubstr(words));
      EXPECT_TRUE(disk.rename("elsewhere", name).ok());
    }
    EXPECT_THAT(Opened(disk, small).found.records, ElementsAre("1", "2", "3", "4", "5", "6", "7"));
  });
}

TEST(Journal, IsDamagedInAFileThatIsNotTheLast) {
  in_virtual_time([] {
    const JournalOptions small{.segment_bytes = 2 * kPageBytes};
    SimulatedDisk disk(Random(1));
    append(*Opened(disk, small).journal, {"1", "2", "3"});

    alter(disk, kFirstSegment, kPageBytes + 33);

    EXPECT_THAT(to_string(open_status(disk, small)),
                HasSubstr("is damaged at byte 4096: record 2"));
  });
}

// A record may hold what looks like batches: those of another journal, or its own.
TEST(Journal, IsNotMisledByBatchesInsideARecord) {
  in_virtual_time([] {
    SimulatedDisk disk(Random(1));
    append(*Opened(disk).journal, {"a", "b", "c"});
    const std::string inner = text_of(disk, kFirstSegment);
    SimulatedDisk outer(Random(1));
    append(*Opened(outer).journal, {"x", std::string(kPageBytes - 36, '.') + inner});

    alter(outer, kFirstSegment, kPageBytes + 40);  // torn, with whole batches behind the damage

    EXPECT_THAT(Opened(outer).found.records, ElementsAre("x"));
  });
}

TEST(Journal, MakesDurableWhatItReturns) {  // law 5: the sync before may have failed
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    in_virtual_time([&] {
      SimulatedDisk disk(Random(seed), {.kept = 0, .lost = 1, .torn = 0, .garbage = 0});
      {
        Opened log(disk);
        append(*log.journal, {"a"});
        DiskFaults fails{.sync_error = 1, .kept = 0, .lost = 1, .torn = 0, .garbage = 0};
        disk.set_faults(fails);
        const Status unknown = log.journal->append("b").status();
        EXPECT_EQ(unknown.code(), Code::data_loss);
        EXPECT_TRUE(unknown.maybe_executed());
        fails.sync_error = 0;
        disk.set_faults(fails);
        const Status refused = log.journal->append("c").status();  // law 6
        EXPECT_EQ(refused.code(), Code::failed_precondition);
        EXPECT_FALSE(refused.maybe_executed());
        EXPECT_THAT(to_string(refused), HasSubstr("the device fails"));
      }
      const std::vector<std::string> found =
          Opened(disk).found.records;  // as the page cache has it
      EXPECT_THAT(found, ElementsAre("a", "b"));

      disk.crash();

      EXPECT_EQ(Opened(disk).found.records, found);
    });
  }
}

TEST(Journal, GoesOnWhenThereIsRoomAgain) {  // law 6
  in_virtual_time([] {
    SimulatedDisk disk(Random(1));
    Opened log(disk);
    append(*log.journal, {"a"});
    disk.set_faults({.capacity = 3 * kPageBytes});

    const Status full = log.journal->append(std::string(3 * kPageBytes, 'b')).status();

    EXPECT_EQ(full.code(), Code::resource_exhausted);
    EXPECT_FALSE(full.maybe_executed());
    const Result<std::uint64_t> fits = log.journal->append("c");
    ASSERT_TRUE(fits.ok()) << fits.status();
    EXPECT_EQ(*fits, 2U);
    EXPECT_EQ(log.journal->counters().undone, 1U);
    disk.crash();
    disk.set_faults({});
    EXPECT_THAT(Opened(disk).found.records, ElementsAre("a", "c"));
  });
}

TEST(Journal, BeginsAnotherSegmentWhenOneIsFull) {
  on_both_disks([](Disk& disk) {
    const JournalOptions small{.segment_bytes = 2 * kPageBytes};
    append(*Opened(disk, small).journal, {"1", "2", "3", "4", "5"});
    EXPECT_THAT(disk.list().value(),
                ElementsAre("log.00000000000000000001", "log.00000000000000000003",
                            "log.00000000000000000005"));

    append(*Opened(disk, small).journal, {"6", "7"});

    EXPECT_THAT(Opened(disk, small).found.records, ElementsAre("1", "2", "3", "4", "5", "6", "7"));
  });
}

TEST(Snapshot, ReplacesWhatItStandsFor) {  // law 7
  on_both_disks([](Disk& disk) {
    const JournalOptions small{.segment_bytes = 2 * kPageBytes};
    {
      Opened log(disk, small);
      append(*log.journal, {"1", "2", "3", "4", "5"});
      EXPECT_TRUE(log.journal->save_snapshot(4, "1 to 4").ok());
      EXPECT_THAT(disk.list().value(), ElementsAre("log.00000000000000000005", "log.snapshot"));
      append(*log.journal, {"6"});
    }
    Opened log(disk, small);
    EXPECT_EQ(log.found.through, 4U);
    EXPECT_EQ(log.found.snapshot, "1 to 4");
    EXPECT_THAT(log.found.records, ElementsAre("5", "6"));

    EXPECT_TRUE(log.journal->save_snapshot(6, "1 to 6").ok());
    log.journal.reset();
    Opened later(disk, small);
    EXPECT_EQ(later.found.snapshot, "1 to 6");
    EXPECT_THAT(later.found.records, IsEmpty());
    EXPECT_EQ(later.journal->append("7").value(), 7U);
  });
}

// The simulator found these three.
TEST(Snapshot, StandsForRecordsThatAreGone) {
  in_virtual_time([] {
    SimulatedDisk disk(Random(1));
    {
      Opened log(disk);
      append(*log.journal, {"1", "2", "3"});
      EXPECT_TRUE(log.journal->save_snapshot(3, "1 to 3").ok());
    }
    EXPECT_TRUE(opened(disk, kFirstSegment)->truncate(kPageBytes).ok());

    EXPECT_EQ(Opened(disk).journal->append("4").value(), 4U);

    Opened log(disk);
    EXPECT_EQ(log.found.through, 3U);
    EXPECT_THAT(log.found.records, ElementsAre("4"));
  });
}

TEST(
    Snapshot,
    StandsForAFileWhoseEndIsUnknown) {  // a crash has undone its removal, and not that of the one after it
  in_virtual_time([] {
    const JournalOptions small{.segment_bytes = 2 * kPageBytes};
    SimulatedDisk disk(Random(1));
    {
      Opened log(disk, small);
      append(*log.journal, {"1", "2", "3", "4", "5"});
      const std::string first = text_of(disk, kFirstSegment);
      EXPECT_TRUE(log.journal->save_snapshot(4, "1 to 4").ok());
      make_durable(disk, kFirstSegment, first + std::string(kPageBytes, '?'));
    }

    Recovered found;
    const Status status = Journal::open(disk, "log", found, small).status();

    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(found.through, 4U);
    EXPECT_THAT(found.records, ElementsAre("5"));
  });
}

TEST(Snapshot, ThatMayNotBeDurableReplacesNothing) {
  in_virtual_time([] {
    const JournalOptions small{.segment_bytes = 2 * kPageBytes};
    DiskFaults faults{
        .latency_min = 1ms, .latency_max = 1ms, .kept = 0, .lost = 1, .torn = 0, .garbage = 0};
    SimulatedDisk disk(Random(1), faults);
    {
      Opened log(disk, small);
      append(*log.journal, {"1", "2", "3", "4", "5"});
      Status saved;
      WaitGroup group;
      group.go([&] { saved = log.journal->save_snapshot(4, "1 to 4"); });
      sleep_for(std::chrono::microseconds(3'500));  // it is cut, written and synced; now the folder
      faults.sync_error = 1;
      disk.set_faults(faults);
      group.wait();
      EXPECT_EQ(saved.code(), Code::data_loss);
    }
    disk.restart();
    faults.sync_error = 0;
    disk.set_faults(faults);
    EXPECT_EQ(Opened(disk, small).found.through, 4U);

    disk.crash();

    Recovered found;
    const Status status = Journal::open(disk, "log", found, small).status();
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(found.through, 0U);
    EXPECT_THAT(found.records, ElementsAre("1", "2", "3", "4", "5"));
  });
}

TEST(Snapshot, StandsForDurableRecordsOnly) {
  in_virtual_time([] {
    SimulatedDisk disk(Random(1));
    Opened log(disk);
    append(*log.journal, {"1", "2"});

    EXPECT_EQ(log.journal->save_snapshot(3, "").code(), Code::invalid_argument);
    EXPECT_EQ(log.journal->save_snapshot(0, "").code(), Code::invalid_argument);
    EXPECT_TRUE(log.journal->save_snapshot(2, "").ok());
    EXPECT_EQ(log.journal->save_snapshot(1, "").code(), Code::invalid_argument);
  });
}

TEST(Snapshot, ThatIsDamagedIsAnError) {
  in_virtual_time([] {
    for (std::uint64_t place = 0; place < 38; ++place) {
      SimulatedDisk disk(Random(1));
      {
        Opened log(disk);
        append(*log.journal, {"1"});
        EXPECT_TRUE(log.journal->save_snapshot(1, "1 to 1").ok());
      }
      alter(disk, "log.snapshot", place);
      EXPECT_EQ(open_status(disk).code(), Code::data_loss) << place;
    }
  });
}

TEST(Journal, BoundsWhatItTakes) {
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), {.latency_min = 1ms, .latency_max = 1ms});
    Opened log(disk, {.record_bytes_max = 10, .queue_bytes_max = 30});
    WaitGroup group;
    std::array<Code, 4> codes{};

    EXPECT_EQ(log.journal->append(std::string(11, 'a')).status().code(), Code::invalid_argument);
    for (Code& code : codes) {
      group.go([&] { code = log.journal->append(std::string(10, 'a')).status().code(); });
    }
    group.wait();

    EXPECT_THAT(codes, UnorderedElementsAre(Code::ok, Code::ok, Code::resource_exhausted,
                                            Code::resource_exhausted));
  });
}

TEST(Journal, ClosesWhenAllIsWritten) {
  in_virtual_time([] {
    SimulatedDisk disk(Random(1), {.latency_min = 1ms, .latency_max = 1ms});
    Opened log(disk);
    WaitGroup group;
    for (int i = 0; i < 3; ++i) group.go([&] { append(*log.journal, {"a"}); });
    yield();

    log.journal->close();

    group.wait();
    EXPECT_EQ(log.journal->append("b").status().code(), Code::failed_precondition);
    log.journal.reset();
    EXPECT_THAT(Opened(disk).found.records, ElementsAre("a", "a", "a"));
  });
}

TEST(Journal, SharesAFolderWithOthers) {
  in_virtual_time([] {
    SimulatedDisk disk(Random(1));
    Recovered found;
    const auto other = Journal::open(disk, "log.0", found).value();
    append(*other, {"x"});
    append(*Opened(disk).journal, {"a"});
    opened(disk, "log.1");
    opened(disk, "log.0000000000000000000a");
    EXPECT_THAT(Opened(disk).found.records, ElementsAre("a"));
    EXPECT_EQ(Journal::open(disk, "a/b", found).status().code(), Code::invalid_argument);
    EXPECT_EQ(Journal::open(disk, std::string(250, 'a'), found).status().code(),
              Code::invalid_argument);
  });
}

}  // namespace
}  // namespace conclave
