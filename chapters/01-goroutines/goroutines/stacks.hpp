/// @file
/// Stacks: memory for goroutines to stand on, pooled.
/// @internal
///
/// Stacks are cut from slabs of address space; the kernel gives a page when it is first touched, so a parked
/// goroutine costs what it used and not what it may use.  A stack that comes back is the next one handed out:
/// its pages are there and warm.
///
/// Laws
///  1. The first kGuarded stacks have a page below them that may not be touched: an overflow there is a
///     SIGSEGV and never somebody else's data.  (The kernel allows 65,530 mappings, and each guard splits one.)
///  2. Stacks do not lie at a power of two apart, so that their tops do not all fall into the same cache sets.
#pragma once

#include <cstddef>
#include <vector>

#include <boost/context/stack_context.hpp>

namespace conclave::detail {

/// Memory for goroutines to stand on.
class Stacks {
 public:
  static constexpr std::size_t kGuarded = 16'000;
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

  /// How many stacks were cut so far.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Slab {
    std::byte* begin;
    std::size_t bytes;
  };

  bool cut_slab() noexcept;
  void unmap() noexcept;

  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  std::vector<Slab> slabs_;
  std::vector<std::byte*> free_;  // low ends
};

}  // namespace conclave::detail
