#include "04-3-same-seed-same-story/memory.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>

#include "common/random.hpp"

namespace conclave::village {
namespace {

constexpr std::size_t kUnit = 16;

struct Arena {
  bool is_on = false;
  SplitMix64 dice{0};
  std::size_t bottom = 0;
  std::size_t top = 0;
  alignas(kUnit) std::array<std::byte, std::size_t{1} << 22U> bytes{};

  /// From below or from above, with a gap.
  /// @return nothing when it is not on, or has no room
  void* take(std::size_t size) {
    if (!is_on) return nullptr;
    size = (size + kUnit - 1) / kUnit * kUnit;
    const std::uint64_t drawn = dice();
    const std::size_t gap = drawn % 8 * kUnit;
    if (bottom + gap + size > top) return nullptr;
    if (drawn >> 63U == 0) {
      bottom += gap + size;
      return bytes.data() + (bottom - size);
    }
    top -= gap + size;
    return bytes.data() + top;
  }

  [[nodiscard]] bool has(const void* place) const {
    const std::less<> is_before;
    return !is_before(place, static_cast<const void*>(bytes.data())) &&
           is_before(place, static_cast<const void*>(bytes.data() + bytes.size()));
  }
};
constinit Arena arena;  // there before anything is made

}  // namespace

void begin_memory(std::uint64_t layout) {
  arena.is_on = true;
  arena.dice = SplitMix64(layout);
  arena.bottom = 0;
  arena.top = arena.bytes.size();
}

void end_memory() { arena.is_on = false; }

}  // namespace conclave::village

// Not inlined, so that the compiler does not see a `new` whose memory is freed by free().

[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* place = conclave::village::arena.take(size);
  return place != nullptr ? place : std::malloc(size == 0 ? 1 : size);
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  void* place = operator new(size, std::nothrow);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}

[[gnu::noinline]] void operator delete(void* place) noexcept {
  if (!conclave::village::arena.has(place)) std::free(place);
}

[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept {
  operator delete(place);
}
