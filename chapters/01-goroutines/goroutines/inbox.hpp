/// @file
/// Inbox: what other threads have for a processor.
/// @internal
///
/// The one place where threads meet.  Two kinds of things lie in it: functions to start, and goroutines whose
/// call to blocking() is over.
///
/// Laws
///  1. Whoever puts the first thing into an empty inbox notifies the poller; so does the last handle that goes.
///  2. Once closed it takes nothing, and never touches the processor again.
///  3. No code of a user's runs while the mutex is held: what is posted may hold a handle, and copy it.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <source_location>
#include <vector>

#include "common/status.hpp"
#include "goroutines/race_detector.hpp"
#include "goroutines/start.hpp"

namespace conclave::detail {

class Poller;
struct BlockingCall;

/// What other threads have for a processor.
class Inbox {
 public:
  /// A function to start as a goroutine.
  struct Post {
    Task task;
    std::source_location place;
  };

  /// What lay in an inbox.
  struct Contents {
    std::vector<Post> posts;
    std::vector<BlockingCall*> calls;  // that are over
  };

  /// An inbox whose owner waits in `poller`.
  explicit Inbox(Poller& poller) noexcept : poller_(&poller) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox() { dropped_.acquire(); }

  // --- on any thread
  Status post(Task&& task, std::source_location place);
  void put(BlockingCall& call);
  void add_handle() noexcept;
  void drop_handle() noexcept;

  // --- on the processor's thread
  /// Whether something lies in it; a glance, without a lock.
  [[nodiscard]] bool has_mail() const noexcept { return has_mail_.load(std::memory_order_acquire); }
  /// Whether somebody outside may still post.
  [[nodiscard]] bool has_handles() const noexcept;
  [[nodiscard]] Contents take();
  /// Takes `call` out, if it lies in it.
  void withdraw(const BlockingCall& call);
  /// @return what nobody will start; destroy it where destructors may run
  [[nodiscard]] Contents close();

 private:
  void has_come() noexcept;

  mutable std::mutex mutex_;
  Poller* poller_;  // null once closed; as everything below, guarded by mutex_
  Contents contents_;
  std::size_t handles_ = 0;
  std::atomic<std::size_t> not_started_ = 0;  // of the posts, also of those that were taken
  std::atomic<bool> has_mail_ = false;
  [[no_unique_address]] Edge dropped_;  // the last use by each handle
};

}  // namespace conclave::detail
