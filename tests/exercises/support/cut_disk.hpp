/// @file
/// A disk whose power fails before a step of the program's, for the tests of exercises about what survives.
///
/// Laws
///  1. Every call of the program is a step, with a sentence of its own; it goes to a SimulatedDisk.
///  2. At the step that was chosen the power fails: PowerCut is thrown instead, and whatever the program still calls while it is
///     unwound does nothing.
///  3. After kStepsMax steps StillGoing is thrown: who tries again for ever is told so.
///
/// Call from a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "simulation/simulated_disk.hpp"

namespace conclave {

/// The power has failed.
struct PowerCut {};

/// The program has asked the disk too often.
struct StillGoing {};

/// A disk that counts steps.
class CutDisk final : public Disk {
 public:
  static constexpr std::size_t kNever = 0;
  static constexpr std::size_t kStepsMax = 1000;

  /// What happens to which step.
  struct Plan {
    std::size_t cut_before = kNever;  ///< the step, from 1, in whose place the power fails
    std::size_t failing_sync =
        kNever;  ///< which of the syncs fails, of files and of the folder, from 1
  };

  /// @param disk     outlives this one
  /// @param faults   those of `disk`
  CutDisk(SimulatedDisk& disk, const DiskFaults& faults, Plan plan)
      : disk_(disk), faults_(faults), plan_(plan) {}

  Result<std::unique_ptr<File>> open(const std::string& name, Open how) override {
    if (Status off = step(fmt::format("open {}", name)); !off.ok()) return off;
    Result<std::unique_ptr<File>> file = disk_.open(name, how);
    if (!file.ok()) return told(file.status());
    return std::unique_ptr<File>(std::make_unique<Cut>(*this, name, std::move(*file)));
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (Status off = step(fmt::format("rename {} to {}", from, to)); !off.ok()) return off;
    return told(disk_.rename(from, to));
  }
  Status remove(const std::string& name) override {
    if (Status off = step(fmt::format("remove {}", name)); !off.ok()) return off;
    return told(disk_.remove(name));
  }
  Result<std::vector<std::string>> list() override {
    if (Status off = step("list the folder"); !off.ok()) return off;
    return disk_.list();
  }
  Status sync_directory() override {
    if (Status off = step("sync the folder"); !off.ok()) return off;
    return synced([&] { return disk_.sync_directory(); });
  }

  /// The steps so far, in a line.
  [[nodiscard]] std::string steps() const {
    return steps_.empty() ? "none" : fmt::format("{}", fmt::join(steps_, "; "));
  }
  [[nodiscard]] std::size_t step_count() const { return steps_.size(); }
  /// How many syncs there were, of files and of the folder.
  [[nodiscard]] std::size_t sync_count() const { return syncs_; }

 private:
  class Cut final : public File {
   public:
    Cut(CutDisk& disk, std::string name, std::unique_ptr<File> file)
        : disk_(disk), name_(std::move(name)), file_(std::move(file)) {}

    Result<std::string> read(std::uint64_t offset, std::size_t count) override {
      if (Status off = disk_.step(fmt::format("read {}", name_)); !off.ok()) return off;
      return file_->read(offset, count);
    }
    Status write(std::uint64_t offset, std::string_view bytes) override {
      const std::string what =
          fmt::format("write bytes {} to {} of {}", offset, offset + bytes.size(), name_);
      if (Status off = disk_.step(what); !off.ok()) return off;
      return disk_.told(file_->write(offset, bytes));
    }
    Status sync() override {
      if (Status off = disk_.step(fmt::format("sync {}", name_)); !off.ok()) return off;
      return disk_.synced([&] { return file_->sync(); });
    }
    Status truncate(std::uint64_t size) override {
      if (Status off = disk_.step(fmt::format("truncate {} to {}", name_, size)); !off.ok())
        return off;
      return disk_.told(file_->truncate(size));
    }
    Result<std::uint64_t> size() override {
      if (Status off = disk_.step(fmt::format("ask for the size of {}", name_)); !off.ok())
        return off;
      return file_->size();
    }

   private:
    CutDisk& disk_;
    const std::string name_;
    const std::unique_ptr<File> file_;
  };

  /// @return unavailable when the power is off already
  Status step(std::string what) {
    if (off_) return Status::unavailable("the power is off");
    if (steps_.size() + 1 == plan_.cut_before) {
      off_ = true;
      steps_.emplace_back("THE POWER FAILS");
      throw PowerCut();
    }
    if (steps_.size() == kStepsMax) throw StillGoing();
    steps_.push_back(std::move(what));
    return {};
  }

  Status told(Status status) {
    if (!status.ok()) steps_.back() += fmt::format(" ({})", status.code());
    return status;
  }

  template <class Sync>
  Status synced(const Sync& sync) {
    DiskFaults faults = faults_;
    if (++syncs_ == plan_.failing_sync) faults.sync_error = 1;
    disk_.set_faults(faults);
    Status status = sync();
    disk_.set_faults(faults_);
    return told(std::move(status));
  }

  SimulatedDisk& disk_;
  const DiskFaults faults_;
  const Plan plan_;
  std::vector<std::string> steps_;
  std::size_t syncs_ = 0;
  bool off_ = false;
};

}  // namespace conclave
