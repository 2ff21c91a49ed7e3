/// @file
/// code_of: what a system call's error number means, as a code.
///
/// Laws
///  1. It says what can be done about an error, not which call has failed: the message does.
///  2. A number that is not listed is `unknown`.
///
/// Call from anywhere.  Source: POSIX.1-2017, <errno.h>.
#pragma once

#include "common/status.hpp"

namespace conclave {

/// The code of an error number of the system, for errors of files.
/// @pre `error` is not 0
[[nodiscard]] Code code_of(int error);

}  // namespace conclave
