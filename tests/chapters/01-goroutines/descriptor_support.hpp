/// @file  What the tests of descriptors share: pipes and sockets, and what is read from them and written.
#pragma once

#include <array>
#include <cerrno>
#include <cstring>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "goroutines/descriptor.hpp"
#include "support.hpp"

namespace conclave {

/// Two ends of one thing; what is written to `far` is read from `near`.
struct Ends {
  Descriptor near;
  Descriptor far;
};

inline Ends pipe_ends() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

inline Ends socket_ends() {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

inline Descriptor event_descriptor() { return Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

/// A socket that listens on the loopback, on a port that the kernel has chosen.
inline Descriptor listening_socket(sockaddr_in& address) {
  Descriptor listening(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listening.get(), SOMAXCONN), 0);
  EXPECT_EQ(getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return listening;
}

/// Waits for the next connection.
inline Descriptor accept_on(const Descriptor& listening) {
  int fd = -1;
  while ((fd = accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0) {
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_TRUE(wait_readable(listening.get()).ok());
  }
  return Descriptor(fd);
}

/// A socket that is connected to `address`.
inline Descriptor connect_to(const sockaddr_in& address) {
  Descriptor connected(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (connect(connected.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    EXPECT_EQ(errno, EINPROGRESS);
    EXPECT_TRUE(wait_writable(connected.get()).ok());
    int error = -1;
    socklen_t size = sizeof error;
    EXPECT_EQ(getsockopt(connected.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
    EXPECT_EQ(error, 0);
  }
  return connected;
}

/// Writes one byte, for which there is room.
inline void put(const Descriptor& to) { ASSERT_EQ(write(to.get(), "x", 1), 1); }

/// Reads one byte, if there is one.
inline bool take(const Descriptor& from) {
  char byte = 0;
  return read(from.get(), &byte, 1) == 1;
}

/// Waits for one byte: "a byte", "the end", or what the wait or the call said.
inline std::string next_of(int fd) {
  char byte = 0;
  ssize_t count = 0;
  while ((count = read(fd, &byte, 1)) < 0 && errno == EAGAIN) {
    if (const Status status = wait_readable(fd); !status.ok())
      return fmt::format("{}", status.code());
  }
  if (count < 0) return std::strerror(errno);
  return count == 0 ? "the end" : "a byte";
}

/// Writes until there is no room; returns how many bytes.
inline std::size_t fill(const Descriptor& to) {
  const std::array<char, 4096> bytes{};
  std::size_t total = 0;
  ssize_t count = 0;
  while ((count = write(to.get(), bytes.data(), bytes.size())) > 0) {
    total += static_cast<std::size_t>(count);
  }
  return total;
}

/// Reads until there is nothing; returns how many bytes.
inline std::size_t drain(const Descriptor& from) {
  std::array<char, 4096> bytes{};
  std::size_t total = 0;
  ssize_t count = 0;
  while ((count = read(from.get(), bytes.data(), bytes.size())) > 0) {
    total += static_cast<std::size_t>(count);
  }
  return total;
}

/// Closes without telling anybody, as any code may.
inline void close_silently(Descriptor& descriptor) { ASSERT_EQ(::close(descriptor.release()), 0); }

/// Appends to `log` how the goroutine's wait ended.
inline void log_wait(Log& log, Status (*wait)(int, TimePoint, std::source_location), int fd,
                     TimePoint deadline = TimePoint::max()) {
  const Status status = wait(fd, deadline, std::source_location::current());
  log.push_back(fmt::format("{}", status.code()));
}

}  // namespace conclave
