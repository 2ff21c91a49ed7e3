#include "programs.hpp"

#include <chrono>

#include <fmt/format.h>

#include "goroutines/goroutines.hpp"

namespace conclave {

using namespace std::chrono_literals;

//! [letter]
void letter() {
  WaitGroup group;
  group.go([] { print("the letter is read"); });
  print("the letter is posted");
  group.wait();
}
//! [letter]

//! [farewell]
void farewell() {
  go([] { print("so long"); });
  print("main returns");
}
//! [farewell]

//! [three]
void three() {
  WaitGroup group;
  for (const char* line : {"one", "two", "three"}) {
    group.go([line] { print(line); });
  }
  group.wait();
}
//! [three]

//! [manners]
void manners() {
  go([] {
    print("after you");
    yield();
    print("no, after you");
  });
  yield();
  print("main returns");
}
//! [manners]

//! [sleepers]
void sleepers() {
  const TimePoint start = now();
  WaitGroup group;
  group.go([] { sleep_for(1s); });
  group.go([] { sleep_for(1s); });
  group.go([] { print("I did not sleep"); });
  group.wait();
  print(fmt::format("all done after {} s", (now() - start) / 1s));
}
//! [sleepers]

//! [counters]
void counters() {
  int whole = 0;
  int torn = 0;
  const auto count = [&whole, &torn] {
    ++whole;
    const int seen = torn;
    yield();
    torn = seen + 1;
  };
  WaitGroup group;
  group.go(count);
  group.go(count);
  group.wait();
  print(fmt::format("whole {}", whole));
  print(fmt::format("torn {}", torn));
}
//! [counters]

}  // namespace conclave
