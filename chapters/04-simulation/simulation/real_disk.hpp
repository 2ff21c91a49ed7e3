/// @file
/// RealDisk: a folder of this machine.
///
/// Laws
///  1. Those of disk.hpp, as far as the file system and the device keep them.  A device that says it has written what it has
///     not, nobody can help.
///  2. No call blocks the thread: each runs on a helper (blocking.hpp), and the goroutine parks.
///  3. A folder is one process's: a second one is told so, until the first has closed it or died.
///
/// Source: POSIX.1-2017, pread(2), pwrite(2), fdatasync(2), rename(2); Linux, flock(2).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "goroutines/descriptor.hpp"
#include "goroutines/mutex.hpp"
#include "simulation/disk.hpp"

namespace conclave {

/// A folder of this machine.
class RealDisk final : public Disk {
 public:
  /// Opens the folder, which is there, for this process alone.
  /// @return not_found; permission_denied; failed_precondition when a process has it
  static Result<std::unique_ptr<RealDisk>> open_folder(const std::string& path);

  Result<std::unique_ptr<File>> open(const std::string& name, Open how) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& name) override;
  Result<std::vector<std::string>> list() override;
  Status sync_directory() override;

 private:
  RealDisk(std::string path, Descriptor folder);

  const std::string path_;
  const Descriptor folder_;
  Mutex syncs_;          // one at a time: the kernel tells an error only once
  Status names_failed_;  // the first error of a sync_directory()
};

}  // namespace conclave
