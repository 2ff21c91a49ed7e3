#include "night.hpp"

#include "goroutines/goroutines.hpp"

namespace conclave {

void compute(int units) {
  for (int i = 0; i < units; ++i) compute_unit();
}

void night(Desk& desk) {
  WaitGroup both;

  both.go([&desk] {  // the computer
    desk.wait_for_data();
    compute(100'000);
    desk.deliver();
  });

  both.go([&desk] {  // the editor
    while (!desk.delivered()) yield();
    desk.print();
  });

  both.wait();
}

}  // namespace conclave
