// The laws of sessions.hpp, in their order; then a client and a network that do what they like.
#include "rpc/sessions.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

using Kind = Decision::Kind;
using testing::HasSubstr;

constexpr std::uint64_t kSession = 7;

Sessions one_session(const SessionLimits& limits = {}) {
  Sessions sessions(limits);
  EXPECT_TRUE(sessions.open(kSession).ok());
  return sessions;
}

RequestId request(std::uint64_t sequence, std::uint64_t first_unfinished = 1) {
  return {.session = kSession, .sequence = sequence, .first_unfinished = first_unfinished};
}

/// Executes a request that is new, and completes it.
void execute(Sessions& sessions, const RequestId& id, const std::string& answer) {
  ASSERT_EQ(sessions.begin(id).kind, Kind::execute);
  sessions.complete(id, answer);
  sessions.check_invariants();
}

Code refused(Sessions& sessions, const RequestId& id) {
  const Decision decision = sessions.begin(id);
  EXPECT_EQ(decision.kind, Kind::refuse);
  sessions.check_invariants();
  return decision.status.code();
}

TEST(Sessions, ARetryGetsTheSameAnswerAndIsNotExecuted) {  // laws 1, 2; RIFL §3.2
  Sessions sessions = one_session();
  const std::string bytes("1\0two", 5);
  execute(sessions, request(1), bytes);

  for (int i = 0; i < 3; ++i) {
    const Decision again = sessions.begin(request(1));
    EXPECT_EQ(again.kind, Kind::answer);
    EXPECT_EQ(again.answer, bytes);
  }
}

TEST(Sessions, ACopyThatComesDuringTheExecutionWaits) {  // law 2
  Sessions sessions = one_session();
  ASSERT_EQ(sessions.begin(request(1)).kind, Kind::execute);

  EXPECT_EQ(sessions.begin(request(1)).kind, Kind::wait);
  EXPECT_EQ(sessions.begin(request(1)).kind, Kind::wait);
  sessions.complete(request(1), "done");

  EXPECT_EQ(sessions.begin(request(1)).answer, "done");
}

TEST(Sessions, RequestsOfOneSessionOverlapAndComeInAnyOrder) {
  Sessions sessions = one_session();

  for (const std::uint64_t sequence : {3U, 1U, 2U})
    EXPECT_EQ(sessions.begin(request(sequence)).kind, Kind::execute);
  for (const std::uint64_t sequence : {2U, 3U, 1U})
    sessions.complete(request(sequence), fmt::format("answer {}", sequence));

  for (const std::uint64_t sequence : {1U, 2U, 3U})
    EXPECT_EQ(sessions.begin(request(sequence)).answer, fmt::format("answer {}", sequence));
}

TEST(Sessions, EqualNumbersOfTwoSessionsAreTwoRequests) {
  Sessions sessions = one_session();
  ASSERT_TRUE(sessions.open(8).ok());
  execute(sessions, request(1), "of 7");

  EXPECT_EQ(sessions.begin({.session = 8, .sequence = 1}).kind, Kind::execute);
}

TEST(Sessions, WhatWasReleasedMayComeAgain) {  // law 1
  Sessions sessions = one_session();
  ASSERT_EQ(sessions.begin(request(1)).kind, Kind::execute);

  sessions.release(request(1));

  execute(sessions, request(1), "at last");
}

TEST(Sessions, AnAnswerIsKeptUntilTheClientSaysThatItHasIt) {  // law 3; RIFL §3.3
  Sessions sessions = one_session();
  for (std::uint64_t sequence = 1; sequence <= 5; ++sequence)
    execute(sessions, request(sequence), "x");
  EXPECT_EQ(sessions.answers(), 5U);

  execute(sessions, request(6, 4), "x");  // it has 1, 2 and 3

  EXPECT_EQ(sessions.answers(), 3U);
  EXPECT_EQ(sessions.begin(request(4, 4)).kind, Kind::answer);
}

