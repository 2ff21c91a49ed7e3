#include "collect.hpp"

#include "goroutines/goroutines.hpp"

namespace conclave {

void collect(const std::vector<Producer>& producers, const std::function<void(int)>& use) {
  const Chan<int> values = make_chan<int>();
  WaitGroup sending;
  for (const Producer& produce : producers) {
    sending.go([&produce, values] { produce(values); });
  }
  go(Name("closer"), [&sending, values] {
    sending.wait();
    values.close();
  });
  for (const int value : values) use(value);
}

}  // namespace conclave
