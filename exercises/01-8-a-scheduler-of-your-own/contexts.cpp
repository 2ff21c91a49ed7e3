#include "contexts.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include <boost/context/detail/fcontext.hpp>
#include <fmt/core.h>

#include "goroutines/stack_switch.hpp"

namespace conclave::own {

namespace context =
    boost::context::detail;  // the switch alone, without the unwinding of boost::context::fiber

namespace {

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kSwitchesMax = 1'000'000;  // far more than any program here needs

Counts counted;

[[noreturn]] void fail(std::string_view message) {
  std::fflush(stdout);
  fmt::print(stderr, "panic: {}\n", message);
  std::_Exit(2);
}

}  // namespace

struct Context::Stack {
  std::unique_ptr<std::byte[]> memory;  // none: the thread's own
  std::function<void()> f;
  context::fcontext_t place = nullptr;  // where somebody stopped
  detail::StackSwitch stack_switch;

  static Stack* running;

  /// On the new stack, after the first switch to it.
  static void begin(context::transfer_t from) {
    arrive(from);
    running->f();
    fail("the function of a Context returned; let it end by a switch_to");
  }

  /// After every switch, on the stack that is reached.
  static void arrive(context::transfer_t from) {
    static_cast<Stack*>(from.data)->place = from.fctx;
    running->stack_switch.arrive();
  }
};

Context::Stack* Context::Stack::running = nullptr;

Context::Context(std::function<void()> f) : stack_(new Stack) {
  stack_->memory = std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
  stack_->f = std::move(f);
  stack_->stack_switch.set_stack(stack_->memory.get(), kStackBytes);
  stack_->place =
      context::make_fcontext(stack_->memory.get() + kStackBytes, kStackBytes, Stack::begin);
  ++counted.stacks;
  counted.stacks_max = std::max(counted.stacks_max, counted.stacks);
}

Context::~Context() {
  if (stack_->memory == nullptr) return;  // the thread's own
  --counted.stacks;
  if (stack_ == Stack::running) {
    ++counted.freed_by_themselves;  // and it stays, so that the tests live to tell
  } else {
    delete stack_;
  }
}

Context& thread_context() {
  static Context::Stack stack;
  static Context context(&stack);
  if (Context::Stack::running == nullptr) Context::Stack::running = &stack;
  return context;
}

void switch_to(Context& target) {
  thread_context();  // the first to be left is the thread's own
  Context::Stack* from = Context::Stack::running;
  if (target.stack_ == from) return;
  if (++counted.switches > kSwitchesMax) {
    fail("1,000,000 switches and no end; does somebody yield in a loop where it should park?");
  }
  Context::Stack::running = target.stack_;
  from->stack_switch.leave(target.stack_->stack_switch);
  Context::Stack::arrive(context::jump_fcontext(target.stack_->place, from));
}

const Counts& counts() { return counted; }

}  // namespace conclave::own
