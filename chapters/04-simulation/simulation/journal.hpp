/// @file
/// Journal: records that are found again, in order, whenever the power fails.
///
///     Recovered found;
///     Result<std::unique_ptr<Journal>> journal = Journal::open(disk, "votes", found);
///     for (const std::string& record : found.records) machine.apply(record);
///     ...
///     Result<std::uint64_t> index = (*journal)->append(record);   // durable when it is ok
///
/// Laws
///  1. A record whose append() returned ok is there after every crash, and so are all with a smaller index.
///  2. Recovery returns the records in the order of their indices, which have no gaps: those acknowledged, then perhaps some that
///     were not.  What it has returned is durable, as if it had been acknowledged.
///  3. Records that came while the disk was busy are written as one batch, with one sync: the next waits for the disk, not
///     for its turn (group commit).
///  4. A batch that a crash has torn, the last, is left out.  Damage before a batch that is whole is no torn end but
///     data_loss, as are missing files: a journal never gets shorter by itself.
///  5. A page that is durable is not written again: what tears a batch cannot hurt the one before.  So open() writes the last
///     batch once more, into a segment of its own: nobody knows whether it is durable when its sync may have failed.
///  6. When the disk is full, the batch is undone, its records are refused as not executed, and the journal goes on.
///     After any other error of a write, and after every one of a sync, it takes no records until it has been opened again.
///  7. save_snapshot() replaces the records up to an index by what a machine has made of them; after a crash there is the
///     old snapshot with all its records, or the new one.
///
/// What cannot be known: damage to the last batch alone, long after it was written, looks like a torn end.
///
/// Files, of a journal NAME; numbers are little-endian:
///
///     NAME.snapshot               checksum u64, magic "CNCLVS01", index u64, length u64, then the bytes
///     NAME.00000000000000000001   a segment: batches, from the record with that index to the one before the next segment's
///     a batch, at a multiple of 4096 bytes, filled up with zeros:
///         checksum u64            of all that follows, with the batch's place in the file as its seed
///         magic "CJ01", count u32, index u64 of its first record, length u64 of what follows
///         count times             length u32, bytes
///
/// Call from any goroutine of one run().
/// Source: Gray & Reuter, "Transaction Processing", §9.2 to 9.4 (logs, group commit); Alagappan et al., "Protocol-Aware Recovery
/// for Consensus-Based Storage", FAST 2018, §2 (damage is no torn end).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "goroutines/goroutines.hpp"
#include "simulation/disk.hpp"

namespace conclave {

/// The limits of a journal.
struct JournalOptions {
  std::uint64_t segment_bytes = std::uint64_t{16}
                                << 20;  ///< a segment that would get larger is followed by another
  std::size_t record_bytes_max = std::size_t{4} << 20;  ///< of one record
  std::size_t queue_bytes_max = std::size_t{16}
                                << 20;  ///< of records that wait for the disk, in all
};

/// What a journal held when it was opened.
struct Recovered {
  std::uint64_t through =
      0;  ///< index of the last record that the snapshot stands for; 0: there is none
  std::string snapshot{};            ///< what was made of them
  std::vector<std::string> records;  ///< those after it, from through + 1 on
  std::uint64_t torn_bytes = 0;      ///< how many bytes behind the last whole batch were left out
};

/// What a journal has done since it was opened.
struct JournalCounters {
  std::uint64_t records = 0;  ///< that are durable
  std::uint64_t batches = 0;  ///< in which they were written
  std::uint64_t undone = 0;   ///< batches for which there was no room
};

/// Records that are found again.
class Journal {
 public:
  /// Opens the journal, or begins one; leaves out a torn batch.  Parks while the disk works.
  /// The disk outlives the journal, and is asked by nobody else for files that begin with `name`.
  /// @return data_loss when it is damaged; invalid_argument when no file can be called so; the disk's errors
  static Result<std::unique_ptr<Journal>> open(Disk& disk, std::string name, Recovered& found,
                                               JournalOptions options = {});

  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  /// What waits is not written: close() first.
  ~Journal() = default;

  /// Appends a record.  Parks until it is durable.
  /// @return its index; invalid_argument for one that is too long; resource_exhausted when too much waits or the disk is
  ///   full; failed_precondition after an error (law 6) or close(); the disk's error, after which the record may be found again
  Result<std::uint64_t> append(std::string_view record);

  /// Replaces the records up to `through` by `snapshot`, and removes segments that only hold such.  Parks while the disk works.
  /// @return invalid_argument when there is no durable record `through`, or a later snapshot; the disk's errors
  Status save_snapshot(std::uint64_t through, std::string_view snapshot);

  /// Waits until what was appended is durable, and takes no more.
  void close();

  /// The index of the last durable record, also of one that a snapshot has replaced; 0: there was none.
  [[nodiscard]] std::uint64_t last_index() const noexcept { return next_index_ - 1; }

  /// What has happened so far.
  [[nodiscard]] const JournalCounters& counters() const noexcept { return counters_; }

 private:
  struct Append;
  using Batch = std::deque<std::shared_ptr<Append>>;

  Journal(Disk& disk, std::string name, JournalOptions options);

  Status recover(Recovered& found);
  Status recover_snapshot(Recovered& found);
  Status recover_segment(std::size_t number, Recovered& found);
  Status begin_segment(std::uint64_t first, const std::string& batch);

  Status remove_replaced();

  void write_batches();
  Status write(const Batch& batch);
  Status next_segment();
  Status undo(const Status& why);
  Status give_up(const Status& why);
  [[nodiscard]] std::string segment_name(std::uint64_t first) const;

  Disk& disk_;
  const std::string name_;
  const JournalOptions options_;
  JournalCounters counters_;

  std::vector<std::uint64_t> segments_;  // the first index of each
  std::unique_ptr<File> segment_;        // the last one, unless there is none yet
  std::uint64_t segment_bytes_ = 0;
  bool segment_is_named_ = true;  // durably
  std::uint64_t next_index_ = 1;
  std::uint64_t snapshot_through_ = 0;

  Status broken_;  // why it takes no more
  bool closed_ = false;
  bool writing_ = false;
  Batch queue_;
  std::size_t queued_bytes_ = 0;
  Mutex mutex_;
  Cond more_;  // to write
  Cond done_;  // a batch
  Mutex snapshots_;
  GoroutineGroup writer_;  // last: it is ended first
};

}  // namespace conclave
