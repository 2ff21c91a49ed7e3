// Each call keeps the place for its reply on its own stack, and a bell; an id is 16 bytes.
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "calls.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

struct Slot {
  std::optional<std::string> reply{};
  Chan<Signal> bell = make_chan<Signal>();  // closed when the reply is there
};

}  // namespace

struct Calls::State {
  rpc::Transport& transport;
  rpc::Peer server;
  std::uint64_t incarnation;
  std::uint64_t calls_made = 0;
  std::unordered_map<std::string, Slot*> slots{};
};

Calls::Calls(rpc::Transport& transport, const rpc::Peer& server, std::uint64_t incarnation)
    : state_(new State{transport, server, incarnation}) {}

Calls::~Calls() = default;

Result<std::string> Calls::call(const std::string& body, const Context& context) {
  const std::uint64_t numbers[] = {state_->incarnation, ++state_->calls_made};
  std::string id(sizeof numbers, '\0');
  std::memcpy(id.data(), numbers, sizeof numbers);

  Slot slot;
  state_->slots[id] = &slot;
  const Status sent = state_->transport.send(state_->server, {id, body}, context);
  if (sent.ok()) select(recv(slot.bell), recv(context.done()));
  state_->slots.erase(id);

  if (slot.reply) return std::move(*slot.reply);
  return sent.ok() ? context.status() : sent;
}

void Calls::receive(const Context& context) {
  while (const Result<rpc::Received> received = state_->transport.recv(context)) {
    if (received->message.size() != 2) continue;
    const auto found = state_->slots.find(received->message.front());
    if (found == state_->slots.end() || found->second->reply) continue;
    found->second->reply = received->message.back();
    found->second->bell.close();
  }
}

std::size_t Calls::waiting() const { return state_->slots.size(); }

}  // namespace conclave
