// Exercise 4.7, in the order in which a reader gets it right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "simulation/simulated_disk.hpp"
#include "small_journal.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""us;

using Texts = std::vector<std::string>;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSeveralPages = 9000;

/// Each call that reads, writes or syncs takes a millisecond.
DiskFaults slow() { return {.latency_min = 1ms, .latency_max = 1ms}; }

/// Its name, and as many bytes as it shall have.
std::string record(std::string_view name, std::size_t size = 20) {
  std::string text(name);
  text.resize(std::max(size, name.size()), '.');
  return text;
}

/// The names of records, in a line.
std::string names(const Texts& records) {
  Texts short_ones;
  for (const std::string& each : records) {
    const std::string name = each.substr(0, each.find('.'));
    const bool readable =
        name.size() < 20 &&
        std::ranges::all_of(
            name,
            [](char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'); });
    short_ones.push_back(readable ? name : "(garbage)");
  }
  return records.empty() ? "nothing" : fmt::format("{}", fmt::join(short_ones, " "));
}

/// What open() says.
struct Opened {
  Status status{};
  Texts found{};
  std::unique_ptr<SmallJournal> journal{};

  [[nodiscard]] std::string in_words() const {
    return status.ok() ? fmt::format("finds {}", names(found))
                       : fmt::format("says {}", status.code());
  }
};

Opened opened(SimulatedDisk& disk) {
  Opened result;
  auto journal = SmallJournal::open(disk, result.found);
  result.status = journal.status();
  if (journal.ok()) result.journal = std::move(*journal);
  return result;
}

/// Appends them one after the other.  @return those that were acknowledged
Texts append_all(SmallJournal& journal, const Texts& records) {
  Texts acknowledged;
  for (const std::string& each : records) {
    if (journal.append(each).ok()) acknowledged.push_back(each);
  }
  return acknowledged;
}

/// Runs `body` until the power fails, after that time; then it is back.
void cut_after(SimulatedDisk& disk, Duration time, const std::function<void()>& body) {
  GoroutineGroup machine("machine");
  machine.go(body);
  sleep_for(time);
  machine.end();
  disk.crash();
}

TEST(SmallJournal, FindsWhatWasAppended) {
  in_virtual_time([] {
    const Claim law =
        announce("what was appended is found, in its order, whatever its size (laws 1, 2)");
    SimulatedDisk disk(Random(1), slow());
    const Texts records = {record("a"), "", record("b", kPage), record("c", kSeveralPages),
                           record("d", 3)};
    Opened first = opened(disk);
    const Status made = first.status;
    Texts acknowledged;
    if (made.ok()) acknowledged = append_all(*first.journal, records);

    first.journal.reset();
    disk.restart();
    const Opened second = opened(disk);

    must_hold(law, acknowledged == records && second.found == records,
              "a journal is begun: {}\n{} of {} records are acknowledged\n"
              "then the program ends, and another opens the journal: it {}",
              made.code(), acknowledged.size(), records.size(), second.in_words());
  });
}

TEST(SmallJournal, AcknowledgesNothingBeforeItsSync) {
  for_each_seed(50, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      const Claim law = announce(
          "what was acknowledged is found after the power has failed: append() returns after the "
          "sync (law 1; Gray & Reuter, §9.4)");
      SimulatedDisk disk(Random(seed), slow());
      Texts acknowledged;
      const int cut = Random(seed).between(2, 40);

      cut_after(disk, cut * 500us, [&] {
        const Opened first = opened(disk);
        if (!first.status.ok()) return;
        WaitGroup writers;
        for (const std::string_view writer : {"a", "b", "c"}) {
          writers.go([&, writer] {
            for (int i = 1; i <= 3; ++i) {
              const std::string each = record(fmt::format("{}{}", writer, i), kSeveralPages);
              if (first.journal->append(each).ok()) acknowledged.push_back(each);
            }
          });
        }
        writers.wait();
        sleep_for(1s);
      });
      const Opened second = opened(disk);

      const bool all = std::ranges::all_of(acknowledged, [&](const std::string& each) {
        return std::ranges::find(second.found, each) != second.found.end();
      });
      must_hold(law, second.status.ok() && all,
                "three writers append records of 9000 bytes; the power fails after {} ms\n"
                "acknowledged: {}\nafterwards the journal {}",
                cut * 0.5, names(acknowledged), second.in_words());
    });
  });
}

