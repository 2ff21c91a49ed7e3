#include "goroutines/stacks.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

#include "goroutines/race_detector.hpp"

namespace conclave::detail {
namespace {

constexpr std::size_t kSlabStacks = 64;

// glibc 2.36 does not name it yet.
constexpr int kGuardInstall = 102;  // MADV_GUARD_INSTALL

// What a canary is made of; in a dump of memory it can be read.
constexpr std::uint64_t kCanaryWord = 0x6576616c636e6f63;  // "conclave"
constexpr std::size_t kCanaryWords = Stacks::kCanaryBytes / sizeof(kCanaryWord);

void write_canary(std::byte* canary) noexcept {
  for (std::size_t i = 0; i < kCanaryWords; ++i) {
    std::memcpy(canary + i * sizeof(kCanaryWord), &kCanaryWord, sizeof(kCanaryWord));
  }
}

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

// A slab of guarded stacks holds, from low to high addresses, guard page and stack, guard page and stack, ...
// In any other, the stacks lie kCanaryBytes lower, and above each is the canary of the next: in the page where a
// goroutine's calls begin, so that it costs no page of its own.  Only that of the lowest stack does.
bool Stacks::cut_slab() noexcept {
  const bool guarded = light_guards || count_ < kGuarded;
  const std::size_t stride = kPage + bytes_;
  const std::size_t slab_stacks =
      std::max<std::size_t>(1, std::min(kSlabStacks, kBytesMax / stride));
  const std::size_t slab_bytes = (guarded ? 0 : kPage) + slab_stacks * stride;
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
    if (guarded) {
      std::byte* page = begin + i * stride;
      if (!guard(page)) return false;
      free_.push_back(page + kPage);
    } else {
      std::byte* canary = begin + kPage - kCanaryBytes + i * stride;
      write_canary(canary);
      free_.push_back(canary + kPage);
    }
    ++count_;
  }
  return true;
}

/// A light guard is a mark in the page table; any other is a mapping of its own, and slower to make.
bool Stacks::guard(std::byte* page) const noexcept {
  if (light_guards) {
    if (madvise(page, kPage, kGuardInstall) == 0) return true;
    light_guards = false;
  }
  return mprotect(page, kPage, PROT_NONE) == 0;
}

const std::byte* Stacks::canary_below(const std::byte* low) noexcept {
  const bool guarded = reinterpret_cast<std::uintptr_t>(low) % kPage == 0;
  return guarded ? nullptr : low - kPage;
}

// The canary may lie where AddressSanitizer thinks that a call of the overflowing goroutine has its variables.
__attribute__((no_sanitize("address"))) bool Stacks::is_intact(const std::byte* canary) noexcept {
  const auto* words = reinterpret_cast<const std::uint64_t*>(canary);
  std::uint64_t difference = 0;
  for (std::size_t i = 0; i < kCanaryWords; ++i) difference |= words[i] ^ kCanaryWord;
  return difference == 0;
}

void Stacks::unmap() noexcept {
  for (const Slab& slab : slabs_) munmap(slab.begin, slab.bytes);
  slabs_.clear();
  free_.clear();
  count_ = 0;
}

}  // namespace conclave::detail
