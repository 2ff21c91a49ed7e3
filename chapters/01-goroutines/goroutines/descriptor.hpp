/// @file
/// Descriptors: a goroutine waits until a socket or a pipe can be read or written; the others run meanwhile.
///
/// The system calls stay what they are.  Make the descriptor non-blocking, call read(2) or accept(2), and when
/// it says EAGAIN, wait here and call again:
///
///     while ((bytes = read(fd, buffer, sizeof buffer)) < 0 && errno == EAGAIN) {
///       if (Status status = wait_readable(fd); !status.ok()) return status;
///     }
///
/// Laws
///  1. Waiting parks the goroutine and never the thread; an idle program waits in one system call for all.
///  2. Ok is a hint, as from poll(2): somebody else may have been faster, so the call may say EAGAIN again.
///     An end of file and an error are ready, too: the call tells them.
///  3. Any number of goroutines may wait for one descriptor; when it is ready, all that wait in that direction wake.
///  4. A descriptor that is closed while goroutines wait for it is reported to them: at once by Descriptor::close();
///     after close(2), when its number is waited for again, or nothing has happened for ten milliseconds
///     (at most once a second).
///  5. A deadline that has passed wins over a descriptor that is ready.
///
/// A wait for a descriptor counts as something that can still happen: the other end may speak, so there is no
/// deadlock.  On a VirtualClock, time moves on when no descriptor is ready.
/// Call from any goroutine; a descriptor is waited for on one thread.  Source: Go, internal/poll, FD; epoll(7).
#pragma once

#include <source_location>
#include <string>
#include <utility>

#include "common/status.hpp"
#include "goroutines/clock.hpp"
#include "goroutines/parking.hpp"

namespace conclave {

/// Parks this goroutine until a read, an accept or a receive on `fd` would not block, or until `deadline`.
/// @return ok; deadline_exceeded; cancelled in a destructor of a goroutine that is being unwound; failed_precondition when `fd` is not open, or was closed meanwhile;
///   invalid_argument for what has no readiness, such as a file on a disk (see blocking()); resource_exhausted
///   when the kernel watches no more descriptors
/// @throws Panic outside run()
/// @rule{Go internal/poll: a closed descriptor ends the waits for it with ErrNetClosing, a deadline with ErrDeadlineExceeded}
Status wait_readable(int fd, TimePoint deadline = TimePoint::max(),
                     std::source_location place = std::source_location::current());

/// The same for a write or a connect.
Status wait_writable(int fd, TimePoint deadline = TimePoint::max(),
                     std::source_location place = std::source_location::current());

/// Owns a descriptor, and tells those who wait for it when it is closed.
class Descriptor {
 public:
  /// None.
  Descriptor() noexcept = default;
  /// Takes over `fd`, which may be -1 for none: what socket(2) or open(2) returned.
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = other.release();
    }
    return *this;
  }
  ~Descriptor() { close(); }

  /// Closes it, if there is one; goroutines that wait for it get failed_precondition.  Does not block.
  void close() noexcept;

  /// Gives it away without closing it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

  /// Its number; -1 when there is none.
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

namespace detail {

/// What a goroutine wants to do with a descriptor.
enum class Direction : bool { read, write };

/// A goroutine's wait for a descriptor; lives on its stack.
class DescriptorWait {
 public:
  DescriptorWait(int fd, Direction direction) noexcept : fd_(fd), direction_(direction) {}

  /// Parks until the descriptor is ready, the deadline has come, or somebody called end().
  Status wait(TimePoint deadline, std::source_location place);

  /// Ends the wait with `outcome`, if it is not over yet.  May be called by an alarm.
  void end(const Status& outcome) noexcept;

 private:
  static std::string explain(const void* wait);

  int fd_;
  Direction direction_;
  Goroutine* goroutine_ = nullptr;  // while it waits
  Status outcome_;
};

}  // namespace detail
}  // namespace conclave
