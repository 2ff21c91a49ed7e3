// Exercise 3.7, in the order in which a reader gets it right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "completion_table.hpp"
#include "goroutines/goroutines.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

/// A theatre that sells each seat once, behind a table: every execution sells the next one.
class Theatre {
 public:
  explicit Theatre(std::size_t kept_max = 100) : table_(kept_max) {}

  /// Sells a seat to whoever asks with `id`, which takes `time`.
  /// @return "seat 3", or the code of a refusal
  std::string book(const RequestId& id, Duration time = {}) {
    const Result<std::string> answer = table_.call(id, [this, time] {
      std::string sold = fmt::format("seat {}", ++sold_);
      if (time > Duration()) sleep_for(time);
      return sold;
    });
    return answer.ok() ? *answer : fmt::format("{}", answer.status().code());
  }

  /// How many seats were sold.
  [[nodiscard]] int sold() const { return sold_; }
  /// How many requests are kept.
  [[nodiscard]] std::size_t kept() const { return table_.kept(); }

 private:
  CompletionTable table_;
  int sold_ = 0;
};

/// A request of client 1 in its first life.
RequestId request(std::uint64_t number, std::uint64_t lowest_unfinished = 1) {
  return {.client = 1, .number = number, .lowest_unfinished = lowest_unfinished};
}

TEST(Once, ExecutesARequest) {
  in_virtual_time([] {
    const Claim law = announce("a new request is executed, and its answer comes back");
    Theatre theatre;

    const Texts answers = {theatre.book(request(1)), theatre.book(request(2)),
                           theatre.book(request(3))};

    must_hold(law, answers == Texts{"seat 1", "seat 2", "seat 3"},
              "requests 1, 2 and 3 of a client: {}", fmt::join(answers, ", "));
  });
}

TEST(Once, ACopyGetsTheSameBytes) {
  in_virtual_time([] {
    const Claim law = announce(
        "a copy is not executed, and gets the bytes that the first one got (laws 1, 2; RIFL §3)");
    Theatre theatre;

    const Texts answers = {theatre.book(request(1)), theatre.book(request(1)),
                           theatre.book(request(2)), theatre.book(request(2)),
                           theatre.book(request(2))};

    must_hold(
        law,
        theatre.sold() == 2 && answers == Texts{"seat 1", "seat 1", "seat 2", "seat 2", "seat 2"},
        "requests 1, 1 again, 2, 2 again, 2 again\nanswers: {}; seats sold: {}",
        fmt::join(answers, ", "), theatre.sold());
  });
}

TEST(Once, EveryClientHasNumbersOfItsOwn) {
  in_virtual_time([] {
    const Claim law = announce("equal numbers of two clients are two requests");
    Theatre theatre;

    const std::string ann = theatre.book({.client = 1, .number = 1});
    const std::string bob = theatre.book({.client = 2, .number = 1});
    const std::string ann_again = theatre.book({.client = 1, .number = 1});

    must_hold(law, ann == "seat 1" && bob == "seat 2" && ann_again == "seat 1",
              "request 1 of client 1: {}; of client 2: {}; of client 1 again: {}", ann, bob,
              ann_again);
  });
}

TEST(Once, ACopyWaitsForTheExecution) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "a copy that comes during the execution waits for it, and gets the same bytes (law 2)");
    Texts answers;
    int sold = 0;

    const Duration took = in_virtual_time(
        [&] {
          Theatre theatre;
          WaitGroup group;
          for (const Duration start : {0ms, 0ms, 10ms, 50ms}) {
            group.go([&, start] {
              sleep_for(start);
              answers.push_back(theatre.book(request(1), 100ms));
            });
          }
          group.wait();
          sold = theatre.sold();
        },
        options);

    must_hold(law, answers == Texts(4, "seat 1") && sold == 1 && took == 100ms,
              "a request that takes 100 ms, and copies after 0, 10 and 50 ms\n"
              "answers: {}; after {} ms; seats sold: {}",
              fmt::join(answers, ", "), took / 1ms, sold);
  });
}

TEST(Once, NobodyWaitsForAnotherRequest) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a request waits for no other one (law 2)");
    const Duration took = in_virtual_time(
        [] {
          Theatre theatre;
          WaitGroup group;
          for (std::uint64_t number = 1; number <= 5; ++number) {
            group.go([&, number] { theatre.book(request(number), 100ms); });
            group.go([&, number] { theatre.book({.client = number + 1, .number = 1}, 100ms); });
          }
          group.wait();
        },
        options);

    must_hold(law, took == 100ms,
              "five requests of one client and one each of five others, each takes 100 ms\n"
              "all of them: {} ms",
              took / 1ms);
  });
}

