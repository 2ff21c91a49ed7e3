// Syncs more than it must: the name of the unfinished file, too, and reads it again before it takes the old one's place.
#include <memory>

#include "common/result.hpp"
#include "save.hpp"

namespace conclave {

Status save(Disk& disk, const std::string& config) {
  static_cast<void>(disk.remove("next").ok());
  const auto attempt = [&]() -> Status {
    const Result<std::unique_ptr<File>> file = disk.open("next", Open::any);
    if (!file.ok()) return file.status();
    for (std::size_t at = 0; at < config.size(); at += 1000) {
      Status written = (*file)->write(at, config.substr(at, 1000));
      if (!written.ok()) return written;
    }
    Status synced = (*file)->sync();
    if (synced.ok()) synced = disk.sync_directory();
    if (!synced.ok()) return synced;
    const Result<std::string> text = (*file)->read(0, config.size() + 1);
    if (!text.ok()) return text.status();
    if (*text != config) return Status::data_loss("what was written is not what is there");
    return disk.rename("next", "config");
  };
  if (Status failed = attempt(); !failed.ok()) {
    static_cast<void>(disk.remove("next").ok());
    return failed;
  }
  return disk.sync_directory();
}

}  // namespace conclave
