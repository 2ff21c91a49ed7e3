/// @file  What the tests of disks and journals share.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "../01-goroutines/support.hpp"
#include "../03-rpc/folder.hpp"
#include "simulation/real_disk.hpp"
#include "simulation/simulated_disk.hpp"

namespace conclave {

/// Calls `body` with an empty disk of each world, in virtual time.
inline void on_both_disks(const std::function<void(Disk&)>& body) {
  in_virtual_time([&] {
    SCOPED_TRACE("on a simulated disk");
    SimulatedDisk disk(Random(1));
    body(disk);
  });
  in_virtual_time([&] {
    SCOPED_TRACE("in a real folder");
    const rpc::Folder folder;
    const auto disk = RealDisk::open_folder(folder.path(""));
    ASSERT_TRUE(disk.ok()) << disk.status();
    body(**disk);
  });
}

/// A file of that name, whether it was there or not.
inline std::unique_ptr<File> opened(Disk& disk, const std::string& name) {
  return disk.open(name, Open::any).value();
}

/// What is in a file, "(none)" when there is no such file.
inline std::string text_of(Disk& disk, const std::string& name) {
  const Result<std::string> text = read_whole(disk, name, std::size_t{1} << 24);
  if (text.status().code() == Code::not_found) return "(none)";
  return text.value();
}

/// A file with this text, all of it durable.
inline void make_durable(Disk& disk, const std::string& name, std::string_view text) {
  const auto file = opened(disk, name);
  ASSERT_TRUE(file->truncate(0).ok() && file->write(0, text).ok() && file->sync().ok() &&
              disk.sync_directory().ok());
}

}  // namespace conclave