TEST(Once, AnAnswerStaysUntilItsClientHasIt) {
  in_virtual_time([] {
    const Claim law = announce(
        "an answer is kept until its client says that it has it, and never less long (law 3)");
    Theatre theatre;
    Texts first;
    Texts again;

    for (const std::uint64_t number : {3, 1, 2, 7, 6, 5, 4, 8}) {
      first.push_back(theatre.book(request(number)));
    }
    for (const std::uint64_t number : {3, 1, 2, 7, 6, 5, 4, 8}) {
      again.push_back(theatre.book(request(number)));
    }

    must_hold(law, again == first,
              "requests 3, 1, 2, 7, 6, 5, 4, 8; the client has not got the answer of 1\n"
              "first:  {}\nagain:  {}",
              fmt::join(first, ", "), fmt::join(again, ", "));
  });
}

TEST(Once, WhatItsClientHasIsNotKept) {
  in_virtual_time([] {
    const Claim law = announce("an answer that its client has is dropped (law 3; RIFL §3)");
    Theatre theatre;
    std::vector<std::size_t> kept;

    for (std::uint64_t number = 1; number <= 10; ++number) theatre.book(request(number));
    kept.push_back(theatre.kept());
    theatre.book(request(11, 9));
    kept.push_back(theatre.kept());
    theatre.book(request(12, 12));
    kept.push_back(theatre.kept());

    must_hold(law, kept == std::vector<std::size_t>{10, 3, 1},
              "after requests 1 to 10, of which 1 is unfinished, {} are kept\n"
              "after 11, when 9 is the lowest unfinished one: {}; after 12, with 12: {}",
              kept[0], kept[1], kept[2]);
  });
}

TEST(Once, WhatWasDroppedIsRefused) {
  in_virtual_time([] {
    const Claim law = announce(
        "what is below the lowest unfinished one is refused, and never executed again (law 4)");
    Theatre theatre;

    for (std::uint64_t number = 1; number <= 5; ++number) theatre.book(request(number));
    theatre.book(request(6, 5));
    const Texts late = {theatre.book(request(3, 3)), theatre.book(request(4, 1)),
                        theatre.book(request(3, 1))};
    const std::string unfinished = theatre.book(request(5, 5));

    must_hold(
        law,
        late == Texts(3, "failed_precondition") && theatre.sold() == 6 && unfinished == "seat 5",
        "requests 1 to 6, and 6 says that 5 is the lowest unfinished one\n"
        "then copies come late: 3, 4 and 3: {}; 5: {}; seats sold: {}",
        fmt::join(late, ", "), unfinished, theatre.sold());
  });
}

TEST(Once, AFullTableRefusesWhatIsNew) {
  in_virtual_time([] {
    const Claim law = announce(
        "nobody makes room for another: a full table refuses what is new, and keeps what it has "
        "(law 5)");
    Theatre theatre(3);

    for (std::uint64_t number = 1; number <= 3; ++number) theatre.book(request(number));
    const std::string refused = theatre.book({.client = 2, .number = 1});
    const Texts copies = {theatre.book(request(1)), theatre.book(request(2)),
                          theatre.book(request(3))};
    const Texts later = {theatre.book(request(4, 3)), theatre.book({.client = 2, .number = 1})};

    must_hold(law, refused == "resource_exhausted" && copies == Texts{"seat 1", "seat 2", "seat 3"},
              "a table of 3 holds requests 1, 2 and 3 of client 1; then one of client 2: {}\n"
              "then copies of 1, 2 and 3: {}",
              refused, fmt::join(copies, ", "));
    must_hold("a request that was refused for want of room may come again (law 5)",
              later == Texts{"seat 4", "seat 5"},
              "the table of 3 was full; request 4 says that 3 is the lowest unfinished one: {}\n"
              "then client 2 comes again: {}",
              later[0], later[1]);
  });
}

TEST(Once, WhatIsBeingExecutedTakesRoom) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("what is being executed is kept, and takes room (law 5)");
    Texts answers;
    std::size_t kept = 0;

    in_virtual_time(
        [&] {
          Theatre theatre(3);
          WaitGroup group;
          for (std::uint64_t number = 1; number <= 5; ++number) {
            group.go([&, number] { answers.push_back(theatre.book(request(number), 100ms)); });
          }
          sleep_for(50ms);
          kept = theatre.kept();
          group.wait();
        },
        options);

    must_hold(law, kept == 3 && std::ranges::count(answers, "resource_exhausted") == 2,
              "a table of 3, and five requests that take 100 ms each; after 50 ms {} are kept\n"
              "answers: {}",
              kept, fmt::join(answers, ", "));
  });
}

TEST(Once, AClientThatStartsAnewBeginsWithOne) {
  in_virtual_time([] {
    const Claim law =
        announce("request 1 of another incarnation is another request, and gets no old answer");
    Theatre theatre;

    for (std::uint64_t number = 1; number <= 3; ++number) {
      theatre.book(request(number, std::min<std::uint64_t>(number, 2)));
    }
    const std::string anew = theatre.book({.client = 1, .incarnation = 2, .number = 1});
    const std::string again = theatre.book({.client = 1, .incarnation = 2, .number = 1});
    const std::size_t kept = theatre.kept();

    must_hold(law, anew == "seat 4" && again == "seat 4" && kept == 1,
              "requests 1, 2 and 3 of incarnation 1 got seats 1 to 3; 2 was its lowest unfinished\n"
              "request 1 of incarnation 2, twice: {}, {}; kept: {}",
              anew, again, kept);
  });
}

