// Each save has a file with a name of its own, and removes those that earlier ones have left.
#include <memory>

#include <fmt/format.h>

#include "common/result.hpp"
#include "save.hpp"

namespace conclave {

namespace {

/// Removes every file but "config".
Status tidy_up(Disk& disk) {
  const Result<std::vector<std::string>> names = disk.list();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (name == "config") continue;
    if (Status failed = disk.remove(name); !failed.ok()) return failed;
  }
  return {};
}

}  // namespace

Status save(Disk& disk, const std::string& config) {
  if (Status failed = tidy_up(disk); !failed.ok()) return failed;
  const std::string name = fmt::format("config of {} bytes", config.size());
  const Result<std::unique_ptr<File>> file = disk.open(name, Open::fresh);
  if (!file.ok()) return file.status();
  Status done = (*file)->write(0, config);
  if (done.ok()) done = (*file)->sync();
  if (done.ok()) done = disk.rename(name, "config");
  if (!done.ok()) {
    static_cast<void>(tidy_up(disk).ok());
    return done;
  }
  return disk.sync_directory();
}

}  // namespace conclave
