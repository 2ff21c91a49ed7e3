#include "calls.hpp"

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "goroutines/goroutines.hpp"

namespace conclave {

struct Calls::State {
  rpc::Transport& transport;
  rpc::Peer server;
  std::uint64_t incarnation;
  std::uint64_t calls_made = 0;
  std::map<std::string, Chan<std::string>> waiting{};  // by id, each with room for its reply
};

Calls::Calls(rpc::Transport& transport, const rpc::Peer& server, std::uint64_t incarnation)
    : state_(new State{transport, server, incarnation}) {}

Calls::~Calls() = default;

Result<std::string> Calls::call(const std::string& body, const Context& context) {
  const std::string id = fmt::format("{}.{}", state_->incarnation, ++state_->calls_made);
  const Chan<std::string> reply = make_chan<std::string>(1);
  state_->waiting.emplace(id, reply);

  Status status = state_->transport.send(state_->server, {id, body}, context);
  std::string answer;
  if (status.ok() && select(recv(reply, answer), recv(context.done())) == 1) {
    status = context.status();
  }

  state_->waiting.erase(id);
  if (!status.ok()) return status;
  return answer;
}

void Calls::receive(const Context& context) {
  while (true) {
    Result<rpc::Received> received = state_->transport.recv(context);
    if (!received.ok()) return;
    rpc::Frames& message = received->message;
    if (message.size() != 2) continue;
    const auto call = state_->waiting.find(message[0]);
    if (call == state_->waiting.end()) continue;
    const Chan<std::string> reply = call->second;
    state_->waiting.erase(call);  // a second copy finds nobody
    reply.send(std::move(message[1]));
  }
}

std::size_t Calls::waiting() const { return state_->waiting.size(); }

}  // namespace conclave
