/// @file  What calls cost with gRPC, with its callback API at both ends; figures.cpp beside this file makes the same calls
/// with ours.
///
/// `make bench C=03` runs them and compares; server_process.hpp says how is measured.
#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>
#include <grpcpp/grpcpp.h>

#include "bench/measure.hpp"
#include "echo.grpc.pb.h"
#include "server_process.hpp"

namespace {

using conclave::bench::Benchmark;
using conclave::bench::Echo;
using conclave::bench::expect;
using conclave::bench::Payload;
using conclave::bench::Role;
using conclave::bench::ServerProcess;

class EchoService final : public Echo::CallbackService {
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const Payload* request,
                                 Payload* reply) override {
    reply->set_data(request->data());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

/// Serves calls until it is killed.
void serve(const std::string& /*argument*/) {
  EchoService service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  conclave::bench::say_listening(fmt::format("127.0.0.1:{}", port));
  server->Wait();
}

class Caller {
 public:
  explicit Caller(const std::string& address)
      : stub_(Echo::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {}

  /// Blocks this thread until the answer is there.
  void call(const Payload& payload) {
    grpc::ClientContext context;
    Payload reply;
    expect(stub_->Echo(&context, payload, &reply).ok());
    expect(reply.data().size() == payload.data().size());
  }

  /// Makes `count` calls, `in_flight` at a time: each answer makes the next one.
  void call(int count, int in_flight, const Payload& payload) {
    std::atomic<int> left = count;
    std::latch ended(in_flight);
    for (int i = 0; i < in_flight; ++i) call_next(left, ended, payload);
    ended.wait();
  }

 private:
  struct Call {
    grpc::ClientContext context;
    Payload reply;
  };

  void call_next(std::atomic<int>& left, std::latch& ended, const Payload& payload) {
    if (left.fetch_sub(1) <= 0) return ended.count_down();
    auto* call = new Call;
    stub_->async()->Echo(
        &call->context, &payload, &call->reply,
        [this, call, &left, &ended, &payload](const grpc::Status& status) {
          expect(status.ok() && call->reply.data().size() == payload.data().size());
          delete call;
          call_next(left, ended, payload);
        });
  }

  std::unique_ptr<Echo::Stub> stub_;
};

Payload payload_of(std::size_t size) {
  Payload payload;
  payload.set_data(std::string(size, 'x'));
  return payload;
}

void unary() {
  conclave::bench::print_unary([](const std::string& address, auto measure) {
    const Payload payload = payload_of(conclave::bench::kSmall);
    Caller caller(address);
    measure([&] { caller.call(payload); });
  });
}

void in_flight() {
  const ServerProcess server;
  const Payload payload = payload_of(conclave::bench::kSmall);
  Caller caller(server.address());
  conclave::bench::print_in_flight(
      [&](int count, int in_flight) { caller.call(count, in_flight, payload); });
}

void large() {
  const ServerProcess server;
  const Payload payload = payload_of(conclave::bench::kLarge);
  Caller caller(server.address());
  conclave::bench::print_large(
      [&](int count, int in_flight) { caller.call(count, in_flight, payload); });
}

constexpr Benchmark kBenchmarks[] = {{"unary", unary}, {"in-flight", in_flight}, {"large", large}};
constexpr Role kRoles[] = {{"serve", serve}};

}  // namespace

int main(int count, char** arguments) {
  return conclave::bench::main_of(kRoles, kBenchmarks, count, arguments);
}
