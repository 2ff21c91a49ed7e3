// An answer that hangs: it asks again and again, and lets nobody answer.
#include "collect.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

void collect(const std::vector<Producer>& producers, const std::function<void(int)>& use) {
  const Chan<int> values = make_chan<int>();
  for (const Producer& produce : producers) {
    go([produce, values] { produce(values); });
  }
  for (;;) {
    if (const auto received = values.try_recv(); received.value) use(*received.value);
  }
}

}  // namespace conclave
