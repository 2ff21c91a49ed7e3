#include "simulation/real_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/errno.hpp"
#include "goroutines/blocking.hpp"

namespace conclave {

namespace {

const char* what_to_do(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "make room, then go on";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n)";
    case EIO:
      return "the device fails: look into the kernel's log";
    default:
      return "";
  }
}

/// What a failed call means, as in `cannot write "votes.log": No space left on device`.
Status explain(int error, std::string_view what, std::string_view name) {
  return {code_of(error), fmt::format("cannot {} \"{}\": {}", what, name, std::strerror(error)),
          what_to_do(error)};
}

/// Runs a system call on a helper, again when a signal interrupts it.  @return its result, or -1 with errno
template <class Call>
auto retried(Call call) {
  return blocking([&] {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
  });
}

class RealFile final : public File {
 public:
  RealFile(std::string name, Descriptor fd) : name_(std::move(name)), fd_(std::move(fd)) {}

  Result<std::string> read(std::uint64_t offset, std::size_t count) override {
    std::string bytes(count, '\0');
    std::size_t done = 0;
    while (done < count) {
      const ssize_t got = retried([&] {
        return ::pread(fd_.get(), bytes.data() + done, count - done,
                       static_cast<off_t>(offset + done));
      });
      if (got < 0) return explain(errno, "read", name_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  Status write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = retried([&] {
        return ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      });
      if (put < 0) return explain(errno, "write", name_);
      offset += static_cast<std::uint64_t>(put);
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
  }

  // fdatasync(2) leaves out the times, and nothing that is needed to read the bytes back: the size is written.
  Status sync() override {
    if (retried([&] { return ::fdatasync(fd_.get()); }) == 0) return {};
    return explain(errno, "sync", name_);
  }

  Status truncate(std::uint64_t size) override {
    if (retried([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); }) == 0) return {};
    return explain(errno, "truncate", name_);
  }

  Result<std::uint64_t> size() override {
    struct stat about{};
    if (retried([&] { return ::fstat(fd_.get(), &about); }) != 0)
      return explain(errno, "stat", name_);
    return static_cast<std::uint64_t>(about.st_size);
  }

 private:
  const std::string name_;
  const Descriptor fd_;
};

/// The names in a folder, but for "." and "..".  @return 0, or -1 with errno
int read_names(int folder, std::vector<std::string>& names) {
  const int fd =
      ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // with an offset of its own
  DIR* const entries = fd < 0 ? nullptr : ::fdopendir(fd);
  if (entries == nullptr) {
    const Descriptor closed(fd);
    return -1;
  }
  errno = 0;
  while (const dirent* entry = ::readdir(entries)) {
    if (check_name(entry->d_name).ok()) names.emplace_back(entry->d_name);
  }
  const int error = errno;
  ::closedir(entries);
  errno = error;
  return error == 0 ? 0 : -1;
}

}  // namespace

RealDisk::RealDisk(std::string path, Descriptor folder)
    : path_(std::move(path)), folder_(std::move(folder)) {}

Result<std::unique_ptr<RealDisk>> RealDisk::open_folder(const std::string& path) {
  Descriptor folder(
      retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!folder) return explain(errno, "open the folder", path);
  if (retried([&] { return ::flock(folder.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return explain(errno, "lock the folder", path);
    return Status::failed_precondition(fmt::format("the folder \"{}\" is another process's", path),
                                       "end that process, or take another folder");
  }
  return std::unique_ptr<RealDisk>(new RealDisk(path, std::move(folder)));
}

Result<std::unique_ptr<File>> RealDisk::open(const std::string& name, Open how) {
  if (Status bad = check_name(name); !bad.ok()) return bad;
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
                    (how == Open::existing ? 0 : O_CREAT) | (how == Open::fresh ? O_EXCL : 0);
  Descriptor fd(retried([&] { return ::openat(folder_.get(), name.c_str(), flags, 0600); }));
  if (!fd) return explain(errno, "open", name);
  return std::unique_ptr<File>(std::make_unique<RealFile>(name, std::move(fd)));
}

Status RealDisk::rename(const std::string& from, const std::string& to) {
  for (const std::string& name : {from, to}) {
    if (Status bad = check_name(name); !bad.ok()) return bad;
  }
  if (retried([&] { return ::renameat(folder_.get(), from.c_str(), folder_.get(), to.c_str()); }) ==
      0) {
    return {};
  }
  return explain(errno, "rename", from);
}

Status RealDisk::remove(const std::string& name) {
  if (Status bad = check_name(name); !bad.ok()) return bad;
  if (retried([&] { return ::unlinkat(folder_.get(), name.c_str(), 0); }) == 0) return {};
  return explain(errno, "remove", name);
}

Result<std::vector<std::string>> RealDisk::list() {
  std::vector<std::string> names;
  if (blocking([&] { return read_names(folder_.get(), names); }) != 0)
    return explain(errno, "list", path_);
  std::ranges::sort(names);
  return names;
}

Status RealDisk::sync_directory() {
  const std::lock_guard one_at_a_time(syncs_);
  if (!names_failed_.ok()) return names_failed_;
  if (retried([&] { return ::fsync(folder_.get()); }) == 0) return {};
  return names_failed_ = explain(errno, "sync the folder", path_);
}

}  // namespace conclave