TEST(Sessions, WhatIsOverIsNeverExecutedAgain) {  // law 4
  Sessions sessions = one_session();
  execute(sessions, request(1), "x");
  execute(sessions, request(2, 2), "x");

  EXPECT_EQ(refused(sessions, request(1)), Code::failed_precondition);
  EXPECT_THAT(std::string(sessions.begin(request(1)).status.message()),
              HasSubstr("request 1 of session 7 is over: 2 is its first unfinished one"));
}

TEST(Sessions, WhatComesForTheFirstTimeAfterTheClientGaveItUpIsNotExecuted) {  // law 4
  Sessions sessions = one_session();
  execute(sessions, request(3, 3), "x");  // 1 and 2 are still on their way

  EXPECT_EQ(refused(sessions, request(2, 1)), Code::failed_precondition);
}

TEST(Sessions, ACopyThatComesLateDoesNotBringBackThePast) {  // law 4
  Sessions sessions = one_session();
  execute(sessions, request(5, 5), "x");

  EXPECT_EQ(sessions.begin(request(5, 1)).kind, Kind::answer);

  EXPECT_EQ(refused(sessions, request(4, 1)), Code::failed_precondition);
}

TEST(Sessions, AnAnswerThatNobodyWantsAnyMoreIsNotKept) {  // law 3
  Sessions sessions = one_session();
  ASSERT_EQ(sessions.begin(request(1)).kind, Kind::execute);
  execute(sessions, request(2, 2), "x");  // the client gave 1 up while it was executed

  sessions.complete(request(1), "too late");

  EXPECT_EQ(sessions.answers(), 1U);
  EXPECT_EQ(refused(sessions, request(1)), Code::failed_precondition);
}

TEST(Sessions, ASessionThatIsNotOpenExecutesNothing) {  // law 4
  Sessions sessions;
  EXPECT_EQ(refused(sessions, request(1)), Code::failed_precondition);

  ASSERT_TRUE(sessions.open(kSession).ok());
  ASSERT_EQ(sessions.begin(request(1)).kind, Kind::execute);
  ASSERT_TRUE(sessions.close(kSession).ok());
  sessions.complete(request(1), "too late");

  EXPECT_EQ(refused(sessions, request(1)), Code::failed_precondition);
  EXPECT_EQ(sessions.close(kSession).code(), Code::not_found);
  EXPECT_EQ(sessions.size(), 0U);
}

TEST(Sessions, ANumberThatIsTakenIsNotOpenedTwice) {
  Sessions sessions = one_session();
  execute(sessions, request(1), "x");

  EXPECT_EQ(sessions.open(kSession).code(), Code::already_exists);

  EXPECT_EQ(sessions.begin(request(1)).kind, Kind::answer);  // and nothing of it is lost
}

TEST(Sessions, NobodyMakesRoomForAnotherSession) {  // law 5
  Sessions sessions({.sessions_max = 2});
  ASSERT_TRUE(sessions.open(1).ok());
  ASSERT_TRUE(sessions.open(2).ok());

  EXPECT_EQ(sessions.open(3).code(), Code::resource_exhausted);
  ASSERT_TRUE(sessions.close(1).ok());

  EXPECT_TRUE(sessions.open(3).ok());
}

TEST(Sessions, AClientHasSoManyRequestsUnfinishedAndNoMore) {  // law 5
  Sessions sessions = one_session({.unfinished_max = 3});
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence)
    execute(sessions, request(sequence), "x");

  EXPECT_EQ(refused(sessions, request(4)), Code::resource_exhausted);
  EXPECT_EQ(refused(sessions, request(UINT64_MAX)), Code::resource_exhausted);
  EXPECT_EQ(sessions.begin(request(1)).kind,
            Kind::answer);  // what is known is answered all the same

  execute(sessions, request(4, 2), "x");
}

