// One mutex for all, held only to say which accounts are busy: nobody holds it during the audit.
#include <mutex>
#include <set>

#include "goroutines/cond.hpp"
#include "transfer.hpp"

namespace conclave {

namespace {

/// Keeps two accounts busy as long as it lives; made, it parks until both are free.
class Busy {
 public:
  Busy(const Account& a, const Account& b) : a_(&a), b_(&b) {
    std::unique_lock lock(mutex);
    freed.wait(lock, [this] { return !busy.contains(a_) && !busy.contains(b_); });
    busy.insert({a_, b_});
  }
  ~Busy() {
    const std::scoped_lock lock(mutex);
    busy.erase(a_);
    busy.erase(b_);
    freed.notify_all();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  static inline Mutex mutex;
  static inline Cond freed;
  static inline std::set<const Account*> busy;  // guarded by mutex

  const Account* a_;
  const Account* b_;
};

}  // namespace

bool transfer(Account& from, Account& to, std::int64_t amount) {
  const Busy both(from, to);
  if (from.balance < amount) return false;

  write_audit({from, from.balance, to, to.balance, amount});

  from.balance -= amount;
  to.balance += amount;
  return true;
}

}  // namespace conclave
