/// @file
/// An account that many goroutines use.
#include <mutex>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::Mutex;
using conclave::WaitGroup;

//! [part]
class Account {
 public:
  explicit Account(int balance) : balance_(balance) {}

  bool withdraw(int amount) {
    const std::scoped_lock lock(mutex_);
    if (balance_ < amount) return false;
    balance_ -= amount;
    return true;
  }
  int balance() const { return balance_; }

 private:
  Mutex mutex_;
  int balance_;
};
//! [part]

int main() {
  conclave::run([] {
    Account account(100);
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.go([&account] { account.withdraw(30); });
    }
    group.wait();
    fmt::print("left: {}\n", account.balance());
  });
}
