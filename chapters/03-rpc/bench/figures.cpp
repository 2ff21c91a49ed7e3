/// @file  What calls cost here; zmq.cpp beside this file sends the same payloads with ZeroMQ alone, tcp.cpp with sockets,
/// grpc.cpp and figures.go make the same calls with gRPC and with Go's net/rpc.
///
/// `make bench C=03` runs them and compares; server_process.hpp says how is measured.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/measure.hpp"
#include "channels/channels.hpp"
#include "connections.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "rpc/zmq_transport.hpp"
#include "server_process.hpp"

namespace {

using conclave::Context;
using conclave::Result;
using conclave::WaitGroup;
using conclave::bench::Benchmark;
using conclave::bench::expect;
using conclave::bench::kConnectionsOfOne;
using conclave::bench::print;
using conclave::bench::Role;
using conclave::bench::ServerProcess;
using conclave::rpc::AllowList;
using conclave::rpc::Client;
using conclave::rpc::ClientSecurity;
using conclave::rpc::Io;
using conclave::rpc::KeyPair;
using conclave::rpc::PublicKey;
using conclave::rpc::Server;
using conclave::rpc::ServerSecurity;
using conclave::rpc::ZmqTransport;
using conclave::rpc::ZmqTransportOptions;

struct Payload {
  std::string bytes{};
  MSGPACK_DEFINE(bytes)
};

constexpr const char* kEcho = "Echo";
constexpr const char* kEchoBytes = "Echo.Bytes";

/// Serves calls until it is killed.
void serve(const ZmqTransportOptions& options) {
  conclave::bench::raise_descriptor_limit();
  conclave::run([&] {
    ZmqTransport transport(Io(), options);
    Server server(transport);
    server.handle(kEcho, [](const Payload& payload, const Context& /*context*/) -> Result<Payload> {
      return payload;
    });
    server.handle_bytes(kEchoBytes, [](std::string bytes, const Context& /*context*/) {
      return Result<std::string>(std::move(bytes));
    });
    conclave::bench::say_listening(transport.listen("tcp://127.0.0.1:*").value());
    expect(server.serve().ok());
  });
}

void serve_all(const std::string& /*argument*/) {
  serve({.socket = {.backlog = conclave::bench::kBacklog}});
}

/// The keys of a server and of its one client, in a folder of their own.
class Keys {
 public:
  Keys() {
    const KeyPair server = KeyPair::generate().value();
    const KeyPair client = KeyPair::generate().value();
    expect(::mkdtemp(folder_.data()) != nullptr && server.save(folder_ + "/server").ok() &&
           client.save(folder_ + "/client").ok());
    std::ofstream list(folder_ + "/clients");
    list << client.public_key().text() << " client\n";
  }
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;
  ~Keys() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] ZmqTransportOptions of_client() const {
    return {.client_security = ClientSecurity{KeyPair::load(folder_ + "/client").value(),
                                              PublicKey::load(folder_ + "/server.pub").value()}};
  }
  static ZmqTransportOptions of_server(const std::string& folder) {
    return {.server_security = ServerSecurity{KeyPair::load(folder + "/server").value(),
                                              AllowList::load(folder + "/clients").value()}};
  }

 private:
  std::string folder_ = std::filesystem::temp_directory_path() / "keys.XXXXXX";
};

void serve_listed(const std::string& folder) { serve(Keys::of_server(folder)); }

/// A client, and the network that it has to itself.
class Caller {
 public:
  explicit Caller(const std::string& address, const ZmqTransportOptions& options = {})
      : transport_(Io(), options), client_(transport_, {address}) {}

  void call(const Payload& payload) {
    const Result<Payload> answer = client_.call<Payload>(kEcho, payload);
    expect(answer.ok() && answer->bytes.size() == payload.bytes.size());
  }

  /// The same with bytes as they are, which is how many of them are sent.
  void call(const std::string& bytes) {
    const Result<std::string> answer = client_.call_bytes(kEchoBytes, bytes);
    expect(answer.ok() && answer->size() == bytes.size());
  }

