/// @file
/// Disk: a folder of files, as a program sees it that wants to find its data again after the power has failed.
///
/// What stands above knows a disk by this alone: the machine's (real_disk.hpp), and one whose every promise is kept to the
/// letter and no further (simulated_disk.hpp).
///
/// Laws
///  1. What write() has written, read() sees at once, also through another File of the same name.  Durable it is only when a
///     sync() that began afterwards has returned ok: before, a crash may keep all of it, none, or any part.
///  2. When sync() fails, what had been written since the one before may be lost for ever, although read() still sees it
///     and the next sync() returns ok.  Do not try again: write it again, or give up.
///  3. That a name exists, is another file's, or is gone, is durable only when sync_directory() has returned ok.  After a
///     crash each change since the one before has happened or not, also a later one without an earlier one.
///     One sync_directory() that fails makes all that follow fail, until the folder is opened again: another one's changes may
///     have been lost with it.
///  4. rename() is one step: after a crash, too, the name is of the old file or of the new, each as far as law 1 keeps it.
///  5. An error has its code: not_found and already_exists for names, resource_exhausted when the disk is full,
///     data_loss when the device fails, permission_denied when we may not.
///
/// Calls park the goroutine while the disk works; one goroutine's calls take effect in its order.  A File lives no longer
/// than its Disk.  One process has a folder at a time.
/// Source: POSIX.1-2017, fsync(2) and rename(2); Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014; Rebello
/// et al., "Can Applications Recover from fsync Failures?", ATC 2020 (law 2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.hpp"

namespace conclave {

/// A file that is open.  Its name may meanwhile become another file's, or be removed.
class File {
 public:
  virtual ~File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// Up to `count` bytes from `offset`; fewer only where the file ends, none behind its end.
  /// @return data_loss when the device cannot read them
  virtual Result<std::string> read(std::uint64_t offset, std::size_t count) = 0;

  /// Writes at `offset`, over what is there; a gap before it reads as zeros.
  /// @return resource_exhausted or data_loss, and then any part may have been written
  virtual Status write(std::uint64_t offset, std::string_view bytes) = 0;

  /// Makes the file's bytes and size durable (laws 1 and 2).
  virtual Status sync() = 0;

  /// Cuts the file off, or adds zeros; durable as a write is.
  virtual Status truncate(std::uint64_t size) = 0;

  /// Its size in bytes.
  virtual Result<std::uint64_t> size() = 0;

 protected:
  File() = default;
};

/// Whether a file must be there already.
enum class Open {
  existing,  ///< not_found when it is not
  fresh,     ///< already_exists when it is
  any,       ///< it is created when it is not
};

/// A folder of files, and nothing else.
class Disk {
 public:
  virtual ~Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  /// Opens a file to read and write.
  /// @return not_found, already_exists; invalid_argument when check_name() says so
  virtual Result<std::unique_ptr<File>> open(const std::string& name, Open how) = 0;

  /// Gives the file `from` the name `to`; a file that had it has it no longer.
  virtual Status rename(const std::string& from, const std::string& to) = 0;

  /// Takes the name away; the file is gone when nobody has it open.
  virtual Status remove(const std::string& name) = 0;

  /// All names, in their order as bytes.
  virtual Result<std::vector<std::string>> list() = 0;

  /// Makes names durable (law 3).
  virtual Status sync_directory() = 0;

 protected:
  Disk() = default;
};

/// Whether a file may be called so: 1 to 255 bytes, without '/' and '\0', and neither "." nor "..".
/// @return invalid_argument
Status check_name(std::string_view name);

/// The whole of a file.  Parks while the disk works.
/// @return not_found; resource_exhausted when it is larger than `bytes_max`
Result<std::string> read_whole(Disk& disk, const std::string& name, std::size_t bytes_max);

/// Replaces the whole of a file, or makes it: after a crash it is the old one or the new one, and after ok the new one.
/// It is written under `name`.new first, which a failure removes as far as it can.  Parks while the disk works.
Status write_whole(Disk& disk, const std::string& name, std::string_view bytes);

}  // namespace conclave
