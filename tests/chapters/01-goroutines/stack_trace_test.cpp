// stack_trace.hpp: through which calls a goroutine came to where it is.
#include "goroutines/stack_trace.hpp"

#include <array>
#include <span>

#include "support.hpp"

namespace conclave {
namespace {

using detail::Call;
using detail::CallAddress;
using detail::is_readers;
using detail::kCallsMax;
using detail::readers_calls;
using detail::short_name;
using detail::walk_stack;
using testing::ElementsAre;
using testing::EndsWith;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

/// A call whose function and place are as said.
auto call(const std::string& function, int line) {
  return testing::AllOf(Field("function", &Call::function, EndsWith(function)),
                        Field("place", &Call::place, EndsWith(place_in(__FILE__, line))));
}

/// Some frames, as a machine lays them out: the caller's frame, the address to return to.
struct Frame {
  const Frame* caller;
  std::uintptr_t return_address;
};

std::vector<CallAddress> walked(const void* frame, const void* edge, std::size_t room = kCallsMax) {
  std::vector<CallAddress> calls(room);
  calls.resize(walk_stack(frame, edge, calls));
  return calls;
}

TEST(StackTrace, FollowsTheFramesInnermostFirst) {
  std::array<Frame, 3> frames{};
  frames = {Frame{&frames[1], 101}, Frame{&frames[2], 201}, Frame{nullptr, 301}};

  EXPECT_THAT(walked(frames.data(), frames.data() + 3), ElementsAre(100, 200, 300));
}

TEST(StackTrace, StopsAtTheEdgeThatTheFramesDoNotShow) {
  std::array<Frame, 4> frames{};
  for (std::size_t i = 0; i < 3; ++i) frames[i] = {&frames[i + 1], 100 * i + 1};
  frames[3] = {nullptr, 1};
  frames[0].return_address = 901;

  EXPECT_THAT(walked(frames.data(), frames.data() + 2), SizeIs(2));
  EXPECT_THAT(walked(frames.data(), frames.data()), IsEmpty());
  EXPECT_THAT(walked(nullptr, frames.data() + 4), IsEmpty());
  EXPECT_THAT(walked(frames.data(), nullptr), IsEmpty());
}

TEST(StackTrace, StopsAtAFrameThatCannotBeOne) {
  std::array<Frame, 3> frames{};
  const void* edge = frames.data() + 3;

  frames = {Frame{&frames[0], 101}, {}, {}};  // its own caller
  EXPECT_THAT(walked(frames.data(), edge), ElementsAre(100));
  frames = {Frame{&frames[1], 101}, Frame{&frames[0], 201}, {}};  // back towards the inside
  EXPECT_THAT(walked(frames.data(), edge), ElementsAre(100, 200));
  const auto* crooked =
      reinterpret_cast<const Frame*>(reinterpret_cast<const char*>(&frames[1]) + 1);
  frames = {Frame{crooked, 101}, Frame{nullptr, 201}, {}};
  EXPECT_THAT(walked(frames.data(), edge), ElementsAre(100));
  const auto* half =
      reinterpret_cast<const Frame*>(&frames[2].return_address);  // half of it past the edge
  frames = {Frame{half, 101}, {}, Frame{nullptr, 301}};
  EXPECT_THAT(walked(frames.data(), edge), ElementsAre(100));
  frames = {
      Frame{reinterpret_cast<const Frame*>(~std::uintptr_t{7}), 101}, {}, {}};  // the end of memory
  EXPECT_THAT(walked(frames.data(), edge), ElementsAre(100));
}

TEST(StackTrace, WritesNoMoreThanThereIsRoomFor) {
  std::array<Frame, 3> frames{};
  frames = {Frame{&frames[1], 101}, Frame{&frames[2], 201}, Frame{nullptr, 301}};

  EXPECT_THAT(walked(frames.data(), frames.data() + 3, 2), ElementsAre(100, 200));
  EXPECT_THAT(walked(frames.data(), frames.data() + 3, 0), IsEmpty());
}

// Each function calls the next on a line whose number is known, and does something afterwards: no call is a jump.
std::vector<Call> found;
int calls_made = 0;

// clang-format off
[[gnu::noinline]] void innermost() {
  std::array<CallAddress, kCallsMax> calls;
  const auto* frame = static_cast<const std::byte*>(__builtin_frame_address(0));
  found = readers_calls(std::span(calls).first(walk_stack(frame, frame + 4096, calls)));
}
constexpr int kInlined = __LINE__ + 1;
[[gnu::always_inline]] inline void inlined() { innermost(); ++calls_made; }
constexpr int kOuter = __LINE__ + 1;
[[gnu::noinline]] void outer(const std::string&) { inlined(); ++calls_made; }
constexpr int kLambda = __LINE__ + 1;
void start() { go([] { outer("x"); ++calls_made; }); }
// clang-format on

TEST(StackTrace, NamesFunctionAndLineOfEveryCallInlinedOnesToo) {
  run([] {
    start();
    yield();
  });

  ASSERT_GE(found.size(), 3u);
  EXPECT_THAT(found[0], call("inlined", kInlined));
  EXPECT_THAT(found[1], call("outer", kOuter));
  EXPECT_THAT(found[2], call("lambda", kLambda));
}

TEST(StackTrace, OfAGoroutineEndsWithItsFunction) {
  run([] {
    start();
    yield();
  });
  EXPECT_THAT(found, SizeIs(3))
      << "what lies around the goroutine's function is the library's or the system's";
}

TEST(StackTrace, TheChaptersThatMakeGoroutinesAndTheSystemAreNotTheReaders) {
  EXPECT_TRUE(is_readers("/home/ada/server.cpp"));
  EXPECT_TRUE(is_readers("/book/chapters/01-goroutines/examples/deadlock.cpp"));
  EXPECT_TRUE(is_readers("/book/chapters/09-raft/raft/log.cpp"));
  EXPECT_FALSE(is_readers("/book/chapters/01-goroutines/goroutines/processor.cpp"));
  EXPECT_FALSE(is_readers("/book/chapters/02-channels/channels/chan.hpp"));
  EXPECT_FALSE(is_readers("/usr/include/c++/12/mutex"));
}

TEST(StackTrace, NamesAreAsAReaderWritesThem) {
  EXPECT_EQ(short_name("main"), "main");
  EXPECT_EQ(short_name("transfer(Account&, Account&, int)"), "transfer");
  EXPECT_EQ(short_name("void Bank::transfer<int>(Account&) const"), "Bank::transfer");
  EXPECT_EQ(short_name("std::vector<int, std::allocator<int> > f<int>(std::map<int, int>)"), "f");
  EXPECT_EQ(short_name("conclave::(anonymous namespace)::lock(conclave::Mutex&)"),
            "conclave::lock");
  EXPECT_EQ(short_name("void conclave::{anonymous}::f(T) [with T = std::string]"), "conclave::f");
  EXPECT_EQ(short_name("main()::<lambda()> mutable"), "main::lambda");
  EXPECT_EQ(
      short_name("main::{lambda()#1}::operator()() const::{lambda(int)#2}::operator()(int) const"),
      "main::lambda::lambda");
  EXPECT_EQ(short_name("operator()"), "lambda");
  EXPECT_EQ(short_name("Counter::operator()(int)"), "Counter::operator()");
  EXPECT_EQ(short_name("bool operator<(Term, Term)"), "operator<");
  EXPECT_EQ(short_name("Status::operator bool() const"), "Status::operator bool");
  EXPECT_EQ(short_name("f((lambda"), "f") << "a name that is cut off ends";
  EXPECT_EQ(short_name(""), "");
}

}  // namespace
}  // namespace conclave
