/// @file
/// Exercise 1.4: money moves between accounts, and every move is written to the audit before it is made.
#pragma once

#include <cstdint>
#include <string>

#include "goroutines/mutex.hpp"

namespace conclave {

/// An account.  Balances are in cents and never below zero.
struct Account {
  std::string owner;
  std::int64_t balance = 0;
  Mutex mutex{};  ///< for transfer() to use; nobody else takes it
};

/// A line of the audit: the balances that a transfer has found, and what it is about to move.
struct AuditLine {
  const Account& from;
  std::int64_t from_balance;
  const Account& to;
  std::int64_t to_balance;
  std::int64_t amount;
};

/// Writes a line to the audit; parks until it is on the disk, 10 ms later.  (The tests play the disk.)
void write_audit(const AuditLine& line);

/// Moves `amount` from one account to the other, after a line in the audit.  Parks.
///
/// Laws
///  1. Transfers that run at the same time neither make nor lose money.
///  2. Without `amount` in `from`, it changes nothing, writes no line, and returns false.
///  3. The line of the audit is true when it is written, and stays true until this transfer changes the balances.
///  4. Transfers without a common account do not wait for each other.
///  5. Every transfer ends.
///
/// Call from any goroutine.
/// @pre `from` and `to` are two accounts; `amount` is above zero
/// @return whether the money was moved
[[nodiscard]] bool transfer(Account& from, Account& to, std::int64_t amount);

}  // namespace conclave
