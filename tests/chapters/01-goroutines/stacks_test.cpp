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

/// All stacks that have a guard page on a kernel without light guards are taken, and then `count` more.
std::vector<stack_context> beyond_the_guards(Stacks& stacks, int count) {
  stacks.set_bytes(Stacks::kBytesMin);
  for (std::size_t i = 0; i < Stacks::kGuarded; ++i) stacks.allocate();
  std::vector<stack_context> all;
  for (int i = 0; i < count; ++i) all.push_back(stacks.allocate());
  return all;
}

TEST(Stacks, EveryStackIsGuardedWhereTheKernelHasLightGuards) {  // law 1
  Stacks stacks;
  const stack_context stack = beyond_the_guards(stacks, 1).front();
  if (Stacks::canary_below(low_end(stack)) != nullptr) GTEST_SKIP() << "Linux before 6.13";
  const Ending ending = ending_of([&] {
    std::signal(SIGSEGV, SIG_DFL);
    *reinterpret_cast<volatile char*>(low_end(stack) - 1) = 1;
  });
  EXPECT_EQ(ending.how, "signal 11");
}

TEST(Stacks, WithoutLightGuardsTheFirstHaveAGuardAndAllOthersACanary) {  // laws 1, 2
  Stacks::forget_light_guards();
  Stacks stacks;
  stacks.set_bytes(Stacks::kBytesMin);
  for (std::size_t i = 0; i < Stacks::kGuarded; ++i) {
    ASSERT_EQ(Stacks::canary_below(low_end(stacks.allocate())), nullptr);
  }
  for (int i = 0; i < 200; ++i) {
    ASSERT_NE(Stacks::canary_below(low_end(stacks.allocate())), nullptr);
  }
}

TEST(Stacks, ACanaryOutlivesAllUseOfTheStacks) {  // law 2
  Stacks::forget_light_guards();
  Stacks stacks;
  const auto all = beyond_the_guards(stacks, 200);
  for (const stack_context& stack : all) std::memset(low_end(stack), 0x5a, stack.size);
  for (const stack_context& stack : all) {
    EXPECT_TRUE(Stacks::is_intact(Stacks::canary_below(low_end(stack))));
  }
}

TEST(Stacks, ACanaryThatHasOneOtherByteIsNotIntact) {  // law 2
  Stacks::forget_light_guards();
  Stacks stacks;
  const auto all = beyond_the_guards(stacks, 2);
  auto* canary = const_cast<std::byte*>(Stacks::canary_below(low_end(all[1])));
  for (std::size_t i = 0; i < Stacks::kCanaryBytes; ++i) {
    canary[i] ^= std::byte{1};
    ASSERT_FALSE(Stacks::is_intact(canary)) << i;
    canary[i] ^= std::byte{1};
  }
  EXPECT_TRUE(Stacks::is_intact(canary));
}

TEST(Stacks, ACanaryLiesBetweenTwoStacksInThePageOfTheLowerOne) {  // law 2
  Stacks::forget_light_guards();
  Stacks stacks;
  const auto all = beyond_the_guards(stacks, 2);  // low ones come first
  const std::byte* canary = Stacks::canary_below(low_end(all[1]));
  const auto page = [](const void* address) {
    return reinterpret_cast<std::uintptr_t>(address) / Stacks::kPage;
  };
  EXPECT_EQ(canary, all[0].sp);
  EXPECT_LE(canary + Stacks::kCanaryBytes, low_end(all[1]));
  EXPECT_EQ(page(canary + Stacks::kCanaryBytes - 1), page(low_end(all[0]) + all[0].size - 1));
}

TEST(Stacks, TopsDoNotLieAPowerOfTwoApart) {  // law 3
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
