/// @file
/// Exercise 2.9: a tree of contexts.
///
/// Laws
///  1. A context ends once, with the cause that came first, which then stays.
///  2. When it ends all contexts below it have ended, with its cause; never its parent, never its siblings.  With cancel()
///     that is so when the call returns.
///  3. A context ends at its deadline or at its parent's, whichever comes first, with the cause `deadline_exceeded`.
///  4. A context below one that has ended has ended from the start, with its cause.
///  5. What has ended leaves nothing behind: no timer runs for it, no goroutine waits for it, and when its handles are gone
///     its Node is destroyed, while its parent lives on.
///
/// Nothing here parks.  Call from any goroutine.  Source: Go, package context.
#pragma once

#include <functional>
#include <memory>

#include "channels/channels.hpp"
#include "common/status.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave::own {

/// One context in the tree.  What it consists of is yours to say, in context_tree.cpp.
struct Node;

/// When a piece of work shall end, and why.  A default one is the background, which never ends.
struct Context {
  std::shared_ptr<Node> node;  ///< null for the background

  /// Is closed when this context ends; nil for the background.
  [[nodiscard]] RecvChan<Signal> done() const;
  /// Ok until this context ends; then why it did.
  [[nodiscard]] Status cause() const;
};

/// A context and what ends it.
struct Cancellable {
  Context context;
  std::function<void(const Status& cause)>
      cancel;  ///< does nothing when it has ended; `cause` is not ok
};

/// A context below `parent`.
Cancellable with_cancel(const Context& parent);

/// The same, and it ends at `deadline`; when that has passed, it has ended from the start.
Cancellable with_deadline(const Context& parent, TimePoint deadline);

}  // namespace conclave::own
