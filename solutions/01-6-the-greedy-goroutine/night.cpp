#include "night.hpp"

#include <algorithm>

#include "goroutines/goroutines.hpp"

namespace conclave {

void compute(int units) {
  constexpr int kUnitsAtOnce = 500;
  for (int left = units; left > 0; left -= kUnitsAtOnce) {
    const int units_now = std::min(left, kUnitsAtOnce);
    for (int i = 0; i < units_now; ++i) compute_unit();
    yield();
  }
}

void night(Desk& desk) {
  WaitGroup computing;
  WaitGroup printing;

  computing.go([&desk] {  // the computer
    desk.wait_for_data();
    compute(100'000);
    desk.deliver();
  });

  printing.go([&desk, &computing] {  // the editor
    computing.wait();
    desk.print();
  });

  printing.wait();
}

}  // namespace conclave
