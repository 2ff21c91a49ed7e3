// Give way before the work, as often as the contract allows; and the editor need not be a goroutine.
#include "goroutines/goroutines.hpp"
#include "night.hpp"

namespace conclave {

void compute(int units) {
  for (int i = 0; i < units; ++i) {
    if (i % 100 == 0) yield();
    compute_unit();
  }
}

void night(Desk& desk) {
  desk.wait_for_data();
  compute(100'000);
  desk.deliver();
  desk.print();
}

}  // namespace conclave
