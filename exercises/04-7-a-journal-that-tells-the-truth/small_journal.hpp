/// @file
/// Exercise 4.7: a journal in one file, which says what is true and nothing else.
///
/// Laws
///  1. A record whose append() returned ok is found after every power failure.
///  2. Records are found as they were appended, in the order in which their append() returned.  Others may be found that were
///     not acknowledged; none that was refused as not executed.
///  3. Records that come while the disk is busy are written together, with one sync; nobody waits for company (group commit).
///  4. What a power failure has torn at the end is left out, and disturbs nothing that is appended later.
///  5. Damage before a batch that is whole is not the end: open() says data_loss.
///  6. What open() has found is durable when it returns, in the batches in which it was.
///  7. When the disk is full, the whole batch is refused, as not executed, and the journal goes on.  After any other error it
///     takes no records until it has been opened again.
///
/// The file "journal" has batches, each at a multiple of 4096 bytes and filled up with zeros to the next one: what is durable
/// shares no page with what is being written, of which a sector may become garbage.  A batch:
///
///     checksum u64    of length and records, with the place of the batch in the file as its seed
///     length u64      of the records, in bytes
///     records         each: its length u64, its bytes
///
/// Call from any goroutine of one run().
/// Source: Gray & Reuter, "Transaction Processing", §9.2 to 9.4; Alagappan et al., FAST 2018, §2; Rebello et al., ATC 2020.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.hpp"
#include "simulation/disk.hpp"

namespace conclave {

/// Records that are found again.
class SmallJournal {
 public:
  /// Opens the journal, or begins one.  Parks while the disk works.  The disk outlives it.
  /// @param found   becomes its records
  /// @return data_loss when it is damaged (law 5); the disk's errors
  static Result<std::unique_ptr<SmallJournal>> open(Disk& disk, std::vector<std::string>& found);

  SmallJournal(const SmallJournal&) = delete;
  SmallJournal& operator=(const SmallJournal&) = delete;
  ~SmallJournal();

  /// Appends a record.  Parks until it is durable.
  /// @return ok; the disk's error, or that of an earlier one; not_executed() when it will never be found
  Status append(const std::string& record);

 private:
  struct State;  // yours to say, in small_journal.cpp
  explicit SmallJournal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Puts a number behind the bytes: eight more, the lowest first.
inline void put(std::string& bytes, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(number >> 8 * i & 0xFF);
}

/// The number in the eight bytes from `at` on.
/// @pre they are there
inline std::uint64_t get(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    number |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << 8 * i;
  }
  return number;
}

}  // namespace conclave
