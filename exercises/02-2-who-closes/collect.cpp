#include "collect.hpp"

#include "goroutines/goroutines.hpp"

namespace conclave {

void collect(const std::vector<Producer>& producers, const std::function<void(int)>& use) {
  const Chan<int> values = make_chan<int>();
  for (const Producer& produce : producers) {
    go(Name("producer"), [produce, values] {
      produce(values);
      values.close();
    });
  }
  for (const int value : values) use(value);
}

}  // namespace conclave
