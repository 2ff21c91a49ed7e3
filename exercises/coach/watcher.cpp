#include "coach/watcher.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "goroutines/goroutines.hpp"

namespace conclave::coach {

namespace {

using std::chrono_literals::operator""s;

constexpr auto kPollEvery = 1s;

std::string folder_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

/// Whether files of this folder may change without this kernel's knowledge.
bool is_elsewhere(const std::string& folder) {
  constexpr std::array<std::uint32_t, 7> kElsewhere{
      NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
      FUSE_SUPER_MAGIC, V9FS_MAGIC,      0x786f4256 /* vboxsf */};
  struct statfs info{};
  return statfs(folder.c_str(), &info) == 0 &&
         std::ranges::find(kElsewhere, static_cast<std::uint32_t>(info.f_type)) != kElsewhere.end();
}

}  // namespace

Watcher::Watcher(bool poll) {
  if (poll) {
    polling_ = "CONCLAVE_POLL is set";
    return;
  }
  kernel_ = Descriptor(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!kernel_) polling_ = fmt::format("inotify: {}", std::strerror(errno));
}

void Watcher::watch(const std::vector<std::string>& files) {
  const std::scoped_lock lock(mutex_);
  const std::map<std::string, Stamp> before = std::exchange(files_, {});
  for (const std::string& file : files) {
    const auto known = before.find(file);
    files_[file] = known != before.end() ? known->second : stamp_of(file).value_or(Stamp{});
  }
  watch_folders();
}

void Watcher::settle(const std::vector<std::string>& files) {
  const std::scoped_lock lock(mutex_);
  for (const std::string& file : files) {
    if (const auto known = files_.find(file); known != files_.end())
      known->second = stamp_of(file).value_or(Stamp{});
  }
  std::vector<std::string> waiting = saves_.try_recv().value.value_or(std::vector<std::string>{});
  std::erase_if(waiting, [&](const std::string& file) {
    return std::ranges::find(files, file) != files.end();
  });
  report(std::move(waiting));
}

std::string Watcher::polling() const {
  const std::scoped_lock lock(mutex_);
  return polling_;
}

void Watcher::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const int kernel = kernel_.get();
    lock.unlock();
    const Status status = kernel >= 0 ? wait_readable(kernel) : Status();
    if (kernel < 0) sleep_for(kPollEvery);
    lock.lock();
    if (!status.ok() && kernel_) poll_because(std::string(status.message()));
    if (status.ok() && kernel_) take_events();
    look();
  }
}

/// Reads what the kernel has told.
void Watcher::take_events() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  bool lost = false;  // a folder went, or events did
  for (ssize_t bytes = 0; (bytes = read(kernel_.get(), buffer.data(), buffer.size())) > 0;) {
    for (const char* at = buffer.data(); at < buffer.data() + bytes;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      const bool is_ours = std::ranges::find(folders_, event.wd) != folders_.end();
      lost = lost || ((event.mask & (IN_IGNORED | IN_Q_OVERFLOW | IN_MOVE_SELF)) != 0 &&
                      (is_ours || event.wd < 0));
      at += sizeof event + event.len;
    }
  }
  if (lost) watch_folders();
}

void Watcher::watch_folders() {
  if (!kernel_) return;
  for (const int folder : std::exchange(folders_, {})) inotify_rm_watch(kernel_.get(), folder);
  std::set<std::string> folders;
  for (const auto& [file, stamp] : files_) folders.insert(folder_of(file));
  for (const std::string& folder : folders) {
    if (is_elsewhere(folder))
      return poll_because(fmt::format("{} lies on another machine", folder));
    const int added =
        inotify_add_watch(kernel_.get(), folder.c_str(),
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MOVE_SELF | IN_ONLYDIR);
    if (added < 0)
      return poll_because(fmt::format("inotify: {}: {}", folder, std::strerror(errno)));
    folders_.push_back(added);
  }
}

void Watcher::poll_because(std::string reason) {
  polling_ = std::move(reason);
  folders_.clear();
  kernel_.close();  // whoever waits for it wakes
}

void Watcher::look() {
  std::vector<std::string> saved;
  for (auto& [file, known] : files_) {
    const std::optional<Stamp> stamp = stamp_of(file);
    if (!stamp || *stamp == known) continue;
    known = *stamp;
    saved.push_back(file);
  }
  report(std::move(saved));
}

/// Has them received, together with those that nobody has received yet.
void Watcher::report(std::vector<std::string> saved) {
  if (saved.empty()) return;
  for (std::string& file : saves_.try_recv().value.value_or(std::vector<std::string>{})) {
    if (std::ranges::find(saved, file) == saved.end()) saved.push_back(std::move(file));
  }
  (void)saves_.try_send(std::move(saved));  // there is room: nobody else sends
}

std::optional<Watcher::Stamp> Watcher::stamp_of(const std::string& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) return std::nullopt;
  return Stamp{.number = info.st_ino,
               .time_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
               .bytes = info.st_size};
}

}  // namespace conclave::coach
