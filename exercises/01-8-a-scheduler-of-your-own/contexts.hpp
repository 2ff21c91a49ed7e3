/// @file
/// Exercise 1.8, given: stacks, and the switch from one to another.  Nothing here knows of goroutines.
#pragma once

#include <cstddef>
#include <functional>

namespace conclave::own {

/// A stack, and the place where somebody stopped on it.
class Context {
 public:
  /// A new stack.  The first switch to it calls `f`.  f ends by a switch to another context: it never returns.
  explicit Context(std::function<void()> f);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Frees the stack, on which nobody may stand.
  ~Context();

 private:
  friend Context& thread_context();
  friend void switch_to(Context& target);
  struct Stack;

  explicit Context(Stack* stack) : stack_(stack) {}

  Stack* stack_;
};

/// The stack of the thread itself: the one on which run() is called.
Context& thread_context();

/// Stops here and goes on in `target`, where that stopped.  Returns when somebody switches back to here.
/// To the context that runs: returns at once.  The millionth switch ends the program, since none here needs so many.
void switch_to(Context& target);

/// What happened so far, for the tests.
struct Counts {
  std::size_t switches = 0;
  std::size_t stacks = 0;               ///< that exist now
  std::size_t stacks_max = 0;           ///< that existed at one time
  std::size_t freed_by_themselves = 0;  ///< while somebody stood on them
};
const Counts& counts();

}  // namespace conclave::own
