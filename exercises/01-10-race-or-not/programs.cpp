#include "programs.hpp"

#include <array>
#include <chrono>
#include <mutex>

#include "goroutines/goroutines.hpp"

namespace conclave {

using namespace std::chrono_literals;

//! [letter]
void letter() {
  WaitGroup group;
  int pages = 3;  // A
  group.go([&] {
    print("pages", pages);  // B
  });
  group.wait();
}
//! [letter]

//! [patience]
void patience() {
  int answer = 0;
  go([&] {
    answer = 42;  // A
  });
  sleep_for(1s);
  print("answer", answer);  // B
}
//! [patience]

//! [sum]
void sum() {
  int sum = 0;
  WaitGroup group;
  group.go([&] {
    sum = 2 + 2;  // A
  });
  group.wait();
  print("sum", sum);  // B
}
//! [sum]

//! [hasty]
void hasty() {
  int sum = 0;
  WaitGroup group;
  group.add(1);
  go([&] {
    group.done();
    sum = 2 + 2;  // A
  });
  group.wait();
  print("sum", sum);  // B
}
//! [hasty]

//! [counter]
void counter() {
  int count = 0;
  WaitGroup group;
  group.go([&] {
    ++count;  // A
  });
  group.go([&] {
    ++count;  // B
  });
  group.wait();
  print("count", count);
}
//! [counter]

//! [shelf]
void shelf() {
  std::array<int, 2> boards = {0, 0};
  WaitGroup group;
  group.go([&] {
    boards[0] = 7;  // A
  });
  group.go([&] {
    boards[1] = 8;  // B
  });
  group.wait();
  print("books", boards[0] + boards[1]);
}
//! [shelf]

//! [deposit]
void deposit() {
  int balance = 100;
  Mutex mutex;
  WaitGroup group;
  for (int i = 0; i < 2; ++i) {
    group.go([&] {
      mutex.lock();
      const int seen = balance;  // A, in one of the two
      mutex.unlock();
      mutex.lock();
      balance = seen + 1;  // B, in the other
      mutex.unlock();
    });
  }
  group.wait();
  print("balance", balance);
}
//! [deposit]

//! [two_locks]
void two_locks() {
  int balance = 100;
  Mutex mine;
  Mutex yours;
  WaitGroup group;
  group.go([&] {
    const std::scoped_lock lock(mine);
    balance += 1;  // A
  });
  group.go([&] {
    const std::scoped_lock lock(yours);
    balance += 2;  // B
  });
  group.wait();
  print("balance", balance);
}
//! [two_locks]

//! [flag]
void flag() {
  int value = 0;
  volatile bool ready = false;
  go([&] {
    value = 42;  // A
    ready = true;
  });
  while (!ready) yield();
  print("value", value);  // B
}
//! [flag]

//! [setting]
void setting() {
  int setting = 0;
  Once once;
  WaitGroup group;
  for (int i = 0; i < 2; ++i) {
    group.go([&] {
      once.call([&] {
        setting = 7;  // A, in one of the two
      });
      print("setting", setting);  // B, in the other
    });
  }
  group.wait();
}
//! [setting]

//! [peek]
void peek() {
  int setting = 0;
  bool has_setting = false;
  Once once;
  WaitGroup group;
  for (int i = 0; i < 2; ++i) {
    group.go([&] {
      if (!has_setting) {  // it saves a call
        once.call([&] {
          setting = 7;  // A, in one of the two
          has_setting = true;
        });
      }
      print("setting", setting);  // B, in the other
    });
  }
  group.wait();
}
//! [peek]

//! [kettle]
void kettle() {
  int degrees = 20;
  bool boils = false;
  Mutex mutex;
  Cond change;
  go([&] {
    const std::scoped_lock lock(mutex);
    degrees = 100;  // A
    boils = true;
    change.notify_all();
  });
  mutex.lock();
  while (!boils) change.wait(mutex);
  mutex.unlock();
  print("degrees", degrees);  // B
}
//! [kettle]

}  // namespace conclave
