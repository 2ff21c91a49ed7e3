/// @file
/// RunHandle: how other threads reach the goroutines of a run().
///
/// Goroutines live on the thread that called run(); everything in this library belongs to that thread, and nothing
/// of it may be used on another.  What another thread may do is hand a function over:
///
///     RunHandle handle;                                     // in a goroutine
///     std::thread keyboard([handle, &lines] {
///       for (std::string line; std::getline(std::cin, line);) {
///         if (!handle.post([&lines, line] { lines.send(line); }).ok()) return;
///       }
///     });
///
/// `lines`, a channel say, is captured by reference: to copy it is to use it, and that is for its own thread.  A thread
/// that may block for ever, as this one in getline, is to be detached; post() tells it that run() has ended.
/// On a VirtualClock, time does not wait for posts.
///
/// Laws
///  1. What was posted with status ok runs once, as a goroutine, unless run() ends before.
///  2. In Order::standard, posts of one thread start in the order in which they were made.
///  3. While a handle exists, somebody outside may still post: waiting for that is no deadlock.
///  4. post() never blocks, and takes at most kPostsMax functions that have not started.
///
/// Make a handle inside run(); copy, use and destroy it on any thread, also after run() has returned.
/// Source: POSIX has self-pipes, libuv uv_async_send, Go needs nothing: any thread may use a channel.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include "common/status.hpp"
#include "goroutines/start.hpp"

namespace conclave {

namespace detail {
class Inbox;
}

/// How other threads reach the goroutines of a run().
class RunHandle {
 public:
  /// How many posted functions may wait for their start.
  static constexpr std::size_t kPostsMax = 65'536;

  /// A handle on the run() that this goroutine belongs to.
  /// @throws Panic outside run()
  explicit RunHandle(std::source_location place = std::source_location::current());
  RunHandle(const RunHandle& other) noexcept;
  RunHandle& operator=(RunHandle other) noexcept {
    inbox_.swap(other.inbox_);
    return *this;
  }
  /// The other is left empty: it can be assigned to and destroyed.
  RunHandle(RunHandle&& other) noexcept = default;
  ~RunHandle();

  /// Has `f()` started as a goroutine of that run(), which belongs to no GoroutineGroup.  Does not block.
  /// `f` is moved to that thread: what it captures is used and destroyed there; or here, when it is refused.
  /// @return ok; unavailable when run() has ended; resource_exhausted when kPostsMax functions wait already
  /// @throws Panic for an empty `f`, or a handle that was moved from
  Status post(detail::Start<> f) const;

 private:
  std::shared_ptr<detail::Inbox> inbox_;
};

}  // namespace conclave
