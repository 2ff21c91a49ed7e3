/// @file
/// Files on which trust rests: read whole or not at all, with who else may touch them.
/// @internal
#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>

#include "common/result.hpp"

namespace conclave::rpc::detail {

/// What a file held when it was read.
struct GuardedFile {
  std::string text;
  mode_t mode = 0;  ///< its permissions
};

/// Reads a regular file of at most `bytes_max`.
/// @return not_found; permission_denied; invalid_argument for what is no file, or a longer one
Result<GuardedFile> read_file(const std::string& path, std::size_t bytes_max);

/// Writes a file that is not there yet; a failure leaves none.
/// @return already_exists
Status create_file(const std::string& path, const std::string& text, mode_t mode);

}  // namespace conclave::rpc::detail