TEST(Sessions, AnswersHaveSoMuchMemoryAndNoMore) {  // law 5
  Sessions sessions = one_session({.answer_bytes_max = 100});
  ASSERT_TRUE(sessions.open(8).ok());
  const RequestId of_another{.session = 8, .sequence = 1};
  execute(sessions, request(1), std::string(60, 'a'));
  execute(sessions, request(2), std::string(60, 'b'));  // the last one may be longer than the rest

  EXPECT_EQ(sessions.answer_bytes(), 120U);
  EXPECT_EQ(refused(sessions, request(3)), Code::resource_exhausted);
  EXPECT_EQ(refused(sessions, of_another), Code::resource_exhausted);
  EXPECT_EQ(sessions.begin(request(2)).answer, std::string(60, 'b'));

  EXPECT_EQ(sessions.begin(request(3, 2)).kind, Kind::execute);  // it has the first
  EXPECT_EQ(sessions.answer_bytes(), 60U);
  EXPECT_EQ(sessions.begin(of_another).kind, Kind::execute);
  EXPECT_TRUE(sessions.close(kSession).ok());
  EXPECT_EQ(sessions.answer_bytes(), 0U);
  sessions.check_invariants();
}

TEST(Sessions, AClosedSessionGivesItsMemoryBackWhateverItsNumbersAre) {  // law 5
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  Sessions sessions = one_session();
  execute(sessions, request(kLast, kLast), std::string(60, 'a'));

  EXPECT_TRUE(sessions.close(kSession).ok());

  EXPECT_EQ(sessions.answer_bytes(), 0U);
  sessions.check_invariants();
}

TEST(Sessions, RefusesNumbersThatMakeNoSense) {
  Sessions sessions = one_session();

  EXPECT_EQ(refused(sessions, request(0)), Code::invalid_argument);
  EXPECT_EQ(refused(sessions, request(1, 0)), Code::invalid_argument);
  EXPECT_EQ(refused(sessions, request(1, 2)), Code::invalid_argument);
  EXPECT_EQ(sessions.begin(request(1)).kind, Kind::execute);
}

TEST(Sessions, IsAValue) {
  Sessions sessions = one_session();
  Sessions copy = sessions;
  execute(sessions, request(1), "x");

  EXPECT_EQ(copy.begin(request(1)).kind, Kind::execute);
}

/// A client that retries, a network that repeats and delays, a server that executes slowly: nothing happens twice, and
/// who asks again gets what was answered first.
TEST(Sessions, WhateverTheNetworkDoes) {
  for_each_seed(200, [](std::uint64_t seed) {
    Random random(seed);
    Sessions sessions = one_session({.unfinished_max = 8});
    std::vector<RequestId> sent;  // all of it may come at any time, any number of times
    std::set<std::uint64_t> executing;
    std::map<std::uint64_t, int> executions;
    std::map<std::uint64_t, std::string> answers;
    std::set<std::uint64_t> unfinished;  // what the client waits for
    std::uint64_t next = 1;

    for (int step = 0; step < 400; ++step) {
      const std::uint64_t first = unfinished.empty() ? next : *unfinished.begin();
      const int dice = random.between(1, 10);
      if (dice <= 3 && next - first < 8) {
        unfinished.insert(next);
        sent.push_back(request(next, unfinished.empty() ? next : *unfinished.begin()));
        ++next;
      } else if (dice <= 4 && !unfinished.empty()) {  // a retry, which names the bound of now
        sent.push_back(request(*unfinished.rbegin(), first));
      } else if (dice <= 8 && !sent.empty()) {
        const RequestId id =
            sent[static_cast<std::size_t>(random.between(0, static_cast<int>(sent.size()) - 1))];
        const Decision decision = sessions.begin(id);
        if (decision.kind == Kind::execute) {
          EXPECT_EQ(++executions[id.sequence], 1) << "request " << id.sequence;
          executing.insert(id.sequence);
        } else if (decision.kind == Kind::answer) {
          EXPECT_EQ(decision.answer, answers[id.sequence]);
          unfinished.erase(id.sequence);
        } else if (decision.kind == Kind::refuse) {
          EXPECT_FALSE(unfinished.contains(id.sequence)) << decision.status;
        }
      } else if (!executing.empty()) {
        const std::uint64_t sequence = *executing.begin();
        executing.erase(sequence);
        answers[sequence] = fmt::format("answer {} in step {}", sequence, step);
        sessions.complete(request(sequence), answers[sequence]);
      }
      sessions.check_invariants();
    }
  });
}

}  // namespace
}  // namespace conclave::rpc
