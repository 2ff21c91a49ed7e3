// The deadline is a goroutine with a select, and the children are weak pointers.
#include <algorithm>
#include <vector>

#include "context_tree.hpp"

namespace conclave::own {

struct Node {
  Chan<Signal> done = make_chan<Signal>();
  Status cause{};
  std::shared_ptr<Node> parent{};
  std::vector<std::weak_ptr<Node>> children{};

  void end(const Status& why) {
    if (!cause.ok()) return;
    cause = why;
    done.close();
    for (const auto& child : std::vector(children)) {
      if (const auto alive = child.lock()) alive->end(why);
    }
    children.clear();
    parent = nullptr;
  }

  void adopt(const std::shared_ptr<Node>& child) {
    std::erase_if(children, [](const std::weak_ptr<Node>& old) {
      const auto alive = old.lock();
      return !alive || !alive->cause.ok();
    });
    children.push_back(child);
  }
};

RecvChan<Signal> Context::done() const {
  if (!node) return {};
  return node->done;
}

Status Context::cause() const {
  if (!node) return {};
  return node->cause;
}

Cancellable with_cancel(const Context& parent) {
  const auto child = std::make_shared<Node>();
  if (parent.node && !parent.node->cause.ok()) {
    child->end(parent.node->cause);
  } else if (parent.node) {
    child->parent = parent.node;
    parent.node->adopt(child);
  }
  return {{child}, [child](const Status& cause) { child->end(cause); }};
}

Cancellable with_deadline(const Context& parent, TimePoint deadline) {
  Cancellable child = with_cancel(parent);
  const Status late = Status::deadline_exceeded("too late");
  if (deadline <= now()) {
    child.cancel(late);
  } else {
    go(Name("deadline"), [child, late, left = deadline - now()] {
      select(recv(child.context.done()), timeout(left, [&] { child.cancel(late); }));
    });
  }
  return child;
}

}  // namespace conclave::own
