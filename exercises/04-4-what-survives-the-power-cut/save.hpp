/// @file
/// Exercise 4.4: a file that is the old one or the new one, whenever the power fails.
///
/// Laws
///  1. When the power fails while save() is at work, at whatever step, the file "config" is afterwards whole: the one that was
///     there before, or the new one.  Where none was, there is none or the new one.
///  2. When save() has returned ok, it is the new one, after every power failure.
///  3. When save() has returned an error, it is the old one or the new one, after every power failure.
///  4. What an earlier save() has left behind when its power failed, or when it had no room, stands in nobody's way: when
///     save() has returned ok, or that the disk is full, there is no file but "config".
///
/// Source: POSIX.1-2017, fsync(2) and rename(2); Pillai et al., OSDI 2014; Rebello et al., ATC 2020 (failed syncs).
#pragma once

#include <string>

#include "common/status.hpp"
#include "simulation/disk.hpp"

namespace conclave {

/// Replaces the file "config" by one with this text, or makes it.  Parks while the disk works.
/// @return the disk's error, if it has one
Status save(Disk& disk, const std::string& config);

}  // namespace conclave
