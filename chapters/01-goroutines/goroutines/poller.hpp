/// @file
/// Poller: where an idle processor waits in the kernel.
/// @internal
///
/// Laws
///  1. Waiting uses no processor time: one system call, however long it takes.
///  2. notify() ends the current wait(), or the next one if nobody waits.
#pragma once

#include "goroutines/clock.hpp"

namespace conclave::detail {

/// Where an idle processor waits in the kernel: an epoll with an eventfd in it.
class Poller {
 public:
  /// @throws Panic when the system has no descriptor for it
  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  /// Blocks this thread for at most `limit`, or until notify().
  void wait(Duration limit) noexcept;

  /// Ends the wait.  Call from any thread.
  void notify() noexcept;

 private:
  int epoll_;
  int event_;
};

}  // namespace conclave::detail
