// A TCP echo server: one thread, and a goroutine for each connection.
// What to watch for: every loop tries first, and waits when the kernel says "not now".
// With a port as its argument it serves there until somebody ends it.
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::Descriptor;
using conclave::go;
using conclave::sleep_for;
using conclave::wait_readable;
using conclave::wait_writable;
using conclave::WaitGroup;
using conclave::yield;
using std::chrono_literals::operator""ms;

/// A socket that listens on the loopback; port 0 lets the kernel choose one.
Descriptor listen_on(in_port_t port) {
  Descriptor door(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(door.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address{AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {}};
  if (bind(door.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(door.get(), SOMAXCONN) != 0) {
    std::perror("echo: cannot listen");
    std::exit(1);
  }
  return door;
}

//! [serve]
/// Writes all of `bytes`; waits when the other end is slow.
bool write_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EAGAIN || !wait_writable(socket).ok()) {
      return false;
    }
  }
  return true;
}

/// Sends back what comes, until nothing more will.
void echo(const Descriptor& socket) {
  std::array<char, 2048> buffer;
  for (;;) {
    const ssize_t bytes = read(socket.get(), buffer.data(), buffer.size());
    if (bytes > 0) {
      if (!write_all(socket.get(), {buffer.data(), static_cast<std::size_t>(bytes)})) return;
      yield();  // a client that is never slow would keep the thread
    } else if (bytes == 0 || errno != EAGAIN || !wait_readable(socket.get()).ok()) {
      return;
    }
  }
}

/// Starts a goroutine for each connection, until `door` is closed.
void serve(const Descriptor& door) {
  for (;;) {
    Descriptor socket(accept4(door.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      go([socket = std::move(socket)] { echo(socket); });
    } else if (errno == EAGAIN) {
      if (!wait_readable(door.get()).ok()) return;
    } else if (errno == EBADF || errno == EINVAL) {
      return;  // no door any more
    } else {
      sleep_for(10ms);  // no descriptor is free, say, until a client leaves
    }
  }
}
//! [serve]

/// Says something, and hears it again.
bool ask(in_port_t port, std::string_view words) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_in address{AF_INET, port, {htonl(INADDR_LOOPBACK)}, {}};
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINPROGRESS || !wait_writable(socket.get()).ok()) return false;
  }
  if (!write_all(socket.get(), words)) return false;
  std::array<char, 64> buffer;
  std::size_t heard = 0;
  while (heard < words.size()) {
    const ssize_t bytes = read(socket.get(), buffer.data() + heard, buffer.size() - heard);
    if (bytes > 0) {
      heard += static_cast<std::size_t>(bytes);
    } else if (bytes == 0 || errno != EAGAIN || !wait_readable(socket.get()).ok()) {
      return false;
    }
  }
  return std::string_view(buffer.data(), heard) == words;
}

//! [main]
void serve_100_clients() {
  Descriptor door = listen_on(0);
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  getsockname(door.get(), reinterpret_cast<sockaddr*>(&address), &bytes);
  go([&] { serve(door); });

  std::atomic<int> heard = 0;
  WaitGroup clients;
  for (int i = 0; i < 100; ++i) {
    clients.go([&, i] { heard += ask(address.sin_port, fmt::format("I am client {}", i)); });
  }
  clients.wait();
  fmt::print("{} of 100 clients heard their own words\n", heard.load());
  door.close();
}
//! [main]

int main(int count, char** arguments) {
  if (count == 1) {
    conclave::run(serve_100_clients);
    return 0;
  }
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;  // a connection is a descriptor
  setrlimit(RLIMIT_NOFILE, &descriptors);
  const auto port = static_cast<in_port_t>(std::strtol(arguments[1], nullptr, 10));
  conclave::run([port] { serve(listen_on(port)); });
}
