/// @file
/// Poller: where an idle processor waits in the kernel, for a point in time, other threads and descriptors.
/// @internal
///
/// A descriptor is handed to epoll when a goroutine waits for it, and for one event (EPOLLONESHOT): so nothing has
/// to be taken back when the goroutine has left, and one system call each is all that a wait costs.
///
/// Laws
///  1. Waiting uses no processor time: one system call, however long it takes; two, and one for each descriptor that is
///     waited for, when these are looked over.
///  2. notify() ends the current wait(), or the next one if nobody waits.
///  3. Who waits for a descriptor is woken when it is ready, and told when it has been closed.
///
/// The kernel forgets a closed descriptor without a word.  So when nothing has happened for kRest, and once until
/// something does, all descriptors that are waited for are looked over; but no more often than every kLooksApart.
/// Source: epoll(7), "Questions and answers", 6 (closing a descriptor).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "common/status.hpp"
#include "goroutines/clock.hpp"
#include "goroutines/descriptor.hpp"
#include "goroutines/parking.hpp"

namespace conclave::detail {

/// Where an idle processor waits in the kernel: an epoll with an eventfd in it.
class Poller {
 public:
  static constexpr Duration kRest = std::chrono::milliseconds(10);
  static constexpr Duration kLooksApart = std::chrono::seconds(1);

  /// @throws Panic when the system has no descriptor for it
  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  /// Blocks this thread for at most `limit`, until notify(), or until somebody was woken.
  void wait(Duration limit) noexcept;

  /// Wakes those whose descriptors are ready now; does not block.
  /// @return whether there was one, or a notify()
  bool look() noexcept { return poll(Duration::zero()); }

  /// Ends the wait.  Call from any thread, and from a signal handler.
  void notify() noexcept;

  /// Has `fd` watched for a goroutine that is about to wait in waiters(fd, direction), and then to leave().
  Status watch(int fd, Direction direction);
  /// @pre watch() was ok
  [[nodiscard]] WaitQueue& waiters(int fd, Direction direction) noexcept {
    return watches_[static_cast<std::size_t>(fd)].waiters[static_cast<std::size_t>(direction)];
  }
  void leave() noexcept { --waiting_; }

  /// Whether anybody waits for a descriptor.
  [[nodiscard]] bool anybody_waits() const noexcept { return waiting_ != 0; }

  /// `fd` will be closed: tells those who wait for it.
  void forget(int fd) noexcept;

 private:
  /// What is known about the descriptor with this number.
  struct Watch {
    bool known_to_epoll = false;
    std::array<WaitQueue, 2> waiters;  // by Direction

    [[nodiscard]] bool empty() const noexcept { return waiters[0].empty() && waiters[1].empty(); }
  };

  bool poll(Duration limit) noexcept;
  bool look_over() noexcept;
  void wake(int fd, std::uint32_t events) noexcept;
  int ask(int fd, int operation, std::uint32_t events) noexcept;
  int arm(int fd, std::uint32_t events) noexcept;
  void tell_closed(int fd) noexcept;

  int epoll_;
  int event_;
  std::size_t waiting_ = 0;
  TimePoint looked_over_at_;   // by the kernel's clock, as the limit of a wait
  std::deque<Watch> watches_;  // by number
};

}  // namespace conclave::detail
