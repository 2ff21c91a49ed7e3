/// @file
/// SimulatedDisk: a disk in memory that keeps its promises to the letter and no further.
///
/// Laws
///  1. Those of disk.hpp.
///  2. crash() is a power failure: of each page of 4 KiB written since the last sync, one of four things is on the disk
///     afterwards, each with its weight: the new bytes, the old, a part of each, torn at a multiple of 512 bytes, or
///     garbage in one such sector.  Of the changes of names since the last sync_directory() each has happened or not.
///  3. restart() is the end of a program on a machine that goes on: the page cache stays.  A File that was open before it, or
///     before a crash, does nothing any more: each of its calls returns unavailable.
///  4. A failed sync() has written any of the pages, and forgets that the others must be: the next one does not write them.
///  5. A fault that is on happens with its probability; counters() tells how often it has.
///  6. Everything that is left to chance is drawn from the Random that the disk was made with.
///
/// Calls take the time that the latencies say, during which the goroutine sleeps and crash() may come; a sync() makes
/// durable what was written when it began.
/// Call from any goroutine of one run().
/// Source: Pillai et al., OSDI 2014, §3 (abstract persistence model); Rebello et al., ATC 2020, §3 (pages are clean after a
/// failed fsync); TigerBeetle, testing/storage.zig (faults drawn from a seed).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/random.hpp"
#include "goroutines/clock.hpp"
#include "simulation/disk.hpp"

namespace conclave {

/// What a disk may do wrong, and how often.
struct DiskFaults {
  double read_error = 0;   ///< of a read: data_loss
  double write_error = 0;  ///< of a write: data_loss, and any part of it is written
  double sync_error = 0;   ///< of a sync: data_loss (law 4)
  double bit_rot = 0;      ///< of a read: one bit of what it sees is turned, on the disk
  /// How many bytes all files may have; a write that would make them more is cut off there: resource_exhausted.
  std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max();

  Duration latency_min{};  ///< of a read, a write and a sync
  Duration latency_max{};

  /// What becomes of a page at a crash, with which weight.  One of the four at least is not 0.  A change of a name or of a
  /// size is undone with the weight of `lost`.
  /// @{
  unsigned kept = 1;
  unsigned lost = 1;
  unsigned torn = 1;
  unsigned garbage = 1;
  /// @}
};

/// How often each fault has happened, and what they could happen to.
struct DiskCounters {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t read_errors = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t sync_errors = 0;
  std::uint64_t bits_turned = 0;
  std::uint64_t full = 0;  ///< writes that found no room
  std::uint64_t late = 0;  ///< calls that took more than a millisecond
  std::uint64_t crashes = 0;
  std::uint64_t pages_kept = 0;  ///< at crashes
  std::uint64_t pages_lost = 0;
  std::uint64_t pages_torn = 0;
  std::uint64_t pages_garbled = 0;
  std::uint64_t names_kept = 0;  ///< changes of names, at crashes
  std::uint64_t names_lost = 0;

  /// Whether all are equal.
  bool operator==(const DiskCounters&) const = default;
};

/// A disk in memory that fails on purpose.
class SimulatedDisk final : public Disk {
 public:
  /// An empty disk.
  explicit SimulatedDisk(Random random, DiskFaults faults = {});
  ~SimulatedDisk() override;

  Result<std::unique_ptr<File>> open(const std::string& name, Open how) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& name) override;
  Result<std::vector<std::string>> list() override;
  Status sync_directory() override;

  /// The power fails (law 2), and is back.  Does not block.
  void crash();

  /// The program ends, and another one opens the folder (law 3).  Does not block.
  void restart();

  /// From now on other faults.  Does not block.
  void set_faults(const DiskFaults& faults) { faults_ = faults; }

  /// Has `observer` told what happens: "write", "votes", and a checksum of what was written.  It must not park.
  using Observer =
      std::function<void(std::string_view what, std::string_view name, std::uint64_t checksum)>;
  void set_observer(Observer observer) { observer_ = std::move(observer); }

  /// How many bytes all files have that have a name.
  [[nodiscard]] std::uint64_t used() const;

  /// What has happened so far.
  [[nodiscard]] const DiskCounters& counters() const noexcept { return counters_; }

 private:
  struct Inode;
  class Handle;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  /// One change of the names since the last sync_directory().
  struct Change {
    std::string removed;  // this name is of nobody, unless empty
    std::string set;      // and this one of `to`, unless empty
    std::shared_ptr<Inode> to;
    std::uint64_t number = 0;
  };

  void change(Change change);
  static void apply(const Change& change, Names& names);
  void crash_inode(Inode& inode);
  void crash_page(Inode& inode, std::uint64_t page);
  void takes_time();
  void tell(std::string_view what, std::string_view name, std::uint64_t checksum = 0) const {
    if (observer_) observer_(what, name, checksum);
  }

  Random random_;
  DiskFaults faults_;
  DiskCounters counters_;
  Observer observer_;
  Names names_;          // as everybody sees them
  Names durable_names_;  // as a crash would leave them, but for
  std::deque<Change> changes_;
  std::uint64_t changes_made_ = 0;
  Status names_failed_;      // the first error of a sync_directory()
  std::uint64_t boots_ = 0;  // of the program; a handle of an earlier one does nothing
};

}  // namespace conclave
