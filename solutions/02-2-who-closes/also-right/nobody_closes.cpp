// A channel need not be closed: each producer says on another one that it has sent its last.
#include <cstddef>

#include "collect.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

void collect(const std::vector<Producer>& producers, const std::function<void(int)>& use) {
  const Chan<int> values = make_chan<int>();
  const Chan<Signal> returned = make_chan<Signal>();
  for (const Producer& produce : producers) {
    go([&produce, values, returned] {
      produce(values);  // a send on an unbuffered channel returns when the value is received
      returned.send({});
    });
  }
  for (std::size_t left = producers.size(); left != 0;) {
    select(recv(values, [&](int value) { use(value); }), recv(returned, [&] { --left; }));
  }
}

}  // namespace conclave
