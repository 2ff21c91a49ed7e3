#include "transfer.hpp"

#include <mutex>

namespace conclave {

bool transfer(Account& from, Account& to, std::int64_t amount) {
  const std::scoped_lock both(from.mutex, to.mutex);
  const std::int64_t from_balance = from.balance;
  const std::int64_t to_balance = to.balance;
  if (from_balance < amount) return false;

  write_audit({from, from_balance, to, to_balance, amount});

  from.balance = from_balance - amount;
  to.balance = to_balance + amount;
  return true;
}

}  // namespace conclave
