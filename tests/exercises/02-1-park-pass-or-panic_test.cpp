// Exercise 2.1: each answer is held against 21 runs of its program, the standard order and 20
// seeds.  What is right is what those runs say; no answer stands here.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>
#include <sys/wait.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "goroutines/goroutines.hpp"
#include "programs.hpp"
#include "support/answers.hpp"
#include "testing/child.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

constexpr std::uint64_t kSeeds = 20;
constexpr std::string_view kReturned = "main returns\n";

/// Reads the debug information once, and not in each of the processes that end with a report.
const bool has_read = isolation::before_the_tests([] {
  run([] {
    go(nil_send);  // parks, with the units that the reports are about on its stack
    yield();
    static_cast<void>(dump_goroutines());
  });
});

/// What a program did in one schedule.
struct Outcome {
  std::string schedule;  ///< as a reader names it: "in the random order of seed 7"
  std::string came_to;   ///< passes, parks, panics or closed
  std::string printed;
};

/// Runs the program in a process of its own, which a panic or a deadlock ends.
Outcome outcome_of(void (*program)(), std::string schedule, RunOptions options) {
  const isolation::Ending ending = isolation::run_in_child(
      [&] {
        VirtualClock clock;
        options.clock = &clock;
        run(program, options);
        fmt::print("{}", kReturned);
      },
      std::chrono::seconds(30));
  Outcome outcome{std::move(schedule), "", ending.output};
  if (ending.output.find("all goroutines are asleep") != std::string::npos) {
    outcome.came_to = "parks";
  } else if (ending.output.starts_with("panic: ")) {
    outcome.came_to = "panics";
  } else if (ending.output.ends_with(kReturned) && ending.wait_status == 0) {
    outcome.came_to = ending.output.starts_with("received nothing") ? "closed" : "passes";
  } else {
    ADD_FAILURE() << "a program of this exercise ended in no known way: " << ending.output;
  }
  return outcome;
}

/// The answers of the reader.
Answers answers() {
  const std::vector<std::string> choices = {"passes", "parks", "panics", "closed"};
  std::vector<Question> questions;
  for (const char* id :
       {"unbuffered-send", "room-send", "full-send", "left-receive", "closed-receive", "left-send",
        "closed-close", "nil-send", "nil-receive", "nil-close", "sender-waits", "receiver-waits"}) {
    questions.push_back({id, choices});
  }
  return {"2.1", questions};
}

/// Holds one answer against every run.
void judge(std::string_view id, void (*program)(),
           std::source_location place = std::source_location::current()) {
  const std::string answer = answers().one(id);
  const std::string text = fmt::format("your answer to '{}' is true of every run", id);
  for (std::uint64_t seed = 0; seed <= kSeeds; ++seed) {
    const Outcome outcome =
        seed == 0 ? outcome_of(program, "in the standard order", {})
                  : outcome_of(program, fmt::format("in the random order of seed {}", seed),
                               {.order = Order::random, .seed = seed});
    if (!must_hold(Claim(text, place), outcome.came_to == answer,
                   "you say '{}'\nbut this run, {}, has printed:\n{}", answer, outcome.schedule,
                   outcome.printed)) {
      return;
    }
  }
}

TEST(AnswersFile, CanBeRead) { static_cast<void>(answers()); }

TEST(Predict, UnbufferedSend) { judge("unbuffered-send", unbuffered_send); }

TEST(Predict, RoomSend) { judge("room-send", room_send); }

TEST(Predict, FullSend) { judge("full-send", full_send); }

TEST(Predict, LeftReceive) { judge("left-receive", left_receive); }

TEST(Predict, ClosedReceive) { judge("closed-receive", closed_receive); }

TEST(Predict, LeftSend) { judge("left-send", left_send); }

TEST(Predict, ClosedClose) { judge("closed-close", closed_close); }

TEST(Predict, NilSend) { judge("nil-send", nil_send); }

TEST(Predict, NilReceive) { judge("nil-receive", nil_receive); }

TEST(Predict, NilClose) { judge("nil-close", nil_close); }

TEST(Predict, SenderWaits) { judge("sender-waits", sender_waits); }

TEST(Predict, ReceiverWaits) { judge("receiver-waits", receiver_waits); }

}  // namespace

void tell(std::optional<int> received) {
  if (received) {
    fmt::print("received {}\n", *received);
  } else {
    fmt::print("received nothing\n");
  }
}

}  // namespace conclave