TEST(SmallJournal, WritesTogetherWhatCameMeanwhile) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "records that come while the disk is busy are written together, with one sync (law 3)");
    std::uint64_t syncs = 0;
    int acknowledged = 0;
    Duration alone{};

    in_virtual_time(
        [&] {
          SimulatedDisk disk(Random(1), slow());
          Opened first = opened(disk);
          if (!first.status.ok()) return;
          const auto begin = now();
          if (first.journal->append(record("first")).ok()) ++acknowledged;
          alone = now() - begin;
          syncs = disk.counters().syncs;
          WaitGroup group;
          group.go([&] { acknowledged += first.journal->append(record("a")).ok() ? 1 : 0; });
          for (int i = 0; i < 20; ++i) {
            group.go([&] {
              sleep_for(500us);
              acknowledged += first.journal->append(record("b")).ok() ? 1 : 0;
            });
          }
          group.wait();
          syncs = disk.counters().syncs - syncs;
        },
        options);

    must_hold(
        law, acknowledged == 22 && syncs <= 2,
        "one record is appended alone, which takes {} ms; then another, and 20 more while the "
        "disk is busy with it\n"
        "acknowledged: {} of 22; syncs for the 21: {}",
        alone / 1ms, acknowledged, syncs);
    must_hold("nobody waits for company: alone, a record is written at once (law 3)", alone <= 4ms,
              "a write and a sync take a millisecond each; a record that came alone took {} ms",
              alone / 1ms);
  });
}

TEST(SmallJournal, LeavesOutATornEnd) {
  for_each_seed(100, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      const Claim law = announce(
          "what a power failure has torn is left out, and what is appended afterwards is found "
          "(laws "
          "2, 4)");
      SimulatedDisk disk(Random(seed), slow());
      const std::string torn = record("torn", kSeveralPages);
      Texts found;
      {
        Opened first = opened(disk);
        if (!first.status.ok()) return;
        append_all(*first.journal, {record("a"), record("b")});
        cut_after(disk, 1500us, [&] { static_cast<void>(first.journal->append(torn).ok()); });
      }

      Opened second = opened(disk);
      Texts wanted = {record("a"), record("b")};
      if (second.found.size() == 3) wanted.push_back(torn);
      const bool right = second.status.ok() && second.found == wanted;
      const Texts more = {record("c"), record("d", kSeveralPages)};
      if (right) append_all(*second.journal, more);
      second.journal.reset();
      disk.crash();
      const Opened third = opened(disk);
      wanted.insert(wanted.end(), more.begin(), more.end());

      must_hold(law, right && third.status.ok() && third.found == wanted,
                "a and b are acknowledged; the power fails in the sync of a third record\n"
                "the next program {}, and appends c and d\nafter another cut the journal {}",
                second.in_words(), third.in_words());
    });
  });
}

/// A journal of five records, each in a batch of its own; the third has several pages.
Texts make_five(SimulatedDisk& disk) {
  Texts records = {record("a"), record("b"), record("c", kSeveralPages), record("d"), record("e")};
  Opened first = opened(disk);
  if (first.status.ok()) append_all(*first.journal, records);
  return records;
}

