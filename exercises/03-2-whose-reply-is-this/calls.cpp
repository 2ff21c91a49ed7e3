#include "calls.hpp"

#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

struct Calls::State {};

Calls::Calls(rpc::Transport& transport, const rpc::Peer& server, std::uint64_t incarnation)
    : state_(new State()) {}

Calls::~Calls() = default;

Result<std::string> Calls::call(const std::string& body, const Context& context) {
  todo("3.2: call, which sends a request with an id and waits for the reply that has it");
}

void Calls::receive(const Context& context) {
  todo("3.2: receive, which hands each reply to the call that waits for it");
}

std::size_t Calls::waiting() const { todo("3.2: waiting, the number of calls that wait"); }

}  // namespace conclave