TEST(Once, AnEarlierIncarnationIsRefused) {
  in_virtual_time([] {
    const Claim law = announce(
        "what comes late from an earlier incarnation is refused, and changes nothing (law 4)");
    Theatre theatre;

    theatre.book({.client = 1, .incarnation = 7, .number = 1});
    theatre.book({.client = 1, .incarnation = 9, .number = 1});
    const std::string late = theatre.book({.client = 1, .incarnation = 7, .number = 1});
    const std::string later = theatre.book({.client = 1, .incarnation = 8, .number = 5});
    const std::string present = theatre.book({.client = 1, .incarnation = 9, .number = 1});

    must_hold(
        law,
        late == "failed_precondition" && later == "failed_precondition" && present == "seat 2" &&
            theatre.sold() == 2,
        "request 1 of incarnations 7 and 9 got seats 1 and 2\nthen come late: request 1 of 7: "
        "{}; request 5 of 8: {}\nrequest 1 of 9 again: {}; seats sold: {}",
        late, later, present, theatre.sold());
  });
}

TEST(Once, AnExecutionAnswersForItsOwnLife) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "an execution that ends after its client has started anew answers no new request (laws 2, "
        "3)");
    Texts answers;
    int sold = 0;
    std::size_t kept = 0;

    in_virtual_time(
        [&] {
          Theatre theatre;
          WaitGroup group;
          group.go([&] { theatre.book(request(1), 100ms); });
          group.go([&] { theatre.book(request(2), 100ms); });
          sleep_for(10ms);
          answers.push_back(theatre.book({.client = 1, .incarnation = 2, .number = 1}));
          sleep_for(200ms);
          answers.push_back(theatre.book({.client = 1, .incarnation = 2, .number = 1}));
          answers.push_back(theatre.book({.client = 1, .incarnation = 2, .number = 2}));
          group.wait();
          sold = theatre.sold();
          kept = theatre.kept();
        },
        options);

    must_hold(law, answers == Texts{"seat 3", "seat 3", "seat 4"} && sold == 4 && kept == 2,
              "requests 1 and 2 of incarnation 1 take 100 ms, for seats 1 and 2; after 10 ms comes "
              "request 1 of incarnation 2: {}\nafter 210 ms it comes again, and then 2: {}, {}; "
              "kept: {}",
              answers[0], answers[1], answers[2], kept);
  });
}

TEST(Once, HoldsForAnyCopiesInAnyOrder) {
  for_each_seed(50, [](std::uint64_t seed) {
    const Claim law = announce("each of 60 requests takes effect once, whatever copies there are");
    constexpr std::uint64_t kRequests = 20;
    int sold = 0;
    std::size_t kept = 0;
    std::vector<std::string> wrong;

    in_virtual_time(
        [&] {
          Theatre theatre;
          WaitGroup clients;
          for (std::uint64_t client = 1; client <= 3; ++client) {
            clients.go([&, client, random = Random(seed * 10 + client)]() mutable {
              std::set<std::uint64_t> unfinished;
              for (std::uint64_t number = 1; number <= kRequests; ++number)
                unfinished.insert(number);
              std::map<std::uint64_t, std::string> answers;
              WaitGroup copies;
              for (std::uint64_t number = 1; number <= kRequests; ++number) {
                for (int copy = random.between(1, 4); copy > 0; --copy) {
                  const RequestId id{
                      .client = client, .number = number, .lowest_unfinished = *unfinished.begin()};
                  const Duration delay = std::chrono::milliseconds(random.between(0, copy * 20));
                  const Duration time = std::chrono::milliseconds(random.between(0, 30));
                  copies.go([&, id, delay, time] {
                    sleep_for(delay);
                    const std::string answer = theatre.book(id, time);
                    if (answer == "failed_precondition" && !unfinished.contains(id.number)) return;
                    unfinished.erase(id.number);
                    if (answers.try_emplace(id.number, answer).first->second != answer) {
                      wrong.push_back(fmt::format("{} of client {}: {}, then {}", id.number,
                                                  id.client, answers[id.number], answer));
                    }
                  });
                }
                sleep_for(std::chrono::milliseconds(random.between(0, 10)));
              }
              copies.wait();
              for (const auto& [number, answer] : answers) {
                if (!answer.starts_with("seat"))
                  wrong.push_back(fmt::format("{}: {}", number, answer));
              }
            });
          }
          clients.wait();
          sold = theatre.sold();
          kept = theatre.kept();
        },
        {.order = Order::random, .seed = seed});

    must_hold(law, sold == 3 * kRequests && wrong.empty(),
              "3 clients with 20 requests each, of which one to four copies come, late and in any "
              "order\nseats sold: {}, kept: {}; wrong: {}",
              sold, kept, wrong.empty() ? "none" : wrong.front());
  });
}

}  // namespace
}  // namespace conclave
