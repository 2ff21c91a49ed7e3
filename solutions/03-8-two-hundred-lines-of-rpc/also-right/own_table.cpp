// Without Sessions: a table as in exercise 3.7, on whose entries every copy waits in a goroutine of its own.  And a client
// whose calls keep their replies on their own stacks.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "goroutines/goroutines.hpp"
#include "small_rpc.hpp"

namespace conclave {

namespace wire = rpc::wire;

// --- the client

namespace {

struct Pending {
  std::optional<wire::Message> reply{};
  Chan<Signal> bell = make_chan<Signal>();
};

}  // namespace

struct SmallClient::State {
  rpc::Transport& transport;
  rpc::Peer server;
  Life life;
  std::uint64_t last = 0;
  std::map<std::uint64_t, Pending*> pending{};  // by request
  CancellableContext living = with_cancel({});
  WaitGroup receiver{};

  [[nodiscard]] std::uint64_t call_of(std::uint64_t request) const {
    return request * 1000003 + life.incarnation;  // any number of its own will do
  }

  void receive() {
    for (;;) {
      Result<rpc::Received> received = transport.recv(living.context);
      if (!received.ok()) return;
      wire::Message message = wire::unpack(std::move(received->message));
      if (!std::holds_alternative<wire::Reply>(message.content)) continue;
      const auto found = std::ranges::find_if(
          pending, [&](const auto& each) { return call_of(each.first) == message.call; });
      if (found == pending.end() || found->second->reply) continue;
      found->second->reply = std::move(message);
      found->second->bell.close();
    }
  }
};

SmallClient::SmallClient(rpc::Transport& transport, const rpc::Peer& server, Life life)
    : state_(new State{transport, server, life}) {
  state_->receiver.go([state = state_.get()] { state->receive(); });
}

SmallClient::~SmallClient() {
  state_->living.cancel();
  state_->receiver.wait();
}

Result<std::string> SmallClient::call(const std::string& question, const Context& context) {
  State& own = *state_;
  const std::uint64_t request = ++own.last;
  Pending pending;
  own.pending[request] = &pending;
  bool nothing_left = true;

  for (std::uint32_t attempt = 1; !pending.reply && context.status().ok(); ++attempt) {
    wire::Message message{.call = own.call_of(request), .body = question};
    message.content = wire::Request{
        .method = kMethod,
        .remaining = std::chrono::floor<std::chrono::microseconds>(*context.deadline() - now()),
        .attempt = attempt,
        .once = rpc::RequestId{session_of(own.life), request, own.pending.begin()->first}};
    const bool sent = own.transport.send(own.server, wire::pack(message), context).ok();
    nothing_left = nothing_left && !sent;
    select(recv(pending.bell), recv(context.done()), timeout(sent ? kAnswerTime : kPause));
  }

  own.pending.erase(request);
  if (!pending.reply)
    return nothing_left ? context.status().not_executed() : Status(context.status());
  const Status& status = std::get<wire::Reply>(pending.reply->content).status;
  if (!status.ok()) return status;
  return std::move(pending.reply->body);
}

// --- the server

namespace {

struct Execution {
  std::optional<std::string> answer{};
  Chan<Signal> done = make_chan<Signal>();
};

struct Known {
  std::uint32_t incarnation = 0;
  std::uint64_t first_unfinished = 1;
  std::map<std::uint64_t, std::shared_ptr<Execution>> executions{};
};

}  // namespace

struct SmallServer::State {
  rpc::Transport& transport;
  Handler handler;
  std::map<std::uint32_t, Known> clients{};

  std::string answer(const rpc::RequestId& id, const std::string& question, Duration remaining,
                     const Context& context, Status& refusal);
};

SmallServer::SmallServer(rpc::Transport& transport, Handler handler)
    : state_(new State{transport, std::move(handler)}) {}

SmallServer::~SmallServer() = default;

std::string SmallServer::State::answer(const rpc::RequestId& id, const std::string& question,
                                       Duration remaining, const Context& context,
                                       Status& refusal) {
  const Life life = life_of(id.session);
  Known& client = clients[life.client];
  if (life.incarnation > client.incarnation) client = Known{.incarnation = life.incarnation};
  if (life.incarnation == client.incarnation) {
    client.first_unfinished = std::max(client.first_unfinished, id.first_unfinished);
    std::erase_if(client.executions,
                  [&](const auto& each) { return each.first < client.first_unfinished; });
  }
  if (life.incarnation < client.incarnation || id.sequence < client.first_unfinished) {
    refusal = Status::failed_precondition("this is over").not_executed();
    return "";
  }

  std::shared_ptr<Execution>& entry = client.executions[id.sequence];
  if (const std::shared_ptr<Execution> known = entry) {
    known->done.recv();
    return *known->answer;
  }
  entry = std::make_shared<Execution>();
  const std::shared_ptr<Execution> execution = entry;
  const auto [of_caller, cancel] = with_timeout(context, remaining);
  execution->answer = handler(question, of_caller);
  execution->done.close();
  return *execution->answer;
}

void SmallServer::serve(const Context& context) {
  const auto [running, cancel] = with_cancel(context);
  WaitGroup copies;
  for (;;) {
    Result<rpc::Received> received = state_->transport.recv(context);
    if (!received.ok()) break;
    copies.go([this, received = *std::move(received), context = running] {
      const wire::Message message = wire::unpack(received.message);
      const auto* request = std::get_if<wire::Request>(&message.content);
      if (request == nullptr || !request->once) return;
      wire::Message reply{.call = message.call};
      Status status;
      reply.body =
          state_->answer(*request->once, message.body, request->remaining, context, status);
      reply.content = wire::Reply{.attempt = request->attempt, .status = status};
      static_cast<void>(state_->transport.send(received.from, wire::pack(reply), {}));
    });
  }
  cancel();
  copies.wait();
}

std::size_t SmallServer::kept() const {
  std::size_t count = 0;
  for (const auto& [number, client] : state_->clients) {
    count += static_cast<std::size_t>(std::ranges::count_if(
        client.executions, [](const auto& each) { return each.second->answer.has_value(); }));
  }
  return count;
}

}  // namespace conclave
