/// @file
/// Context: when a piece of work shall end, and why.
///
/// A Context is handed down from caller to callee, through goroutines and, later, through machines.  Whoever works
/// for it selects on done() beside its own channels, and ends when done() is closed.
///
///     auto [context, cancel] = with_timeout(parent, 50ms);
///     go([context = context] { crawl(context); });
///     switch (select(recv(answers, answer), recv(context.done()))) {
///       case 0: return answer;
///       case 1: return context.status();   // cancelled or deadline_exceeded
///     }
///
/// Laws
///  1. A context ends once, with one status and one cause, which then stay.
///  2. When it ends, all contexts derived from it end with it, with its status and its cause.
///     It never ends its parent.
///  3. A context ends at its deadline or its parent's, whichever comes first.
///  4. A Cancel that is destroyed cancels: a child that is finished leaves nothing behind in its parent.
///
/// A context with a deadline belongs to one run(): after it, no alarm ends it any more.
/// A Context is a handle, as cheap to copy as a pointer; a default one is the background, which never ends.
/// Call from any goroutine.  Source: Go, package context.
#pragma once

#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "channels/chan.hpp"
#include "common/status.hpp"
#include "goroutines/clock.hpp"
#include "goroutines/descriptor.hpp"

namespace conclave {

namespace detail {
class ContextNode;
struct ContextAccess;
void intrusive_ptr_add_ref(const ContextNode* node) noexcept;
void intrusive_ptr_release(const ContextNode* node) noexcept;
}  // namespace detail

/// Names a value of type T that contexts carry.  Two keys are different, whatever their names: make one for each
/// purpose, that outlives the contexts that use it.
///
///     inline const ContextKey<std::string> kUser("user");
template <class T>
class ContextKey {
 public:
  /// A key with a name for people.
  explicit constexpr ContextKey(const char* name) noexcept : name_(name) {}
  ContextKey(const ContextKey&) = delete;
  ContextKey& operator=(const ContextKey&) = delete;

  /// What it was named.
  [[nodiscard]] constexpr const char* name() const noexcept { return name_; }

 private:
  const char* name_;
};

/// When a piece of work shall end, and why; and values that travel with it.
class Context {
 public:
  /// The background: never ends, has no deadline and carries nothing.  Go's `context.Background()`.
  Context() noexcept = default;
  // As a pointer: a copy throws nothing, so that what captures one needs no memory of its own in go().
  Context(const Context&) noexcept = default;
  Context& operator=(const Context&) noexcept = default;
  Context(Context&&) noexcept = default;
  Context& operator=(Context&&) noexcept = default;
  ~Context() = default;

  /// Is closed when this context ends; nil for one that never can.  Does not block.
  /// @rule{Go context.Context.Done: a channel that's closed when work done on behalf of this context should stop}
  [[nodiscard]] RecvChan<Signal> done() const;

  /// Ok until this context ends; then `cancelled` or `deadline_exceeded`.  Does not block.  Go's `ctx.Err()`.
  [[nodiscard]] Status status() const;

  /// Ok until this context ends; then what was given to Cancel, or else status().  Does not block.
  /// @rule{Go context.Cause: the cause that the first cancellation gave, of this context or an ancestor}
  [[nodiscard]] Status cause() const;

  /// When it ends at the latest; nothing when there is no such time.  Does not block.
  [[nodiscard]] std::optional<TimePoint> deadline() const;

  /// The value that the nearest context on the way to the background carries for `key`; null when none does.
  /// Valid as long as a copy of this context lives.
  template <class T>
  [[nodiscard]] const T* value(const ContextKey<T>& key) const {
    return static_cast<const T*>(find(&key));
  }

 private:
  friend struct detail::ContextAccess;

  [[nodiscard]] const void* find(const void* key) const;

  boost::intrusive_ptr<detail::ContextNode> node_;
};

/// Ends the context that was made with it; also when it is destroyed.  Does not block.
class [[nodiscard]] Cancel {
 public:
  Cancel(Cancel&&) noexcept = default;
  Cancel& operator=(Cancel&& other) noexcept;
  ~Cancel();

  /// Ends the context with status `cancelled`; does nothing when it has ended, or when this was moved from.
  /// @rule{Go context.CancelFunc: after the first call, subsequent calls do nothing}
  void operator()() const;
  /// The same, and `cause` is its cause.
  /// @pre `cause` is not ok
  void operator()(const Status& cause) const;

 private:
  friend struct detail::ContextAccess;
  explicit Cancel(boost::intrusive_ptr<detail::ContextNode> node) noexcept
      : node_(std::move(node)) {}

  boost::intrusive_ptr<detail::ContextNode> node_;
};

/// A context and what ends it: `auto [context, cancel] = with_cancel(parent);`
struct CancellableContext {
  Context context;  ///< To hand down.
  Cancel cancel;    ///< To keep.
};

/// A context that ends when it is cancelled or when `parent` ends.  Does not block.
/// @rule{Go context.WithCancel: done is closed when cancel is called or when the parent's done is closed}
[[nodiscard]] CancellableContext with_cancel(const Context& parent);

/// The same, and at `deadline` it ends with `deadline_exceeded`; at once when that has passed.
/// @throws Panic outside run()
/// @rule{Go context.WithDeadline: if the parent's deadline is earlier, equivalent to the parent's}
[[nodiscard]] CancellableContext with_deadline(
    const Context& parent, TimePoint deadline,
    std::source_location place = std::source_location::current());

/// The same, `d` from now.
/// @throws Panic outside run()
[[nodiscard]] CancellableContext with_timeout(
    const Context& parent, Duration d,
    std::source_location place = std::source_location::current());

namespace detail {
[[nodiscard]] Context with_value(const Context& parent, const void* key,
                                 std::shared_ptr<const void> value);
}

/// A context that ends with `parent` and carries `value` for `key`.  Does not block.
/// @rule{Go context.WithValue: the value associated with key is val; keys are compared by identity}
template <class T>
[[nodiscard]] Context with_value(const Context& parent, const ContextKey<T>& key,
                                 std::type_identity_t<T> value) {
  return detail::with_value(parent, &key, std::make_shared<const T>(std::move(value)));
}

/// Parks this goroutine until a read, an accept or a receive on `fd` would not block, or until `context` ends.
/// @return ok; the context's status; otherwise as wait_readable() with a deadline
/// @throws Panic outside run()
Status wait_readable(int fd, const Context& context,
                     std::source_location place = std::source_location::current());

/// The same for a write or a connect.
Status wait_writable(int fd, const Context& context,
                     std::source_location place = std::source_location::current());

}  // namespace conclave
