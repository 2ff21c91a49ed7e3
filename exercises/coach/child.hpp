/// @file
/// Child: a program that is run for a goroutine, which waits while the others go on.
///
/// Laws
///  1. When run_child() returns, the program is gone, with every process of its group.
///  2. It waits by event: for the output, for the end, for the context.
///  3. What is kept of the output is bounded, and says how much was left out.
///  4. A context that ends sends SIGTERM to the group, so that a build can tidy up, and SIGKILL a second later.
///
/// One child at a time: what it leaves behind becomes ours, and is waited for.
/// Call from a goroutine.  Source: Linux, pidfd_open(2), setpgid(2), PR_SET_CHILD_SUBREAPER(2const).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/context.hpp"
#include "goroutines/clock.hpp"

namespace conclave::coach {

/// How much of a program's output is kept: of its beginning.
inline constexpr std::size_t kOutputBytesMax = 64 * 1024;

/// A program to run.
struct Command {
  std::vector<std::string> words;        ///< the program's path, and its arguments
  std::vector<std::string> environment;  ///< what is added to ours, as in NAME=value
};

/// Hears all that was printed so far, each time there is more of it.  May park.
using Listener = std::function<void(std::string_view)>;

/// How it ended, and what it printed.
struct Ending {
  /// What made it end.
  enum class How {
    exited,       ///< by itself: `status` is its exit status
    signalled,    ///< by a signal: `status` is its number
    timed_out,    ///< its context's deadline came
    cancelled,    ///< its context was cancelled
    not_started,  ///< it never began: `status` is the errno
  };

  How how = How::exited;
  int status = 0;
  std::string output{};  ///< standard output and error, in order

  /// Whether it ended by itself, with this status.
  [[nodiscard]] bool exited_with(int wanted) const {
    return how == How::exited && status == wanted;
  }
};

/// Runs the program, with an empty standard input, until it ends or `context` does.  Parks meanwhile.
/// @param listener  hears the output as it comes; may be empty
[[nodiscard]] Ending run_child(const Command& command, const Context& context,
                               const Listener& listener = {});

}  // namespace conclave::coach
