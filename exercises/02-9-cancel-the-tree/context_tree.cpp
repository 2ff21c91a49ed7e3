#include "context_tree.hpp"

#include "common/todo.hpp"

namespace conclave::own {

struct Node {};

RecvChan<Signal> Context::done() const { todo("2.9: done, closed when the context ends"); }

Status Context::cause() const { todo("2.9: cause, why it has ended"); }

Cancellable with_cancel(const Context& parent) { todo("2.9: with_cancel, a child and its end"); }

Cancellable with_deadline(const Context& parent, TimePoint deadline) {
  todo("2.9: with_deadline, a child that ends by itself");
}

}  // namespace conclave::own
