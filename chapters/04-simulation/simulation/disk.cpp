#include "simulation/disk.hpp"

#include <utility>

#include <fmt/format.h>

namespace conclave {

namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::string_view kUnfinished = ".new";

/// What has been written so far is nobody's: a leftover is harmless, and the first error is the one to tell.
Status give_up(Disk& disk, const std::string& unfinished, Status why) {
  static_cast<void>(disk.remove(unfinished).ok());
  return why;
}

Status write_durably(Disk& disk, const std::string& name, std::string_view bytes) {
  Result<std::unique_ptr<File>> file = disk.open(name, Open::any);  // one that a crash has left
  if (!file.ok()) return file.status();
  if (Status cut = (*file)->truncate(0); !cut.ok()) return cut;
  if (Status written = (*file)->write(0, bytes); !written.ok()) return written;
  return (*file)->sync();
}

}  // namespace

Status check_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return Status::invalid_argument(
        fmt::format("\"{}\" is no name of a file: it has {} bytes, and want 1 to {}",
                    name.substr(0, kNameBytesMax), name.size(), kNameBytesMax));
  }
  if (name == "." || name == ".." || name.find('/') != std::string_view::npos ||
      name.find('\0') != std::string_view::npos) {
    return Status::invalid_argument(fmt::format("\"{}\" is no name of a file in this folder", name),
                                    "take one without '/', that is neither . nor ..");
  }
  return {};
}

Result<std::string> read_whole(Disk& disk, const std::string& name, std::size_t bytes_max) {
  Result<std::unique_ptr<File>> file = disk.open(name, Open::existing);
  if (!file.ok()) return file.status();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size.ok()) return size.status();
  if (*size > bytes_max) {
    return Status::resource_exhausted(
        fmt::format("\"{}\" has {} bytes, and at most {} are read", name, *size, bytes_max),
        "raise the limit, if the file is what it should be");
  }
  return (*file)->read(0, static_cast<std::size_t>(*size));
}

Status write_whole(Disk& disk, const std::string& name, std::string_view bytes) {
  const std::string unfinished = name + std::string(kUnfinished);
  if (Status bad = check_name(unfinished); !bad.ok()) return bad;
  if (Status written = write_durably(disk, unfinished, bytes); !written.ok()) {
    return give_up(disk, unfinished, std::move(written));
  }
  if (Status renamed = disk.rename(unfinished, name); !renamed.ok()) {
    return give_up(disk, unfinished, std::move(renamed));
  }
  return disk.sync_directory();
}

}  // namespace conclave
