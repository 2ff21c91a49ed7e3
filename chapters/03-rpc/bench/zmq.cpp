/// @file  What messages cost with ZeroMQ alone, a DEALER and a ROUTER in blocking threads; figures.cpp beside this file
/// makes calls of them.
///
/// `make bench C=03` runs them and compares; server_process.hpp says how is measured.
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <zmq.hpp>

#include "bench/measure.hpp"
#include "connections.hpp"
#include "server_process.hpp"

namespace {

using conclave::bench::Benchmark;
using conclave::bench::expect;
using conclave::bench::Role;
using conclave::bench::ServerProcess;

/// A client's end.
class Dealer {
 public:
  explicit Dealer(const std::string& address) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(address);
  }

  void send(std::string_view payload) {
    zmq::message_t message(payload.data(), payload.size());
    expect(socket_.send(message, zmq::send_flags::none).has_value());
  }
  void receive(std::size_t size) {
    zmq::message_t message;
    expect(socket_.recv(message) == size);
  }

  /// Sends `count` payloads and receives as many, `in_flight` at a time.
  void echo(int count, int in_flight, const std::string& payload) {
    for (int i = 0; i < in_flight; ++i) send(payload);
    for (int i = 0; i < count; ++i) {
      receive(payload.size());
      if (i + in_flight < count) send(payload);
    }
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

/// Sends back what comes.
void serve(const std::string& /*argument*/) {
  conclave::bench::raise_descriptor_limit();
  zmq::context_t context;
  zmq::socket_t router(context, zmq::socket_type::router);
  router.set(zmq::sockopt::backlog, conclave::bench::kBacklog);
  router.bind("tcp://127.0.0.1:*");
  conclave::bench::say_listening(router.get(zmq::sockopt::last_endpoint));
  for (;;) {
    zmq::message_t frame;
    expect(router.recv(frame).has_value());
    const auto flags = frame.more() ? zmq::send_flags::sndmore : zmq::send_flags::none;
    router.send(frame, flags);
  }
}

/// Opens connections and has each of them answered, says so, and keeps them.
void hold(const std::string& address) {
  conclave::bench::raise_descriptor_limit();
  zmq::context_t context;
  context.set(zmq::ctxopt::max_sockets, conclave::bench::kConnectionsOfOne + 1);
  std::vector<zmq::socket_t> dealers;
  for (int i = 0; i < conclave::bench::kConnectionsOfOne; ++i) {
    dealers.emplace_back(context, zmq::socket_type::dealer).set(zmq::sockopt::linger, 0);
    dealers.back().connect(address);
    dealers.back().send(zmq::str_buffer("hello"));
  }
  for (zmq::socket_t& dealer : dealers) {
    zmq::message_t answer;
    expect(dealer.recv(answer).has_value());
  }
  conclave::bench::say_held_and_wait();
}

void unary() {
  conclave::bench::print_unary([](const std::string& address, auto measure) {
    const std::string payload(conclave::bench::kSmall, 'x');
    Dealer dealer(address);
    measure([&] {
      dealer.send(payload);
      dealer.receive(payload.size());
    });
  });
}

void in_flight() {
  const ServerProcess server;
  const std::string payload(conclave::bench::kSmall, 'x');
  Dealer dealer(server.address());
  conclave::bench::print_in_flight(
      [&](int count, int in_flight) { dealer.echo(count, in_flight, payload); });
}

void large() {
  const ServerProcess server;
  const std::string payload(conclave::bench::kLarge, 'x');
  Dealer dealer(server.address());
  conclave::bench::print_large(
      [&](int count, int in_flight) { dealer.echo(count, in_flight, payload); });
}

void connections() {
  ServerProcess server;
  conclave::bench::print_connections(server, [&](auto measure) {
    const std::string payload(conclave::bench::kSmall, 'x');
    Dealer dealer(server.address());
    measure([&] {
      dealer.send(payload);
      dealer.receive(payload.size());
    });
  });
}

void idle() {
  ServerProcess server;
  conclave::bench::print_idle(server);
}

constexpr Benchmark kBenchmarks[] = {
    {"unary", unary}, {"in-flight", in_flight},     {"large", large},
    {"idle", idle},   {"connections", connections},
};
constexpr Role kRoles[] = {{"serve", serve}, {"hold", hold}};

}  // namespace

int main(int count, char** arguments) {
  return conclave::bench::main_of(kRoles, kBenchmarks, count, arguments);
}
