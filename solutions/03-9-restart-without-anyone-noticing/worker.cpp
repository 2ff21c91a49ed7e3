#include "worker.hpp"

#include <map>
#include <set>
#include <utility>
#include <variant>

#include "goroutines/goroutines.hpp"

namespace conclave {

namespace wire = rpc::wire;

struct Worker::State {
  struct Method {
    Waits waits;
    Handler handler;
  };

  rpc::Transport& transport;
  std::map<std::string, Method> methods{};
  std::set<rpc::Peer> clients{};
  bool is_serving = true;
  int executing = 0;
  WaitGroup executions{};
  CancellableContext of_handlers = with_cancel({});
  CancellableContext of_serve = with_cancel({});
  Chan<Signal> has_served = make_chan<Signal>();  // closed when serve() returns

  void send(const rpc::Peer& to, wire::Message message) {
    static_cast<void>(transport.send(to, wire::pack(std::move(message)), {}));
  }
  void refuse(const rpc::Peer& to, const wire::Message& message, const Status& why) {
    const auto& request = std::get<wire::Request>(message.content);
    send(to, {.call = message.call,
              .content = wire::Reply{.attempt = request.attempt, .status = why.not_executed()}});
  }
  void take(const rpc::Peer& from, wire::Message message);
  void execute(const rpc::Peer& from, const wire::Message& message, const Method& method);
};

Worker::Worker(rpc::Transport& transport) : state_(new State{transport}) {}

Worker::~Worker() = default;

void Worker::handle(const std::string& method, Waits waits, Handler handler) {
  state_->methods[method] = {waits, std::move(handler)};
}

void Worker::serve() {
  while (Result<rpc::Received> received = state_->transport.recv(state_->of_serve.context)) {
    wire::Message message = wire::unpack(std::move(received->message));
    state_->clients.insert(received->from);
    if (std::holds_alternative<wire::Ping>(message.content)) {
      state_->send(received->from,
                   {.call = message.call, .content = wire::Pong{state_->is_serving}});
    } else if (std::holds_alternative<wire::Request>(message.content)) {
      state_->take(received->from, std::move(message));
    }
  }
  state_->of_handlers.cancel();
  state_->executions.wait();
  state_->has_served.close();
}

void Worker::State::take(const rpc::Peer& from, wire::Message message) {
  if (!is_serving) {
    refuse(from, message, Status::unavailable("the server is about to end", "ask another one"));
    return;
  }
  const auto method = methods.find(std::get<wire::Request>(message.content).method);
  if (method == methods.end()) {
    refuse(from, message, Status::unimplemented("there is no such method"));
    return;
  }
  ++executing;
  executions.go([this, from, message = std::move(message), &method = method->second] {
    execute(from, message, method);
    --executing;
  });
}

void Worker::State::execute(const rpc::Peer& from, const wire::Message& message,
                            const Method& method) {
  const auto& request = std::get<wire::Request>(message.content);
  std::string answer;
  if (method.waits == Waits::as_a_thread) {
    answer = blocking([&] { return method.handler(message.body, {}); });
  } else {
    const auto [context, cancel] = with_timeout(of_handlers.context, request.remaining);
    answer = method.handler(message.body, context);
  }
  send(from, {.call = message.call,
              .content = wire::Reply{.attempt = request.attempt},
              .body = std::move(answer)});
}

Status Worker::shutdown(const Context& grace) {
  state_->is_serving = false;
  for (const rpc::Peer& client : state_->clients) state_->send(client, {.content = wire::GoAway{}});

  const Chan<Signal> idle = make_chan<Signal>();
  go([this, idle] {
    state_->executions.wait();
    idle.close();
  });
  int cancelled = 0;
  if (select(recv(idle), recv(grace.done())) == 1) {
    cancelled = state_->executing;
    state_->of_handlers.cancel();
    idle.recv();
  }
  state_->of_serve.cancel();
  state_->has_served.recv();
  if (cancelled == 0) return {};
  return Status::resource_exhausted("the grace was too short for what was being executed");
}

}  // namespace conclave
