// No goroutine more: the producer that returns last closes.
#include <cstddef>

#include "collect.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

void collect(const std::vector<Producer>& producers, const std::function<void(int)>& use) {
  const Chan<int> values = make_chan<int>();
  std::size_t sending = producers.size();
  if (sending == 0) return;
  for (const Producer& produce : producers) {
    go([&, values] {
      produce(values);
      if (--sending == 0) values.close();
    });
  }
  for (const int value : values) use(value);
}

}  // namespace conclave