/// What is not as the header says, in a file with these records, each in a batch of its own; nothing when all is.
std::string misplaced(std::string_view file, const Texts& records) {
  constexpr std::size_t kChecksum = 8;
  constexpr std::size_t kHead = 16;
  std::size_t place = 0;
  for (const std::string& each : records) {
    const std::size_t length = 8 + each.size();
    const std::size_t end = place + (kHead + length + kPage - 1) / kPage * kPage;
    const std::string where =
        fmt::format("the batch of {} belongs to bytes {} to {}", names({each}), place, end);
    if (file.size() < end) return fmt::format("{}, and the file has {}", where, file.size());
    if (const std::uint64_t found = get(file, place + kChecksum); found != length)
      return fmt::format("{}; its length should be {}, and is {}", where, length, found);
    const std::size_t other = file.substr(0, end).find_first_not_of('\0', place + kHead + length);
    if (other != std::string_view::npos) return fmt::format("{}; byte {} is no zero", where, other);
    place = end;
  }
  return "";
}

TEST(SmallJournal, LaysOutItsFileAsTheHeaderSays) {
  in_virtual_time([] {
    const Claim law = announce(
        "a batch begins at a multiple of 4096 bytes, and is filled up with zeros to the next one");
    SimulatedDisk disk(Random(1));
    const Texts records = make_five(disk);

    const Result<std::string> file = read_whole(disk, "journal", 100'000);
    const std::string wrong =
        file.ok() ? misplaced(*file, records) : fmt::format("{}", file.status());

    must_hold(law, wrong.empty(), "records a to e, each acknowledged before the next one\n{}",
              wrong);
  });
}

/// Turns the bits of a byte that is there.
void damage(SimulatedDisk& disk, std::uint64_t at) {
  const auto file = disk.open("journal", Open::existing).value();
  const std::string byte = file->read(at, 1).value();
  ASSERT_TRUE(file->write(at, std::string(1, static_cast<char>(byte[0] ^ 0xFF))).ok());
  ASSERT_TRUE(file->sync().ok());
}

TEST(SmallJournal, IsNotShortenedByDamage) {
  in_virtual_time([] {
    const Claim law = announce(
        "a bad batch before a whole one is damage, not the end: it was acknowledged (law 5; "
        "Alagappan "
        "et al. 2018)");
    constexpr std::size_t kLast = 6 * kPage;  // where the last batch begins: 1 + 1 + 3 + 1 pages
    std::vector<std::uint64_t> places;
    for (const std::size_t batch : {0UL, kPage, 2 * kPage, 5 * kPage}) {
      for (std::size_t at = 0; at < 44; ++at) places.push_back(batch + at);
    }
    places.push_back(3 * kPage);
    places.push_back(4 * kPage + 100);

    for (const bool reopened : {false, true}) {
      for (const std::uint64_t at : places) {
        SimulatedDisk disk(Random(1));
        const Texts records = make_five(disk);
        if (reopened) static_cast<void>(opened(disk).status.ok());
        damage(disk, at);

        const Opened after = opened(disk);

        if (!must_hold(
                law,
                after.status.code() == Code::data_loss ||
                    (after.status.ok() && after.found == records),
                "batches of 1, 1, 3, 1 and 1 pages hold the records a to e, all acknowledged{}\n"
                "a disk has altered byte {} of the file; the last batch began at {}\n"
                "the journal {}",
                reopened ? "; it was opened again" : "", at, kLast, after.in_words())) {
          return;
        }
      }
    }
  });
}

TEST(SmallJournal, MakesDurableWhatItFinds) {
  for_each_seed(50, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      const Claim law = announce(
          "what open() has found is durable, also when it was found in memory alone (law 6; "
          "Rebello "
          "et al. 2020)");
      SimulatedDisk disk(Random(seed), slow());
      {
        Opened first = opened(disk);
        if (!first.status.ok()) return;
        append_all(*first.journal, {record("a"), record("b")});
        DiskFaults failing = slow();
        failing.sync_error = 1;
        disk.set_faults(failing);
        append_all(*first.journal, {record("c", kSeveralPages)});
        disk.set_faults(slow());
      }
      disk.restart();
      const Opened second = opened(disk);
      disk.crash();
      const Opened third = opened(disk);

      must_hold(law, second.status.ok() && third.status.ok() && third.found == second.found,
                "a and b are acknowledged, the sync of c fails, the program ends\n"
                "the next one opens the journal, and it {}\nthen the power fails, and it {}",
                second.in_words(), third.in_words());
    });
  });
}