  /// Makes `count` calls, `in_flight` at a time.
  void call(int count, int in_flight, const auto& payload) {
    WaitGroup callers;
    for (int i = 0; i < in_flight; ++i) {
      callers.go([&] {
        while (count-- > 0) call(payload);
      });
    }
    callers.wait();
  }

 private:
  ZmqTransport transport_;
  Client client_;
};

/// Opens connections and has each of them answered, says so, and keeps them.
void hold(const std::string& address) {
  conclave::bench::raise_descriptor_limit();
  conclave::run([&] {
    ZmqTransport transport(Io(kConnectionsOfOne + 1));
    for (int i = 0; i < kConnectionsOfOne; ++i) {
      const conclave::rpc::Peer server = transport.connect(address).value();
      namespace wire = conclave::rpc::wire;
      expect(transport.send(server, wire::pack({.call = 1, .content = wire::Ping{}}), {}).ok());
    }
    for (int i = 0; i < kConnectionsOfOne; ++i) expect(transport.recv({}).ok());
    conclave::bench::say_held_and_wait();
  });
}

void unary() {
  conclave::bench::print_unary([](const std::string& address, auto measure) {
    conclave::run([&] {
      Caller caller(address);
      const Payload payload{std::string(conclave::bench::kSmall, 'x')};
      measure([&] { caller.call(payload); });
    });
  });
}

void in_flight() {
  const ServerProcess server;
  conclave::run([&] {
    Caller caller(server.address());
    const Payload payload{std::string(conclave::bench::kSmall, 'x')};
    conclave::bench::print_in_flight(
        [&](int count, int in_flight) { caller.call(count, in_flight, payload); });
  });
}

void large() {
  const ServerProcess server;
  conclave::run([&] {
    Caller caller(server.address());
    const std::string payload(conclave::bench::kLarge, 'x');
    conclave::bench::print_large(
        [&](int count, int in_flight) { caller.call(count, in_flight, payload); });
  });
}

/// Calls with security and without, in turn, so that both meet the same weather.
void curve() {
  const Keys keys;
  const ServerProcess open;
  const ServerProcess secured({"serve-listed", keys.folder()});
  conclave::run([&] {
    Caller plain(open.address());
    Caller listed(secured.address(), keys.of_client());
    const Payload payload{std::string(conclave::bench::kSmall, 'x')};
    std::vector<double> without;
    std::vector<double> with;
    for (int i = 0; i < conclave::bench::kUnary + conclave::bench::kWarmUp; ++i) {
      const double us_without = conclave::bench::us_of([&] { plain.call(payload); });
      const double us_with = conclave::bench::us_of([&] { listed.call(payload); });
      if (i < conclave::bench::kWarmUp) continue;
      without.push_back(us_without);
      with.push_back(us_with);
    }
    const double us_without = conclave::bench::median(without);
    const double us_with = conclave::bench::median(with);
    print("curve", us_with, "µs");
    print("curve adds", (us_with / us_without - 1) * 100, "%");
  });
}

void connections() {
  ServerProcess server;
  conclave::bench::print_connections(server, [&](auto measure) {
    conclave::run([&] {
      Caller caller(server.address());
      const Payload payload{std::string(conclave::bench::kSmall, 'x')};
      measure([&] { caller.call(payload); });
    });
  });
}

void idle() {
  ServerProcess server;
  conclave::bench::print_idle(server);
}

constexpr Benchmark kBenchmarks[] = {
    {"unary", unary}, {"in-flight", in_flight}, {"large", large},
    {"curve", curve}, {"idle", idle},           {"connections", connections},
};
constexpr Role kRoles[] = {{"serve", serve_all}, {"serve-listed", serve_listed}, {"hold", hold}};

}  // namespace

int main(int count, char** arguments) {
  return conclave::bench::main_of(kRoles, kBenchmarks, count, arguments);
}
