#include "goroutines/throw_trace.hpp"

#include <array>
#include <unwind.h>

#include "goroutines/goroutine.hpp"

namespace conclave::detail {
namespace {

struct Trace {
  std::array<CallAddress, kCallsMax> calls;
  std::size_t count = 0;
};

constinit thread_local Trace last{};

}  // namespace

/// What the search for a handler asks of the frame of run_noting_throws(): it has none.
extern "C" [[gnu::visibility("hidden"), gnu::used]] _Unwind_Reason_Code conclave_note_throw(
    int /*version*/, _Unwind_Action actions, _Unwind_Exception_Class /*kind*/,
    _Unwind_Exception* /*exception*/, _Unwind_Context* context) {
  const bool searching = (static_cast<unsigned>(actions) & _UA_SEARCH_PHASE) != 0;
  if (searching && current_goroutine != nullptr && !current_goroutine->ending) {
    const auto* edge = reinterpret_cast<const void*>(_Unwind_GetCFA(context));
    last.count = unwind_stack(0, edge, last.calls);
  }
  return _URC_CONTINUE_UNWIND;
}

// The frame must have no cleanup of its own, or the compiler names its own personality; and it must stay while the
// task runs, so the call is not the last thing it does.
[[gnu::noinline]] void run_noting_throws(Task& task) {
  asm volatile(
      ".cfi_personality 0x1b, conclave_note_throw");  // 0x1b: the address, relative, in four bytes
  task.run();
  asm volatile("");
}

std::span<const CallAddress> calls_that_threw() noexcept {
  return std::span(last.calls).first(last.count);
}

}  // namespace conclave::detail
