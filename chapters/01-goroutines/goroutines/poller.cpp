#include "goroutines/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "goroutines/goroutine.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave::detail {
namespace {

constexpr int kEventsAtOnce = 64;

/// What epoll shall tell, for those who wait.
std::uint32_t wanted(const std::array<WaitQueue, 2>& waiters) noexcept {
  return (waiters[0].empty() ? 0U : EPOLLIN) | (waiters[1].empty() ? 0U : EPOLLOUT);
}

/// Why the kernel does not watch `fd`.
Status refusal(int fd, int error) {
  switch (error) {
    case EBADF:
      return Status::failed_precondition(fmt::format("descriptor {} is not open", fd));
    case EPERM:
      return Status::invalid_argument(
          fmt::format("descriptor {} is of a kind that is always ready, like a file on a disk", fd),
          "read and write it with blocking()");
    case ENOSPC:
    case ENOMEM:
      return Status::resource_exhausted(
          fmt::format("the kernel watches no more descriptors ({} was one too many): {}", fd,
                      std::strerror(error)),
          "see /proc/sys/fs/epoll/max_user_watches");
    default:
      return Status::internal(
          fmt::format("epoll_ctl for descriptor {}: {}", fd, std::strerror(error)));
  }
}

}  // namespace

Poller::Poller()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (epoll_ < 0 || event_ < 0) {
    const int error = errno;
    for (const int opened : {epoll_, event_}) {
      if (opened >= 0) close(opened);
    }
    panic(
        fmt::format("run: cannot open an epoll with an eventfd in it: {}; see `ulimit -n` for the "
                    "limit on open descriptors",
                    std::strerror(error)));
  }
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.fd = event_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &interest);
}

Poller::~Poller() {
  close(event_);
  close(epoll_);
}

void Poller::wait(Duration limit) noexcept {
  const auto until_look = [this] { return looked_over_at_ + kLooksApart - real_clock().now(); };
  const Duration rest = waiting_ == 0 ? limit : std::max(kRest, until_look());
  if (limit <= rest) {
    poll(limit);
    return;
  }
  if (poll(rest) || look_over()) return;
  poll(limit == Duration::max() ? limit : limit - rest);
}

/// @return whether anything has happened
bool Poller::poll(Duration limit) noexcept {
  const auto nanoseconds = std::max<std::int64_t>(limit.count(), 0);
  const timespec timeout{.tv_sec = nanoseconds / 1'000'000'000,
                         .tv_nsec = nanoseconds % 1'000'000'000};
  std::array<epoll_event, kEventsAtOnce> events{};
  int count = epoll_pwait2(epoll_, events.data(), kEventsAtOnce,
                           limit == Duration::max() ? nullptr : &timeout, nullptr);
  if (count < 0 && errno == ENOSYS) {  // Linux before 5.11: milliseconds, rounded up
    const auto milliseconds = std::min<std::int64_t>((nanoseconds + 999'999) / 1'000'000, INT_MAX);
    count = epoll_wait(epoll_, events.data(), kEventsAtOnce,
                       limit == Duration::max() ? -1 : static_cast<int>(milliseconds));
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == event_) {
      std::uint64_t notified = 0;
      [[maybe_unused]] const auto bytes = read(event_, &notified, sizeof notified);
    } else {
      wake(event.data.fd, event.events);
    }
  }
  return count != 0;
}

void Poller::notify() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto bytes = write(event_, &one, sizeof one);
}

// --- descriptors ---------------------------------------------------------------------------------------

Status Poller::watch(int fd, Direction direction) {
  const RuntimeCode runtime;
  std::uint32_t events = direction == Direction::read ? EPOLLIN : EPOLLOUT;
  const auto number = static_cast<std::size_t>(fd);
  if (fd >= 0 && number < watches_.size()) events |= wanted(watches_[number].waiters);
  if (const int error = arm(fd, events); error != 0) return refusal(fd, error);
  ++waiting_;
  return {};
}

/// Asks for one event, about what epoll knows by this number (MOD) or not (ADD).
/// @return 0, or why the kernel refuses
int Poller::ask(int fd, int operation, std::uint32_t events) noexcept {
  epoll_event interest{};
  interest.events = events | EPOLLONESHOT;
  interest.data.fd = fd;
  return epoll_ctl(epoll_, operation, fd, &interest) == 0 ? 0 : errno;
}

/// Asks for one event.
/// @return 0, or why the kernel refuses
int Poller::arm(int fd, std::uint32_t events) noexcept {
  const auto number = static_cast<std::size_t>(fd);
  if (fd >= 0 && number < watches_.size() && watches_[number].known_to_epoll) {
    if (ask(fd, EPOLL_CTL_MOD, events) == 0) return 0;
    tell_closed(fd);  // those who wait do so for another, which had this number before
  }
  int error = ask(fd, EPOLL_CTL_ADD, events);
  if (error == EEXIST) error = ask(fd, EPOLL_CTL_MOD, events);  // closed, and opened again by dup2
  if (error != 0) return error;
  if (number >= watches_.size()) watches_.resize(number + 1);
  watches_[number].known_to_epoll = true;
  return 0;
}

void Poller::wake(int fd, std::uint32_t events) noexcept {
  auto& [reading, writing] = watches_[static_cast<std::size_t>(fd)].waiters;
  const bool ended = (events & (EPOLLHUP | EPOLLERR)) != 0;
  if (ended || (events & EPOLLIN) != 0) {
    while (Goroutine* waiter = reading.pop()) ready(*waiter);
  }
  if (ended || (events & EPOLLOUT) != 0) {
    while (Goroutine* waiter = writing.pop()) ready(*waiter);
  }
  if (const std::uint32_t left = wanted(watches_[static_cast<std::size_t>(fd)].waiters)) {
    arm(fd, left);
  }
}

void Poller::forget(int fd) noexcept {
  const RuntimeCode runtime;
  const auto number = static_cast<std::size_t>(fd);
  if (number >= watches_.size() || !watches_[number].known_to_epoll) return;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  tell_closed(fd);
}

void Poller::tell_closed(int fd) noexcept {
  watches_[static_cast<std::size_t>(fd)].known_to_epoll = false;
  for (WaitQueue& queue : watches_[static_cast<std::size_t>(fd)].waiters) {
    while (Goroutine* waiter = queue.front()) {
      const auto* wait = static_cast<const DescriptorWait*>(waiter->wait->object);
      const_cast<DescriptorWait*>(wait)->end(Status::failed_precondition(
          fmt::format("descriptor {} was closed while a goroutine waited for it", fd)));
    }
  }
}

/// Tells those whose descriptor has been closed without a word to us: epoll does not know it any more by its
/// number, which may be that of something else by now.
/// @return whether there was one
bool Poller::look_over() noexcept {
  looked_over_at_ = real_clock().now();
  bool found = false;
  for (int fd = 0; fd < std::ssize(watches_); ++fd) {
    const Watch& watch = watches_[static_cast<std::size_t>(fd)];
    if (watch.empty() || ask(fd, EPOLL_CTL_MOD, wanted(watch.waiters)) == 0) continue;
    tell_closed(fd);
    found = true;
  }
  return found;
}

}  // namespace conclave::detail
