/// @file
/// StackSwitch: tells AddressSanitizer that the stack changes.
/// @internal
///
/// Without it, the sanitizer takes a goroutine's stack for a runaway of the thread's own.  In a build without
/// it, all of this is nothing.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace conclave::detail {

/// One stack, as the sanitizer knows it.
class StackSwitch {
 public:
  /// The memory of this stack.  The thread's own may stay unset: it tells its bounds when it is first left.
  void set_stack([[maybe_unused]] const void* bottom, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__SANITIZE_ADDRESS__)
    bottom_ = bottom;
    bytes_ = bytes;
#endif
  }

  /// Before the switch, on the stack that is left.  One that `ends` is not returned to.
  void leave([[maybe_unused]] StackSwitch& target, [[maybe_unused]] bool ends = false) noexcept {
#if defined(__SANITIZE_ADDRESS__)
    target.left_ = this;
    __sanitizer_start_switch_fiber(ends ? nullptr : &fake_stack_, target.bottom_, target.bytes_);
#endif
  }

  /// After the switch, on the stack that is reached.  A second call does nothing.
  void arrive() noexcept {
#if defined(__SANITIZE_ADDRESS__)
    if (left_ == nullptr) return;
    const void* bottom = nullptr;
    std::size_t bytes = 0;
    __sanitizer_finish_switch_fiber(fake_stack_, &bottom, &bytes);
    if (left_->bottom_ == nullptr) left_->set_stack(bottom, bytes);
    left_ = nullptr;
#endif
  }

#if defined(__SANITIZE_ADDRESS__)
 private:
  void* fake_stack_ = nullptr;
  const void* bottom_ = nullptr;
  std::size_t bytes_ = 0;
  StackSwitch* left_ = nullptr;  // the stack from which this one was reached, until arrive()
#endif
};

}  // namespace conclave::detail