TEST(SmallJournal, MayBeCutWhileItIsOpened) {
  for_each_seed(100, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      const Claim law = announce(
          "a power failure while the journal is opened loses nothing that was acknowledged (law "
          "1)");
      SimulatedDisk disk(Random(seed), slow());
      const Texts acknowledged = make_five(disk);
      for (int cut = 1; cut <= 12; ++cut) {
        disk.restart();
        cut_after(disk, cut * 500us, [&] {
          const Opened other = opened(disk);
          sleep_for(1s);
        });
      }

      const Opened after = opened(disk);

      must_hold(
          law, after.status.ok() && after.found == acknowledged,
          "records a to e are acknowledged; then the journal is opened twelve times, and each "
          "time the power fails, after 0.5, 1, 1.5 ... ms\nafterwards it {}\n"
          "What is being written when the power fails may be garbage, also where it was durable.",
          after.in_words());
    });
  });
}

TEST(SmallJournal, RefusesAWholeBatchWhenTheDiskIsFull) {
  for_each_seed(30, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      const Claim law = announce(
          "when the disk is full, all of a batch is refused, and none of it is ever found (laws 2, "
          "7)");
      Random random(seed);
      const bool goes_on = random.chance(0.5);
      DiskFaults roomy = slow();
      if (random.chance(0.5)) roomy.lost = roomy.torn = roomy.garbage = 0;  // all comes to the disk
      DiskFaults full = slow();
      full.capacity =
          kPage + 3 * (kPage + 500) + 100;  // a, and the other three without their zeros
      SimulatedDisk disk(Random(seed), slow());
      Texts acknowledged;
      Texts refused;
      Status small;
      {
        Opened first = opened(disk);
        if (!first.status.ok()) return;
        disk.set_faults(full);
        WaitGroup group;
        const auto add = [&](const std::string& each) {
          const Status status = first.journal->append(each);
          if (status.ok()) acknowledged.push_back(each);
          if (!status.maybe_executed()) refused.push_back(each);
          return status;
        };
        group.go([&] { static_cast<void>(add(record("a")).ok()); });
        for (const std::string_view name : {"b", "c", "d"}) {
          group.go([&, name] {
            sleep_for(500us);
            static_cast<void>(add(record(name, kPage + 500)).ok());
          });
        }
        group.wait();
        if (goes_on) small = add(record("e"));
      }
      disk.set_faults(roomy);
      disk.crash();
      const Opened after = opened(disk);
      const auto is_found = [&](const std::string& each) {
        return std::ranges::find(after.found, each) != after.found.end();
      };

      must_hold(law,
                after.status.ok() && acknowledged.size() + refused.size() == (goes_on ? 5 : 4) &&
                    std::ranges::all_of(acknowledged, is_found) &&
                    std::ranges::none_of(refused, is_found),
                "a is written; b, c and d come meanwhile, and there is no room for all of them{}\n"
                "acknowledged: {}; refused as not executed: {}\n"
                "then the power fails, and the journal {}",
                goes_on ? "; then comes e" : "", names(acknowledged), names(refused),
                after.in_words());
      must_hold("a disk that is full for a large batch may have room for a small one (law 7)",
                small.ok(), "three large records had no room; then a small one comes: {}", small);
    });
  });
}

