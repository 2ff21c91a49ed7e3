/// @file
/// Two transfers lock two accounts in opposite order: the program ends with a report instead of hanging.
#include <mutex>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Mutex;
using conclave::Name;
using conclave::WaitGroup;

//! [transfer]
struct Account {
  int balance = 100;
  Mutex mutex;
};

void transfer(Account& source, Account& target, int amount) {
  const std::scoped_lock source_lock(source.mutex);
  conclave::yield();  // an audit line is written, say
  const std::scoped_lock target_lock(target.mutex);
  source.balance -= amount;
  target.balance += amount;
}
//! [transfer]

//! [main]
int main() {
  conclave::run([] {
    Account ada;
    Account bob;
    WaitGroup group;
    group.add(2);
    go(Name("ada to bob"), [&] {
      transfer(ada, bob, 10);
      group.done();
    });
    go(Name("bob to ada"), [&] {
      transfer(bob, ada, 20);
      group.done();
    });
    group.wait();
    fmt::print("ada {}, bob {}\n", ada.balance, bob.balance);
  });
}
//! [main]
