#include "goroutines/stacks.hpp"

#include <algorithm>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

#include "goroutines/race_detector.hpp"

namespace conclave::detail {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSlabStacks = 64;

}  // namespace

void Stacks::set_bytes(std::size_t bytes) {
  const std::size_t rounded = (bytes + kPage - 1) / kPage * kPage;
  if (rounded == bytes_) return;
  unmap();
  bytes_ = rounded;
}

boost::context::stack_context Stacks::allocate() noexcept {
  boost::context::stack_context stack;
  stack.sp = nullptr;
  stack.size = bytes_;
  if (free_.empty() && !cut_slab()) return stack;
  stack.sp = free_.back() + bytes_;
  free_.pop_back();
  return stack;
}

void Stacks::deallocate(boost::context::stack_context& stack) noexcept {
  if constexpr (kDetectsRaces) {
    sanitizer::forget(static_cast<std::byte*>(stack.sp) - stack.size, stack.size);
  }
  free_.push_back(static_cast<std::byte*>(stack.sp) -
                  stack.size);  // room was reserved by cut_slab()
}

// A slab holds, from low to high addresses, guard page and stack, guard page and stack, ...
bool Stacks::cut_slab() noexcept {
  const std::size_t stride = kPage + bytes_;
  const std::size_t slab_stacks =
      std::max<std::size_t>(1, std::min(kSlabStacks, kBytesMax / stride));
  const std::size_t slab_bytes = slab_stacks * stride;
  void* mapped = mmap(nullptr, slab_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  // A huge page would give every goroutine 2 MiB of memory for the one page it uses.
  madvise(mapped, slab_bytes, MADV_NOHUGEPAGE);

  auto* begin = static_cast<std::byte*>(mapped);
  try {
    slabs_.push_back({begin, slab_bytes});
    free_.reserve(count_ + slab_stacks);
  } catch (const std::bad_alloc&) {
    return false;
  }
  for (std::size_t i = slab_stacks; i-- > 0;) {
    std::byte* guard = begin + i * stride;
    if (count_ < kGuarded && mprotect(guard, kPage, PROT_NONE) != 0) return false;
    free_.push_back(guard + kPage);
    ++count_;
  }
  return true;
}

void Stacks::unmap() noexcept {
  for (const Slab& slab : slabs_) munmap(slab.begin, slab.bytes);
  slabs_.clear();
  free_.clear();
  count_ = 0;
}

}  // namespace conclave::detail
