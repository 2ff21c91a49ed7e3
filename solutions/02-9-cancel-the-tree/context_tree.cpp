#include "context_tree.hpp"

#include <optional>
#include <set>
#include <utility>

namespace conclave::own {

struct Node {
  std::shared_ptr<Node> parent{};
  std::set<Node*> children{};  // that have not ended; each leaves when it ends or is destroyed
  Chan<Signal> done = make_chan<Signal>();
  Status cause{};
  std::optional<Timer> timer{};

  ~Node() { leave(); }

  void leave() {
    if (parent) parent->children.erase(this);
    if (timer) timer->stop();
    timer.reset();
  }

  void end(const Status& why) {
    if (!cause.ok()) return;
    cause = why;
    done.close();
    leave();
    for (Node* child : std::exchange(children, {})) child->end(why);
  }
};

RecvChan<Signal> Context::done() const { return node ? node->done : RecvChan<Signal>(); }

Status Context::cause() const { return node ? node->cause : Status(); }

Cancellable with_cancel(const Context& parent) {
  const auto node = std::make_shared<Node>();
  node->parent = parent.node;
  if (!parent.cause().ok()) {
    node->end(parent.cause());
  } else if (parent.node) {
    parent.node->children.insert(node.get());
  }
  return {{node}, [node](const Status& cause) { node->end(cause); }};
}

Cancellable with_deadline(const Context& parent, TimePoint deadline) {
  const Status late = Status::deadline_exceeded("the deadline has passed");
  Cancellable child = with_cancel(parent);
  if (deadline <= now()) {
    child.cancel(late);
  } else if (child.context.cause().ok()) {
    const std::weak_ptr<Node> node = child.context.node;
    child.context.node->timer = after_func(deadline - now(), [node, late] {
      if (const auto alive = node.lock()) alive->end(late);
    });
  }
  return child;
}

}  // namespace conclave::own
