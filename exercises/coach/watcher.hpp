/// @file
/// Watcher: says which of the files that are being edited has been saved.
///
/// Some editors write into the file, some write another one and rename it.  So the folders are watched, and what counts
/// is whether the file has changed since it was looked at last: its time, its size or its number.
///
/// Laws
///  1. A save is reported once, within a moment where the kernel tells (inotify), within a second where it does not.
///  2. What was there when watch() first named a file, or settle() did, is no save; neither is a file that goes, until it
///     is back.
///  3. Where the kernel cannot be asked, or does not know, as on a network's file system, it looks every second and says
///     why: polling().
///
/// Call from a goroutine.  Source: Linux, inotify(7).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "channels/channels.hpp"
#include "goroutines/descriptor.hpp"
#include "goroutines/mutex.hpp"

namespace conclave::coach {

/// Says which file has been saved.
class Watcher {
 public:
  /// A watcher of nothing.
  /// @param poll  whether to do without inotify
  explicit Watcher(bool poll);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Watches these files from now on, and no others; a save that was not reported yet still is.  Does not block.
  void watch(const std::vector<std::string>& files);
  /// What is in these files now is known.  Does not block.
  void settle(const std::vector<std::string>& files);

  /// Gets the file after a save; the files of saves that nobody has received yet come together.
  [[nodiscard]] RecvChan<std::vector<std::string>> saves() const { return saves_; }
  /// Why it looks every second; empty while the kernel tells.
  [[nodiscard]] std::string polling() const;

  /// Watches; parks, and never returns: it ends with run().
  void run();

 private:
  /// What tells one content of a file from another.
  struct Stamp {
    std::uint64_t number = 0;
    std::int64_t time_ns = 0;
    std::int64_t bytes = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  [[nodiscard]] static std::optional<Stamp> stamp_of(const std::string& file);

  void watch_folders();
  void poll_because(std::string reason);
  void look();
  void report(std::vector<std::string> saved);
  void take_events();

  mutable Mutex mutex_;  // guards the next four: the watcher's goroutine uses them, and who calls
  Descriptor kernel_;    // inotify; none while it polls
  std::vector<int> folders_;            // what it watches
  std::map<std::string, Stamp> files_;  // as they were when last looked at
  std::string polling_;
  Chan<std::vector<std::string>> saves_ = make_chan<std::vector<std::string>>(1);
};

}  // namespace conclave::coach
