// Exercise 1.4, in the order in which a reader gets it right.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "goroutines/goroutines.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"
#include "transfer.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;

/// What the disk has seen since the run began.
struct Audit {
  std::vector<std::string> lines;
  std::vector<std::string> lies;  ///< how a line came to be false
};
Audit audit;

std::string ms(TimePoint time) {
  return fmt::format("t={:>2} ms", time.time_since_epoch() / milliseconds(1));
}

/// Runs `body` as the main goroutine on a clock that jumps, with an empty audit; returns how long it took there.
milliseconds in_virtual_time(const std::function<void()>& body, RunOptions options = {}) {
  audit = {};
  VirtualClock clock;
  options.clock = &clock;
  run(body, options);
  return std::chrono::duration_cast<milliseconds>(clock.elapsed());
}

/// Calls `body` for the standard order, then for 100 random ones, up to the first that fails the test.
void in_every_order(const std::function<void(const RunOptions&)>& body) {
  body({});
  if (testing::Test::HasFailure()) return;
  for_each_seed(100, [&](std::uint64_t seed) { body({.order = Order::random, .seed = seed}); });
}

/// Four accounts of 100 each.
struct Bank {
  std::array<Account, 4> accounts{{{"ann", 100}, {"bob", 100}, {"cay", 100}, {"dan", 100}}};
  Account& ann = accounts[0];
  Account& bob = accounts[1];
  Account& cay = accounts[2];
  Account& dan = accounts[3];

  [[nodiscard]] std::vector<std::int64_t> balances() const {
    return {ann.balance, bob.balance, cay.balance, dan.balance};
  }
  /// "ann 100, bob 100, cay 100, dan 100: 400 in all"
  [[nodiscard]] std::string text() const {
    std::int64_t total = 0;
    std::string text;
    for (const Account& account : accounts) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", account.owner, account.balance);
      total += account.balance;
    }
    return fmt::format("{}: {} in all", text, total);
  }
};

struct Move {
  Account& from;
  Account& to;
  std::int64_t amount;
};

/// A goroutine for each transfer, named after it; waits for all.  Returns how many were not refused.
int all_at_once(const std::vector<Move>& moves) {
  int moved = 0;
  WaitGroup group;
  for (const Move& move : moves) {
    group.add(1);
    go(Name(fmt::format("{} to {}", move.from.owner, move.to.owner)), [&group, &moved, &move] {
      if (transfer(move.from, move.to, move.amount)) ++moved;
      group.done();
    });
  }
  group.wait();
  return moved;
}

TEST(Transfer, MovesOrRefuses) {
  const Claim law = announce(
      "a transfer moves its amount, or finds too little, changes nothing and returns false (law "
      "2)");
  Bank bank;
  std::vector<bool> granted;

  in_virtual_time([&] {
    for (const int amount : {80, 30, 20}) granted.push_back(transfer(bank.ann, bank.bob, amount));
  });

  must_hold(
      law,
      granted == std::vector{true, false, true} && bank.ann.balance == 0 &&
          bank.bob.balance == 200 && audit.lines.size() == 2,
      "80, then 30, then 20 from ann to bob, who have 100 each\nthey returned {}, the audit has {} "
      "lines, "
      "and the accounts are\n{}",
      granted, audit.lines.size(), bank.text());
}

TEST(Transfer, NeitherMakesNorLosesMoney) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("transfers that run at the same time neither make nor lose money (law 1)");
    Bank bank;
    const std::string before = bank.text();

    in_virtual_time(
        [&] {
          all_at_once(
              {{bank.ann, bank.bob, 10}, {bank.bob, bank.cay, 20}, {bank.cay, bank.ann, 30}});
        },
        options);

    must_hold(law, bank.balances() == std::vector<std::int64_t>{120, 90, 90, 100},
              "at once: 10 from ann to bob, 20 from bob to cay, 30 from cay to ann\nbefore   "
              "{}\n{}\nafter    {}\n"
              "want     ann 120, bob 90, cay 90, dan 100: 400 in all",
              before, fmt::join(audit.lines, "\n"), bank.text());
  });
}

