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

#include "goroutines/panic.hpp"

namespace conclave::detail {
namespace {

int opened(int fd, const char* what) {
  if (fd < 0) {
    panic(fmt::format("run: cannot open {}: {}; see `ulimit -n` for the limit on open descriptors",
                      what, std::strerror(errno)));
  }
  return fd;
}

}  // namespace

Poller::Poller()
    : epoll_(opened(epoll_create1(EPOLL_CLOEXEC), "an epoll")),
      event_(opened(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "an eventfd")) {
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
  const auto nanoseconds = std::max<std::int64_t>(limit.count(), 0);
  const timespec timeout{.tv_sec = nanoseconds / 1'000'000'000,
                         .tv_nsec = nanoseconds % 1'000'000'000};
  epoll_event event{};
  int events = epoll_pwait2(epoll_, &event, 1, &timeout, nullptr);
  if (events < 0 && errno == ENOSYS) {  // Linux before 5.11: milliseconds, rounded up
    const auto milliseconds = std::min<std::int64_t>((nanoseconds + 999'999) / 1'000'000, INT_MAX);
    events = epoll_wait(epoll_, &event, 1, static_cast<int>(milliseconds));
  }
  if (events > 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto bytes = read(event_, &count, sizeof count);
  }
}

void Poller::notify() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto bytes = write(event_, &one, sizeof one);
}

}  // namespace conclave::detail
