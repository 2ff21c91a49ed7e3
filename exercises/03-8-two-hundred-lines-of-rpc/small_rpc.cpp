#include "small_rpc.hpp"

#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

// --- the client

struct SmallClient::State {};

SmallClient::SmallClient(rpc::Transport& transport, const rpc::Peer& server, Life life)
    : state_(new State()) {}

SmallClient::~SmallClient() = default;

Result<std::string> SmallClient::call(const std::string& question, const Context& context) {
  todo("3.8: call, which asks until it is answered or its context ends");
}

// --- the server

struct SmallServer::State {};

// NOLINTNEXTLINE(performance-unnecessary-value-param): yours will move handler
SmallServer::SmallServer(rpc::Transport& transport, Handler handler) : state_(new State()) {}

SmallServer::~SmallServer() = default;

void SmallServer::serve(const Context& context) {
  todo("3.8: serve, which executes each request once and answers its copies alike");
}

std::size_t SmallServer::kept() const { todo("3.8: kept, the number of answers that are kept"); }

}  // namespace conclave
