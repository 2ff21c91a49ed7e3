/// @file  What an echo costs with sockets alone: two threads that block in read(2) and write(2), and nothing between them.
///
/// `make bench C=03` shows it beside the others; server_process.hpp says how is measured.
#include <string>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/core.h>

#include "bench/measure.hpp"
#include "server_process.hpp"

namespace {

using conclave::bench::Benchmark;
using conclave::bench::expect;
using conclave::bench::kSmall;
using conclave::bench::Role;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Small messages leave at once, as with all of the others.
int without_delay(int socket) {
  const int yes = 1;
  expect(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
  return socket;
}

void write_all(int socket, std::string& bytes) {
  expect(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == std::ssize(bytes));
}

/// @return false at the end
bool read_all(int socket, std::string& bytes) {
  return ::recv(socket, bytes.data(), bytes.size(), MSG_WAITALL) == std::ssize(bytes);
}

/// Sends back what one client sends.
void serve(const std::string& /*argument*/) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  expect(::bind(listener, any, size) == 0 && ::listen(listener, 1) == 0 &&
         ::getsockname(listener, any, &size) == 0);
  conclave::bench::say_listening(std::to_string(ntohs(address.sin_port)));
  const int client = without_delay(::accept(listener, nullptr, nullptr));
  std::string payload(kSmall, ' ');
  while (read_all(client, payload)) write_all(client, payload);
}

void unary() {
  conclave::bench::print_unary([](const std::string& port, auto measure) {
    const sockaddr_in address = loopback(std::stoi(port));
    const int server = without_delay(::socket(AF_INET, SOCK_STREAM, 0));
    expect(::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    std::string payload(kSmall, 'x');
    measure([&] {
      write_all(server, payload);
      expect(read_all(server, payload));
    });
    ::close(server);
  });
}

constexpr Benchmark kBenchmarks[] = {{"unary", unary}};
constexpr Role kRoles[] = {{"serve", serve}};

}  // namespace

int main(int count, char** arguments) {
  return conclave::bench::main_of(kRoles, kBenchmarks, count, arguments);
}
