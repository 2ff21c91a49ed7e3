#include "save.hpp"

#include <memory>

#include "common/result.hpp"

namespace conclave {

namespace {

const std::string kFile = "config";
const std::string kUnfinished = "config.new";

/// The new file under a name that nobody reads.
Status write_durably(Disk& disk, const std::string& config) {
  const Result<std::unique_ptr<File>> file = disk.open(kUnfinished, Open::any);
  if (!file.ok()) return file.status();
  if (Status failed = (*file)->truncate(0); !failed.ok()) return failed;
  if (Status failed = (*file)->write(0, config); !failed.ok()) return failed;
  return (*file)->sync();
}

}  // namespace

Status save(Disk& disk, const std::string& config) {
  if (Status failed = write_durably(disk, config); !failed.ok()) {
    static_cast<void>(disk.remove(kUnfinished).ok());
    return failed;
  }
  if (Status failed = disk.rename(kUnfinished, kFile); !failed.ok()) return failed;
  return disk.sync_directory();
}

}  // namespace conclave