TEST(Transfer, NeverOverdraws) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("of transfers that the account cannot all pay, the late ones are refused (law 2)");
    Bank bank;
    int moved = 0;

    in_virtual_time(
        [&] {
          moved = all_at_once(
              {{bank.ann, bank.bob, 60}, {bank.ann, bank.cay, 60}, {bank.ann, bank.dan, 60}});
        },
        options);

    must_hold(law, moved == 1 && bank.ann.balance == 40,
              "at once: 60 from ann to each of bob, cay and dan; {} of them were "
              "granted\n{}\nafter    {}",
              moved, fmt::join(audit.lines, "\n"), bank.text());
  });
}

TEST(Transfer, WritesNoLineThatIsNotTrue) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("a line of the audit is true until its transfer changes the balances (law 3)");
    Bank bank;

    in_virtual_time(
        [&] {
          all_at_once(
              {{bank.ann, bank.bob, 10}, {bank.ann, bank.bob, 20}, {bank.bob, bank.cay, 30}});
        },
        options);

    must_hold(law, audit.lies.empty(), "{}\n{}", fmt::join(audit.lines, "\n"),
              audit.lies.empty() ? "" : audit.lies.front());
  });
}

TEST(Transfer, LetsOthersPass) {
  const Claim law =
      announce("transfers without a common account do not wait for each other (law 4)");
  Bank bank;

  const milliseconds took =
      in_virtual_time([&] { all_at_once({{bank.ann, bank.bob, 10}, {bank.cay, bank.dan, 10}}); });

  must_hold(
      law, took == milliseconds(10),
      "at once: 10 from ann to bob, and 10 from cay to dan; the disk takes 10 ms for a line\n{}\n"
      "both were done at t={} ms",
      fmt::join(audit.lines, "\n"), took.count());
}

TEST(Transfer, LetsTwoPayEachOther) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "two pay each other, one of them also pays a third, and all transfers end (law 5)");
    Bank bank;

    in_virtual_time(
        [&] {
          all_at_once(
              {{bank.ann, bank.bob, 10}, {bank.bob, bank.ann, 20}, {bank.bob, bank.cay, 30}});
        },
        options);

    must_hold(law, bank.balances() == std::vector<std::int64_t>{110, 60, 130, 100},
              "afterwards: {}", bank.text());
  });
}

TEST(Transfer, EndsWhoeverPaysWhom) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("each of three pays both others, and all transfers end (law 5)");
    Bank bank;

    in_virtual_time(
        [&] {
          all_at_once({{bank.ann, bank.bob, 10},
                       {bank.bob, bank.ann, 10},
                       {bank.bob, bank.cay, 10},
                       {bank.cay, bank.bob, 10},
                       {bank.cay, bank.ann, 10},
                       {bank.ann, bank.cay, 10}});
        },
        options);

    must_hold(law, bank.balances() == std::vector<std::int64_t>{100, 100, 100, 100},
              "afterwards: {}", bank.text());
  });
}

}  // namespace

void write_audit(const AuditLine& line) {
  audit.lines.push_back(fmt::format("{}  the audit: {} from {}, who has {}, to {}, who has {}",
                                    ms(now()), line.amount, line.from.owner, line.from_balance,
                                    line.to.owner, line.to_balance));
  const auto check = [&line](const Account& account, std::int64_t written, std::string_view when) {
    if (account.balance == written) return;
    audit.lies.push_back(fmt::format("{}  {}, {} had {}, not {}", ms(now()), when, account.owner,
                                     account.balance, written));
  };
  check(line.from, line.from_balance, "when the line was begun");
  check(line.to, line.to_balance, "when the line was begun");
  sleep_for(milliseconds(10));
  const std::string when = fmt::format("when the line '{} from {} to {}' was on the disk",
                                       line.amount, line.from.owner, line.to.owner);
  check(line.from, line.from_balance, when);
  check(line.to, line.to_balance, when);
}

}  // namespace conclave
