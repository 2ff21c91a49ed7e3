/// @file
/// Saving: what many have changed is written down once for all of them.
///
/// Laws
///  1. One save at a time: one that is overtaken would undo what the later one has written.
///  2. save() returns ok only when all that was changed before it was called has been written down.
///  3. Who has waited for its turn finds, as a rule, that the one before has written for it, too (group commit).
///
/// Call from any goroutine of one run().
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "common/status.hpp"
#include "goroutines/mutex.hpp"

namespace conclave::rpc {

/// Knows what is still to be written down.
class Saving {
 public:
  /// Sets what writes everything down; without it, nothing has to be.
  void set(std::function<Status()> write) { write_ = std::move(write); }

  /// Says that something has changed.
  void changed() { ++changes_; }

  /// Whether everything is written down.
  [[nodiscard]] bool is_done() const { return !write_ || saved_ == changes_; }

  /// Has everything written down.  Parks for its turn, and as `write` does.
  /// @return ok; unavailable when it could not be written
  Status save();

 private:
  std::function<Status()> write_;
  std::uint64_t changes_ = 0;  // so far
  std::uint64_t saved_ = 0;    // how many of them are written down
  Mutex writing_;
};

}  // namespace conclave::rpc
