#include "worker.hpp"

#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

struct Worker::State {};

Worker::Worker(rpc::Transport& transport) : state_(new State()) {}

Worker::~Worker() = default;

// NOLINTNEXTLINE(performance-unnecessary-value-param): yours will move handler
void Worker::handle(const std::string& method, Waits waits, Handler handler) {
  todo("3.9: handle, which says who answers a method");
}

void Worker::serve() { todo("3.9: serve, which takes messages until shutdown() ends it"); }

Status Worker::shutdown(const Context& grace) {
  todo("3.9: shutdown, which takes nothing new and lets the rest end");
}

}  // namespace conclave
