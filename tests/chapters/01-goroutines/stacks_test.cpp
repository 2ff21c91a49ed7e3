// The laws of stacks.hpp, on the pool alone.
#include "goroutines/stacks.hpp"

#include <algorithm>
#include <bit>
#include <csignal>
#include <cstring>
#include <set>
#include <vector>
#include <unistd.h>

#include "support.hpp"

namespace conclave::detail {
namespace {

using boost::context::stack_context;

std::byte* low_end(const stack_context& stack) {
  return static_cast<std::byte*>(stack.sp) - stack.size;
}

TEST(Stacks, GivesAtLeastTheBytesAskedForAllOfThemUsable) {
  for (const std::size_t bytes : {Stacks::kBytesMin, Stacks::kBytesMin + 1, std::size_t{100'000}}) {
    Stacks stacks;
    stacks.set_bytes(bytes);
    stack_context stack = stacks.allocate();
    ASSERT_NE(stack.sp, nullptr);
    EXPECT_GE(stack.size, bytes);
    EXPECT_EQ(stacks.bytes() % static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(stack.sp) % 16, 0u);
    std::memset(low_end(stack), 0x5a, stack.size);
    stacks.deallocate(stack);
  }
}

TEST(Stacks, NoTwoStacksOverlap) {
  Stacks stacks;
  stacks.set_bytes(Stacks::kBytesMin);
  std::vector<stack_context> all;
  for (int i = 0; i < 2000; ++i) all.push_back(stacks.allocate());
  std::ranges::sort(all, {}, [](const stack_context& stack) { return stack.sp; });
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i - 1].sp, low_end(all[i]));
  for (stack_context& stack : all) stacks.deallocate(stack);
}

TEST(Stacks, AStackThatComesBackIsTheNextHandedOut) {
  Stacks stacks;
  stacks.set_bytes(64 * 1024);
  stack_context first = stacks.allocate();
  stack_context second = stacks.allocate();
  const void* sp = first.sp;
  stacks.deallocate(first);
  stack_context third = stacks.allocate();
  EXPECT_EQ(third.sp, sp);
  stacks.deallocate(third);
  stacks.deallocate(second);
}

TEST(Stacks, RecyclingCutsNoNewStacks) {
  Stacks stacks;
  stacks.set_bytes(64 * 1024);
  stack_context warm = stacks.allocate();
  stacks.deallocate(warm);
  const std::size_t count = stacks.count();
  for (int i = 0; i < 100'000; ++i) {
    stack_context stack = stacks.allocate();
    stacks.deallocate(stack);
  }
  EXPECT_EQ(stacks.count(), count);
}

TEST(Stacks, ANewSizeTakesEffectAndGivesOldMemoryBack) {
  Stacks stacks;
  stacks.set_bytes(Stacks::kBytesMin);
  stack_context small = stacks.allocate();
  stacks.deallocate(small);
  stacks.set_bytes(1 << 20);
  EXPECT_EQ(stacks.count(), 0u);
  stack_context large = stacks.allocate();
  EXPECT_GE(large.size, std::size_t{1} << 20);
  std::memset(low_end(large), 1, large.size);
  stacks.deallocate(large);
}

TEST(Stacks, ThePageBelowAStackMayNotBeTouched) {  // law 1
  const Ending ending = ending_of([] {
    std::signal(SIGSEGV, SIG_DFL);
    Stacks stacks;
    stacks.set_bytes(64 * 1024);
    const stack_context stack = stacks.allocate();
    *reinterpret_cast<volatile char*>(low_end(stack) - 1) = 1;
  });
  EXPECT_EQ(ending.how, "signal 11");
}

TEST(Stacks, TopsDoNotLieAPowerOfTwoApart) {  // law 2
  Stacks stacks;
  stacks.set_bytes(64 * 1024);
  std::vector<stack_context> all;
  for (int i = 0; i < 16; ++i) all.push_back(stacks.allocate());
  std::vector<std::uintptr_t> tops;
  for (const stack_context& stack : all) tops.push_back(reinterpret_cast<std::uintptr_t>(stack.sp));
  std::ranges::sort(tops);
  std::size_t powers = 0;
  for (std::size_t i = 1; i < tops.size(); ++i)
    powers += std::has_single_bit(tops[i] - tops[i - 1]);
  EXPECT_LE(powers, 1u);  // where one slab ends and another begins, it may be so by chance
  for (stack_context& stack : all) stacks.deallocate(stack);
}

}  // namespace
}  // namespace conclave::detail
