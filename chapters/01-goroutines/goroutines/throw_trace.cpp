#include "goroutines/throw_trace.hpp"

#include <array>
#include <unwind.h>

#include "goroutines/goroutine.hpp"

namespace conclave::detail {
namespace {

struct Trace {
  std::array<CallAddress, kCallsMax> calls;
  std::size_t count = 0;
  _Unwind_Word edge = 0;  // where the frame of run_noting_throws() ends
};

constinit thread_local Trace last{};

_Unwind_Reason_Code note_call(_Unwind_Context* context, void* /*unused*/) {
  if (last.count == last.calls.size() || _Unwind_GetCFA(context) >= last.edge)
    return _URC_END_OF_STACK;
  int before_instruction = 0;
  const _Unwind_Ptr address = _Unwind_GetIPInfo(context, &before_instruction);
  if (address == 0) return _URC_END_OF_STACK;
  last.calls[last.count++] = before_instruction != 0 ? address : address - 1;
  return _URC_NO_REASON;
}

}  // namespace

/// What the search for a handler asks of the frame of run_noting_throws(): it has none.
extern "C" [[gnu::visibility("hidden"), gnu::used]] _Unwind_Reason_Code conclave_note_throw(
    int /*version*/, _Unwind_Action actions, _Unwind_Exception_Class /*kind*/,
    _Unwind_Exception* /*exception*/, _Unwind_Context* context) {
  const bool searching = (static_cast<unsigned>(actions) & _UA_SEARCH_PHASE) != 0;
  if (searching && current_goroutine != nullptr && !current_goroutine->ending) {
    last.count = 0;
    last.edge = _Unwind_GetCFA(context);
    _Unwind_Backtrace(note_call, nullptr);
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
