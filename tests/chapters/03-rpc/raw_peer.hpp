// A TCP connection without ZeroMQ at this end, and what ZeroMQ's protocol would have it say.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/frames.hpp"

namespace conclave::rpc {

/// The first 64 bytes of a connection without security.  ZeroMQ RFC 37, "Greeting"
inline std::string zmtp_greeting() {
  std::string greeting("\xff\0\0\0\0\0\0\0\0\x7f\3\0NULL", 16);
  greeting.resize(64);
  return greeting;
}

/// A frame of less than 256 bytes.  ZeroMQ RFC 37, "Framing"
inline std::string zmtp_frame(char flags, std::string_view bytes) {
  std::string frame{flags, static_cast<char>(bytes.size())};
  frame += bytes;
  return frame;
}

/// The command by which a dealer introduces itself, by name if it has one.
inline std::string zmtp_ready(std::string_view name = {}) {
  std::string ready("\5READY\xbSocket-Type\0\0\0\6DEALER", 28);
  if (!name.empty()) {
    ready += std::string("\x8Identity\0\0\0", 12) + static_cast<char>(name.size());
    ready += name;
  }
  return zmtp_frame(4, ready);
}

/// Somebody who has connected to "tcp://127.0.0.1:PORT" and says what he likes.  Waiting parks the goroutine, and for at most
/// half a minute.
class RawPeer {
 public:
  explicit RawPeer(const std::string& address)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int status = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&there), sizeof there);
    EXPECT_TRUE(status == 0 || errno == EINPROGRESS);
    const int yes = 1;  // each send() is a packet
    EXPECT_EQ(::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), 0);
    EXPECT_TRUE(wait_writable(fd_.get(), patience_.context).ok());
  }

  /// Sends, until the other side hangs up.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN || !wait_writable(fd_.get(), patience_.context).ok()) {
        return;
      }
    }
  }

  /// Introduces himself as a dealer, and hears who the other side is: before that, it takes no message.
  void shake_hands(std::string_view name = {}) {
    send(zmtp_greeting() + zmtp_ready(name));
    hear_who_it_is();
  }
  void hear_who_it_is() { read_until(std::string_view("Identity\0\0\0\0", 12)); }

  /// Says nothing more.
  void end() { ::shutdown(fd_.get(), SHUT_WR); }

  /// What the other side says until it has said `last`; all of it, if it hangs up before.
  std::string read_until(std::string_view last) {
    std::string all;
    std::array<char, 4096> some{};
    while (last.empty() || all.find(last) == std::string::npos) {
      const ssize_t bytes = ::recv(fd_.get(), some.data(), some.size(), 0);
      if (bytes > 0) {
        all.append(some.data(), static_cast<std::size_t>(bytes));
      } else if (bytes == 0 || errno != EAGAIN) {
        has_hung_up_ = true;
        return all;
      } else if (Status status = wait_readable(fd_.get(), patience_.context); !status.ok()) {
        ADD_FAILURE() << status;
        return all;
      }
    }
    return all;
  }

  /// Whether the other side hangs up, whatever it says before.
  bool is_hung_up_on() {
    read_until("");
    return has_hung_up_;
  }

 private:
  Descriptor fd_;
  bool has_hung_up_ = false;
  CancellableContext patience_ = with_timeout({}, std::chrono::seconds(30));
};

/// A message of frames of less than 256 bytes.
inline std::string zmtp_message(const Frames& frames) {
  std::string bytes;
  for (const std::string& frame : frames) bytes += zmtp_frame(&frame != &frames.back(), frame);
  return bytes;
}

}  // namespace conclave::rpc