TEST(SmallJournal, TakesNoMoreAfterAFailedSync) {
  for_each_seed(50, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      const Claim law = announce(
          "after a sync that has failed, nothing is acknowledged until the journal has been opened "
          "again (law 7)");
      SimulatedDisk disk(Random(seed), slow());
      Status failed;
      Status next;
      {
        Opened first = opened(disk);
        if (!first.status.ok()) return;
        append_all(*first.journal, {record("a")});
        DiskFaults failing = slow();
        failing.sync_error = 1;
        disk.set_faults(failing);
        disk.set_observer([&](std::string_view what, std::string_view, std::uint64_t) {
          if (what == "sync fails") disk.set_faults(slow());  // the first one alone
        });
        failed = first.journal->append(record("b", kSeveralPages));
        next = first.journal->append(record("c"));
      }
      disk.crash();
      const Opened after = opened(disk);

      must_hold(law, !failed.ok() && !next.ok() && after.status.ok(),
                "a is acknowledged; the sync of b fails, and append says {}\n"
                "the disk is well again; c is appended: {}\nthen the power fails: the journal {}",
                failed.code(), next.code(), after.in_words());
    });
  });
}

TEST(SmallJournal, TellsTheTruthInAllWeather) {
  for_each_seed(100, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      const Claim law = announce("all laws hold at once, in all weather");
      Random random(seed);
      DiskFaults faults{.latency_min = 10us, .latency_max = 2ms};
      if (random.chance(0.4)) faults.sync_error = 0.03;
      if (random.chance(0.3)) faults.write_error = 0.03;
      if (random.chance(0.3)) faults.capacity = random.between(30'000, 200'000);
      faults.torn = random.between(0U, 2U);
      faults.garbage = random.between(0U, 2U);
      SimulatedDisk disk(random.stream("disk"), faults);
      Texts last;  // found
      std::set<std::string> acknowledged;
      std::set<std::string> refused;
      std::string wrong;

      const auto check = [&](const Opened& after) {
        if (after.status.code() == Code::data_loss &&
            after.status.message().find("cannot ") == std::string::npos) {
          wrong = fmt::format("it says {}", after.status);  // where the disk says nothing
        }
        if (!after.status.ok()) return;
        const std::set<std::string> found(after.found.begin(), after.found.end());
        if (!std::ranges::includes(found, acknowledged)) wrong = "it lacks one it had acknowledged";
        if (found.size() != after.found.size()) wrong = "it has a record twice";
        if (after.found.size() < last.size() ||
            !std::equal(last.begin(), last.end(), after.found.begin())) {
          wrong = "it does not begin with what was found the last time";
        }
        std::map<std::string, int> numbers;  // of each writer
        for (const std::string& each : after.found) {
          if (refused.contains(each)) wrong = "it has one it had refused as not executed";
          if (std::ranges::count(each, 'n') != 1) continue;
          const std::size_t at = each.find('n');
          const int number = std::atoi(each.c_str() + at + 1);
          if (number <= numbers[each.substr(0, at)]) wrong = "it has two in the wrong order";
          numbers[each.substr(0, at)] = number;
        }
        last = after.found;
      };

      for (int life = 0; life < 8 && wrong.empty(); ++life) {
        GoroutineGroup machine("machine");
        machine.go([&] {
          const Opened now_open = opened(disk);
          check(now_open);
          if (!now_open.status.ok()) return;
          WaitGroup writers;
          for (int writer = 0; writer < 4; ++writer) {
            writers.go([&, writer] {
              for (int i = 1; i <= 30; ++i) {
                const std::string each =
                    record(fmt::format("{}w{}n{}", life, writer, i), random.below(6'000));
                const Status status = now_open.journal->append(each);
                if (status.ok()) acknowledged.insert(each);
                if (!status.maybe_executed()) refused.insert(each);
                sleep_for(random.between(0, 2000) * 1us);
              }
            });
          }
          writers.wait();
        });
        sleep_for(random.between(1, 40'000) * 1us);
        machine.end();
        random.chance(0.8) ? disk.crash() : disk.restart();
      }
      disk.set_faults({});
      if (wrong.empty()) check(opened(disk));

      must_hold(law, wrong.empty(),
                "eight lives with four writers, each ended by a power failure or a restart\n"
                "it was opened with {} records acknowledged; {}",
                acknowledged.size(), wrong);
    });
  });
}

}  // namespace
}  // namespace conclave
