// select.hpp, law 6: nothing is allocated.  The operators count for the whole program.
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "chan_support.hpp"

namespace {
std::size_t allocations = 0;
}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // which have operators of their own
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
#endif

namespace conclave {
namespace {

using std::chrono::seconds;

TEST(SelectAllocation, NothingIsAllocated) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer allocates on its own";
  run([] {
    const auto one = make_chan<int>();
    const auto two = make_chan<int>(1);
    const auto three = make_chan<std::unique_ptr<int>>();
    go([&] {
      for (;;) one.send(1);
    });
    go([&] {
      for (;;) two.recv();
    });
    int value = 0;
    const auto round = [&] {
      select(recv(one, value), send(two, 1), recv(three));
      select(recv(three), otherwise());
      select(recv(one, [&](int v) { value = v; }), timeout(seconds(1)));
      select(recv(one), recv(one), recv(one), recv(one), recv(one), recv(one), recv(one), recv(one),
             recv(three), recv(three), recv(three), recv(three), recv(three), recv(three),
             recv(three), recv(three));
    };
    for (int i = 0; i < 100; ++i) round();  // what is kept for later use
    const std::size_t before = allocations;
    for (int i = 0; i < 1000; ++i) round();
    EXPECT_EQ(allocations, before);
  });
}

TEST(SelectAllocation, AListOf16CasesIsUsedWithoutAny) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer allocates on its own";
  run([] {
    const auto channel = make_chan<int>();
    go([&] {
      for (;;) channel.send(1);
    });
    std::vector<SelectCase> cases;
    for (int i = 0; i < 15; ++i) cases.emplace_back(recv(channel));
    cases.emplace_back(timeout(seconds(1)));
    for (int i = 0; i < 100; ++i) select(cases);
    const std::size_t before = allocations;
    for (int i = 0; i < 1000; ++i) select(cases);
    EXPECT_EQ(allocations, before);
  });
}

TEST(SelectAllocation, APlainSendAndRecvAllocateNothingEither) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer allocates on its own";
  run([] {
    const auto channel = make_chan<int>();
    const auto buffered = make_chan<int>(3);
    go([&] {
      for (;;) channel.send(1);
    });
    for (int i = 0; i < 100; ++i) channel.recv();
    const std::size_t before = allocations;
    for (int i = 0; i < 1000; ++i) {
      channel.recv();
      buffered.send(i);
      buffered.recv();
    }
    EXPECT_EQ(allocations, before);
  });
}

}  // namespace
}  // namespace conclave
