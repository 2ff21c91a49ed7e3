// The two mutexes in one order for all transfers, whichever way the money goes.
#include <functional>
#include <mutex>

#include "transfer.hpp"

namespace conclave {

bool transfer(Account& from, Account& to, std::int64_t amount) {
  const bool from_first = std::less<>{}(&from, &to);
  const std::scoped_lock first((from_first ? from : to).mutex);
  const std::scoped_lock second((from_first ? to : from).mutex);
  if (from.balance < amount) return false;

  write_audit({from, from.balance, to, to.balance, amount});

  from.balance -= amount;
  to.balance += amount;
  return true;
}

}  // namespace conclave
