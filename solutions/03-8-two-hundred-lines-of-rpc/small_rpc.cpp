#include "small_rpc.hpp"

#include <map>
#include <set>
#include <utility>
#include <variant>

#include "goroutines/goroutines.hpp"

namespace conclave {

using rpc::RequestId;
using rpc::wire::Message;
using rpc::wire::Reply;
using rpc::wire::Request;

// --- the client

struct SmallClient::State {
  rpc::Transport& transport;
  rpc::Peer server;
  Life life;
  std::uint64_t calls_made = 0;
  std::set<std::uint64_t> unfinished{};              // requests
  std::map<std::uint64_t, Chan<Message>> waiting{};  // by call, each with room for its reply
  GoroutineGroup receiver{"client"};                 // last: it uses all of the above

  Result<std::string> ask(std::uint64_t sequence, const std::string& question,
                          const Context& context, const Chan<Message>& reply);
  void receive();
  // A life has numbers of its own: a reply to the one before answers nothing of this one.
  [[nodiscard]] std::uint64_t number_of(std::uint64_t sequence) const {
    return std::uint64_t{life.incarnation} << 32U | sequence;
  }
};

SmallClient::SmallClient(rpc::Transport& transport, const rpc::Peer& server, Life life)
    : state_(new State{transport, server, life}) {
  state_->receiver.go([state = state_.get()] { state->receive(); });
}

SmallClient::~SmallClient() = default;

Result<std::string> SmallClient::call(const std::string& question, const Context& context) {
  const std::uint64_t sequence = ++state_->calls_made;
  const Chan<Message> reply = make_chan<Message>(1);
  state_->unfinished.insert(sequence);
  state_->waiting.emplace(state_->number_of(sequence), reply);

  Result<std::string> result = state_->ask(sequence, question, context, reply);

  state_->waiting.erase(state_->number_of(sequence));
  state_->unfinished.erase(sequence);
  return result;
}

Result<std::string> SmallClient::State::ask(std::uint64_t sequence, const std::string& question,
                                            const Context& context, const Chan<Message>& reply) {
  bool has_left = false;
  for (std::uint32_t attempt = 1;; ++attempt) {
    const Duration left = *context.deadline() - now();
    const Request request{.method = kMethod,
                          .remaining = std::chrono::duration_cast<std::chrono::microseconds>(left),
                          .attempt = attempt,
                          .once = RequestId{session_of(life), sequence, *unfinished.begin()}};
    const Status sent = transport.send(
        server,
        rpc::wire::pack({.call = number_of(sequence), .content = request, .body = question}),
        context);
    if (sent.ok()) has_left = true;

    Message answer;
    const int happened = select(recv(reply, answer), recv(context.done()),
                                timeout(sent.ok() ? kAnswerTime : kPause));
    if (happened == 0) {
      const Status& status = std::get<Reply>(answer.content).status;
      return status.ok() ? Result<std::string>(std::move(answer.body)) : status;
    }
    if (happened == 1) return has_left ? context.status() : context.status().not_executed();
  }
}

void SmallClient::State::receive() {
  while (Result<rpc::Received> received = transport.recv({})) {
    Message message = rpc::wire::unpack(std::move(received->message));
    if (!std::holds_alternative<Reply>(message.content)) continue;
    const auto call = waiting.find(message.call);
    if (call == waiting.end()) continue;
    const Chan<Message> reply = call->second;
    waiting.erase(call);  // a second copy finds nobody
    reply.send(std::move(message));
  }
}

// --- the server

struct SmallServer::State {
  rpc::Transport& transport;
  Handler handler;
  rpc::Sessions sessions{};
  std::map<std::uint32_t, std::uint32_t> incarnations{};  // the latest of each client

  void open_session(std::uint64_t session);
  void reply(const rpc::Peer& to, std::uint64_t call, Reply reply, std::string body);
  void execute(const rpc::Peer& from, const Message& message, const Context& context);
};

SmallServer::SmallServer(rpc::Transport& transport, Handler handler)
    : state_(new State{transport, std::move(handler)}) {}

SmallServer::~SmallServer() = default;

void SmallServer::serve(const Context& context) {
  const auto [running, cancel] = with_cancel(context);
  WaitGroup executions;
  while (Result<rpc::Received> received = state_->transport.recv(context)) {
    Message message = rpc::wire::unpack(std::move(received->message));
    const Request* request = std::get_if<Request>(&message.content);
    if (request == nullptr || !request->once) continue;

    state_->open_session(request->once->session);
    rpc::Decision decision = state_->sessions.begin(*request->once);
    switch (decision.kind) {
      case rpc::Decision::Kind::execute:
        executions.go([this, from = received->from, message, context = running] {
          state_->execute(from, message, context);
        });
        break;
      case rpc::Decision::Kind::wait:
        break;  // its client asks again
      case rpc::Decision::Kind::answer:
        state_->reply(received->from, message.call, {.attempt = request->attempt},
                      std::move(decision.answer));
        break;
      case rpc::Decision::Kind::refuse:
        state_->reply(received->from, message.call,
                      {.attempt = request->attempt, .status = decision.status.not_executed()}, "");
        break;
    }
  }
  cancel();
  executions.wait();
}

/// A life that is later than those we know of ends them.
void SmallServer::State::open_session(std::uint64_t session) {
  const Life life = life_of(session);
  std::uint32_t& latest = incarnations[life.client];
  if (life.incarnation <= latest) return;
  static_cast<void>(sessions.close(session_of({life.client, latest})));
  latest = life.incarnation;
  static_cast<void>(sessions.open(session));
}

void SmallServer::State::execute(const rpc::Peer& from, const Message& message,
                                 const Context& context) {
  const auto& request = std::get<Request>(message.content);
  const auto [of_caller, cancel] = with_timeout(context, request.remaining);
  std::string answer = handler(message.body, of_caller);
  sessions.complete(*request.once, answer);
  reply(from, message.call, {.attempt = request.attempt}, std::move(answer));
}

void SmallServer::State::reply(const rpc::Peer& to, std::uint64_t call, Reply reply,
                               std::string body) {
  // Lost or refused is the same: the answer is kept, and the client asks again.
  static_cast<void>(transport.send(
      to, rpc::wire::pack({.call = call, .content = std::move(reply), .body = std::move(body)}),
      {}));
}

std::size_t SmallServer::kept() const { return state_->sessions.answers(); }

}  // namespace conclave
