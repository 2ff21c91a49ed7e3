/// @file
/// What a test in its child process tells the parent: what it is about to show, failures, a skip, its seed, a remark,
/// and that it came to its end.
///
/// The parent cannot see into the child, so the child says it before it dies.
///
/// Laws
///  1. An entry is sent at once, so that it survives a crash that follows.
///  2. Only the process that opened the journal writes to it: a process that the test forks cannot
///     speak for the test.
///  3. Bytes that are no journal end the reading and break nothing.
///
/// Write in the child, from any thread; read in the parent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <sys/types.h>

namespace conclave::isolation {

/// One thing told.
struct Entry {
  /// What is told.
  enum class Kind : char {
    claim =
        'C',  ///< what the test shows from here on: its place and sentence; an empty one takes it back
    failure = 'F',   ///< an assertion failed: its place and text
    remark = 'N',    ///< what is worth knowing of a test that passes
    skip = 'S',      ///< the test was skipped: its place and reason
    seed = 'R',      ///< the seed in use from here on, as a decimal number
    finished = 'E',  ///< the test, its fixture and its environment ended by themselves
  };

  Kind kind;          ///< what is told
  std::string place;  ///< `file:line`, or empty
  std::string text;   ///< what it says

  bool operator==(const Entry&) const = default;  ///< Whether all three are equal.
};

/// The child's end of the journal.
class Journal {
 public:
  /// Opens the journal of this process; `descriptor` is the writing end of a pipe.
  static void open(int descriptor);
  /// The journal of this process; null when none was opened here.
  static Journal* current();

  /// Sends one entry.  Blocks while the pipe is full.  A text is cut after 8 KiB.
  void write(Entry entry) const;

 private:
  Journal(int descriptor, pid_t owner) : descriptor_(descriptor), owner_(owner) {}

  int descriptor_;
  pid_t owner_;
};

/// The bytes of one entry.
std::string encode(const Entry& entry);
/// The entries in `bytes`, up to the first that is incomplete.
std::vector<Entry> decode(std::string_view bytes);

/// Remembers the seed in use, and writes it to the journal if one is open.
void note_seed(std::uint64_t seed);
/// The seed noted last in this process.
std::optional<std::uint64_t> noted_seed();

}  // namespace conclave::isolation
