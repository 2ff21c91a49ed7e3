/// @file
/// Stacks: memory for goroutines to stand on, pooled.
/// @internal
///
/// Stacks are cut from slabs of address space; the kernel gives a page when it is first touched, so a parked
/// goroutine costs what it used and not what it may use.  A stack that comes back is the next one handed out:
/// its pages are there and warm.
///
/// Laws
///  1. A guarded stack has a page below it that may not be touched: an overflow there is a SIGSEGV and never
///     somebody else's data.  From Linux 6.13 on all stacks are guarded; before, the first kGuarded are, because
///     there each guard splits a mapping in two, and the kernel allows 65,530.
///  2. Below any other stack, and above the next lower one, lies a canary: kCanaryBytes that nobody writes.  Every
///     call leaves at least its return address on the stack, so calls with frames up to the canary's size cannot
///     come past it without a trace.  A larger frame can, if it leaves a hole there.
///  3. Stacks do not lie at a power of two apart, so that their tops do not all fall into the same cache sets.
///
/// Source: Linux, madvise(2), MADV_GUARD_INSTALL.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include <boost/context/stack_context.hpp>

namespace conclave::detail {

/// Memory for goroutines to stand on.
class Stacks {
 public:
  static constexpr std::size_t kGuarded = 16'000;
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kCanaryBytes = 1024;
  static constexpr std::size_t kBytesMin = std::size_t{16} << 10;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 30;

  Stacks() = default;
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  ~Stacks() { unmap(); }

  /// Sets the size of a stack, in bytes; gives back all memory when it changes.
  /// @pre no stack is in use
  void set_bytes(std::size_t bytes);

  /// A stack; its `sp` is null when the kernel has no more memory (errno says why).
  boost::context::stack_context allocate() noexcept;
  void deallocate(boost::context::stack_context& stack) noexcept;

  /// The canary below the stack whose low end is `low`; null when it has a guard page.
  [[nodiscard]] static const std::byte* canary_below(const std::byte* low) noexcept;

  /// Whether nobody has written to the canary.
  [[nodiscard]] static bool is_intact(const std::byte* canary) noexcept;

  /// From now on, does as with a kernel before 6.13.  For tests.
  static void forget_light_guards() noexcept { light_guards = false; }

  /// How many stacks were cut so far.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Slab {
    std::byte* begin;
    std::size_t bytes;
  };

  bool cut_slab() noexcept;
  bool guard(std::byte* page) const noexcept;
  void unmap() noexcept;

  static inline constinit std::atomic<bool> light_guards = true;  // until the kernel refuses one

  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  std::vector<Slab> slabs_;
  std::vector<std::byte*> free_;  // low ends
};

}  // namespace conclave::detail
