/// @file
/// SignalHandler: a handler of ours, where the program has none of its own.  SignalStack: what it stands on.
/// @internal
///
/// Laws
///  1. A handler that the program has installed, before run() or inside it, stays.
///  2. When the last SignalHandler for a signal is gone, in whatever thread, the default action is back.
///  3. While a SignalStack lives, handlers of this thread need nothing of the stack that they interrupt.
///
/// Source: Linux, sigaction(2), sigaltstack(2).
#pragma once

#include <csignal>
#include <cstddef>
#include <memory>

namespace conclave::detail {

/// A handler, while it lives.
class SignalHandler {
 public:
  using Function = void (*)(int, siginfo_t*, void*);

  SignalHandler(int signal, Function function);
  SignalHandler(const SignalHandler&) = delete;
  SignalHandler& operator=(const SignalHandler&) = delete;
  ~SignalHandler();

  /// Whether ours is the handler; false where the program has one of its own.
  [[nodiscard]] bool is_installed() const noexcept;

 private:
  int signal_;
  Function function_;
};

/// The stack of this thread's handlers, while it lives.  Its pages are there only when they are used.
class SignalStack {
 public:
  SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;
  ~SignalStack();

 private:
  std::unique_ptr<std::byte[]> memory_;
  stack_t before_{};
};

}  // namespace conclave::detail
