// The laws of wire.hpp, and the bytes that chapters/03-rpc/wire.md names.
#include "rpc/wire.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.hpp"
#include "rpc/codec.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc::wire {
namespace {

using std::chrono_literals::operator""us;
using testing::HasSubstr;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

Request some_request() {
  return {.method = "Counter.Add",
          .remaining = 2'500'000us,
          .attempt = 3,
          .once = RequestId{7, 9, 8},
          .metadata = {{"traceparent", "00-1-2-01"}, {"who", "Ada"}}};
}

/// A header with these elements, as another program may send it.
template <class... Elements>
Message unpack_array(const Elements&... elements) {
  return unpack({encode(std::make_tuple(elements...)), "body"});
}

Status why(const Message& message) {
  const auto* unreadable = std::get_if<Unreadable>(&message.content);
  return unreadable == nullptr ? Status() : unreadable->why;
}

TEST(Wire, UnpacksWhatItHasPacked) {
  const std::vector<Message> messages = {
      {.call = 1, .content = Request{.method = "A"}, .body = ""},
      {.call = ~0ULL, .content = some_request(), .body = std::string("a\0b", 3)},
      {.call = 3, .content = Reply{.attempt = 2}, .body = "value"},
      {.call = 4, .content = Reply{1, Status::not_found("no a", "make one")}},
      {.call = 5, .content = Reply{1, Status::unavailable("full").not_executed()}},
      {.call = 6, .content = Cancel{}},
      {.call = 7, .content = Ping{}},
      {.call = 8, .content = Pong{.is_serving = false}},
      {.call = 0, .content = GoAway{}},
  };

  for (const Message& message : messages) {
    SCOPED_TRACE(message.call);
    EXPECT_EQ(unpack(pack(message)), message);
  }
}

// What another language must send; wire.md shows these bytes.
TEST(Wire, HasTheseBytes) {
  const Frames request =
      pack({.call = 1,
            .content = Request{.method = "Counter.Add", .remaining = 5'000'000us},
            .body = "x"});
  const Frames reply = pack({.call = 1, .content = Reply{.attempt = 1}, .body = "y"});

  EXPECT_EQ(hex(request[0]), "99a24356010101ab436f756e7465722e416464ce004c4b4001c080");
  EXPECT_EQ(hex(reply[0]),
            "99a2435601020101"
            "00a0a0c3");
  EXPECT_EQ(request[1], "x");
  EXPECT_EQ(reply[1], "y");
}

TEST(Wire, PassesOverWhatALaterVersionHasAppended) {
  const Message message = unpack_array("CV", 1, 1, 5, "A", 1000, 1, msgpack::type::nil_t(),
                                       std::map<std::string, std::string>{}, "later", 42);

  ASSERT_TRUE(std::holds_alternative<Request>(message.content)) << why(message);
  EXPECT_EQ(std::get<Request>(message.content).method, "A");
  EXPECT_EQ(std::get<Request>(message.content).remaining, 1000us);
}

TEST(Wire, LeavesAsItWasMadeWhatAnEarlierVersionDidNotSend) {
  const Message message = unpack_array("CV", 1, 1, 5, "A", 1000);

  ASSERT_TRUE(std::holds_alternative<Request>(message.content)) << why(message);
  EXPECT_EQ(std::get<Request>(message.content).attempt, 1U);
}

TEST(Wire, SaysOfWhichVersionBothAre) {
  const Message message = unpack_array("CV", 2, 1, 5, "whatever", "it", "means");

  EXPECT_EQ(message.call, 5U);
  EXPECT_EQ(why(message).code(), Code::unimplemented);
  EXPECT_THAT(to_string(why(message)), HasSubstr("of version 2, and this is 1"));
}

TEST(Wire, SaysThatItDoesNotKnowAKind) {
  const Message message = unpack_array("CV", 1, 99, 5);

  EXPECT_EQ(message.call, 5U);
  EXPECT_EQ(why(message).code(), Code::unimplemented);
  EXPECT_THAT(to_string(why(message)), HasSubstr("99"));
}

TEST(Wire, SaysWhatIsWrong) {
  struct Case {
    Frames frames;
    std::uint64_t call;
    std::string says;
  };
  const std::map<std::string, std::string> bad_name = {{"Upper", "x"}};
  const std::map<std::string, std::string> long_value = {{"a", std::string(4096, 'x')}};
  const auto header = [](const auto&... elements) { return encode(std::make_tuple(elements...)); };
  const msgpack::type::nil_t nil;
  const std::vector<Case> cases = {
      {{}, 0, "0 frames"},
      {{"a"}, 0, "1 frames"},
      {{"a", "b", "c"}, 0, "3 frames"},
      {{"", ""}, 0, "cut short"},
      {{"GET / HTTP/1.1", ""}, 0, "behind the value"},
      {{encode(1), ""}, 0, "array of four"},
      {{header("CV", 1, 1), ""}, 0, "array of four"},
      {{header("XX", 1, 1, 5), ""}, 0, "\"CV\""},
      {{header("CV", 1, 1, -5), ""}, 0, "another type"},
      {{header("CV", 1, 1, 0, "A"), ""}, 0, "number 0"},
      {{header("CV", 1, 1, 5), ""}, 5, "0 bytes"},
      {{header("CV", 1, 1, 5, "no spaces"), ""}, 5, "letters"},
      {{header("CV", 1, 1, 5, std::string("A\0B", 3)), ""}, 5, "letters"},
      {{header("CV", 1, 1, 5, std::string(129, 'a')), ""}, 5, "129 bytes"},
      {{header("CV", 1, 1, 5, "A", -1), ""}, 5, "does not fit"},
      {{header("CV", 1, 1, 5, "A", 1, 1, "once"), ""}, 5, "another type"},
      {{header("CV", 1, 1, 5, "A", 1, 1, nil, bad_name), ""}, 5, "\"Upper\""},
      {{header("CV", 1, 1, 5, "A", 1, 1, nil, long_value), ""}, 5, "may have 4096"},
      {{std::string(kHeaderBytesMax + 1, '\xc0'), ""}, 0, "may have 8192"},
  };

  for (const Case& one : cases) {
    SCOPED_TRACE(one.says);
    const Message message = unpack(one.frames);
    EXPECT_EQ(why(message).code(), Code::invalid_argument);
    EXPECT_THAT(to_string(why(message)), HasSubstr(one.says));
    EXPECT_EQ(message.call, one.call);
  }
}

TEST(Wire, TakesNoNameOfMetadataTwice) {
  msgpack::type::assoc_vector<std::string, std::string> twice;
  twice.emplace_back("user", "Ada");
  twice.emplace_back("user", "root");

  EXPECT_THAT(to_string(why(unpack_array("CV", 1, 1, 5, "A", 1, 1, msgpack::type::nil_t(), twice))),
              HasSubstr("\"user\" twice"));
}

TEST(Wire, ReadsTheCodeOfALaterVersionAsAnError) {
  const Message message = unpack_array("CV", 1, 2, 5, 1, 77, "", "", true);

  ASSERT_TRUE(std::holds_alternative<Reply>(message.content));
  EXPECT_EQ(std::get<Reply>(message.content).status.code(), Code::unknown);
}

TEST(Wire, ShortensWhatIsTooLongToSay) {
  const Frames frames =
      pack({.call = 1, .content = Reply{1, Status::internal(std::string(100'000, 'x'))}});

  const Message message = unpack(frames);

  ASSERT_TRUE(std::holds_alternative<Reply>(message.content)) << why(message);
  EXPECT_EQ(std::get<Reply>(message.content).status.message().size(), 2048U);
}

// A peer may have any time left: it does not become a time in the past.
TEST(Wire, BoundsTheTimeThatIsLeft) {
  const Message message = unpack_array("CV", 1, 1, 5, "A", ~0ULL);

  ASSERT_TRUE(std::holds_alternative<Request>(message.content)) << why(message);
  EXPECT_EQ(std::get<Request>(message.content).remaining, std::chrono::hours(365 * 24));
}

// Law 2: every change of up to four bytes of what we send.
TEST(Wire, SurvivesWhateverItIsSent) {
  Random random(seed_of_this_test());
  const Frames whole = pack({.call = 1, .content = some_request(), .body = "body"});
  int readable = 0;

  for (int round = 0; round < 20'000; ++round) {
    std::string header = whole[0];
    const int changes = static_cast<int>(random.between(1, 4));
    for (int i = 0; i < changes; ++i) {
      const auto place = static_cast<std::size_t>(random.below(header.size()));
      header[place] = static_cast<char>(random.below(256));
    }
    header.resize(header.size() - random.below(4) * random.below(header.size() / 4));
    const Message message = unpack({header, "body"});
    if (!std::holds_alternative<Unreadable>(message.content)) ++readable;
  }

  EXPECT_GT(readable, 0);
  EXPECT_LT(readable, 20'000);
}

TEST(Wire, IsSaidInWords) {
  EXPECT_EQ(wire::describe({.call = 97875, .content = wire::Request{.method = "Counter.Add"}}),
            "request ..7875: Counter.Add");
  EXPECT_EQ(wire::describe({.call = 7, .content = wire::Request{.method = "A.B", .attempt = 2}}),
            "request ..0007: A.B, attempt 2");
  EXPECT_EQ(wire::describe({.call = 7, .content = wire::Reply{.status = Status::not_found("x")}}),
            "reply ..0007: not_found");
  EXPECT_EQ(wire::describe({.call = 7, .content = wire::Cancel{}}), "cancel ..0007");
  EXPECT_EQ(wire::describe({.call = 7, .content = wire::Ping{}}), "ping ..0007");
  EXPECT_EQ(wire::describe({.call = 7, .content = wire::Pong{.is_serving = false}}),
            "pong ..0007: takes no new calls");
  EXPECT_EQ(wire::describe({.content = wire::GoAway{}}), "go_away");
  EXPECT_EQ(wire::describe(wire::unpack({"?"})).substr(0, 12), "unreadable: ");
}

}  // namespace
}  // namespace conclave::rpc::wire
