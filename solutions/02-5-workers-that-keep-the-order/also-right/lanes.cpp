// A lane for each worker: values are dealt out in turn, and results are picked up in the same turn.
#include <cstddef>
#include <optional>
#include <vector>

#include "goroutines/goroutines.hpp"
#include "map_in_order.hpp"

namespace conclave {

RecvChan<int> map_in_order(const Context& context, const RecvChan<int>& input, int workers,
                           const std::function<int(int)>& f) {
  struct Lane {
    Chan<int> values = make_chan<int>();
    Chan<int> results = make_chan<int>();
  };
  const std::vector<Lane> lanes = [&] {
    std::vector<Lane> made;
    for (int i = 0; i < workers; ++i) made.emplace_back();
    return made;
  }();
  const RecvChan<Signal> done = context.done();
  const Chan<int> results = make_chan<int>();

  for (const Lane& lane : lanes) {
    go([=] {
      for (const int value : lane.values) {
        if (select(send(lane.results, f(value)), recv(done)) == 1) break;
      }
      lane.results.close();
    });
  }
  go([=] {
    std::optional<int> value;
    for (std::size_t turn = 0;; ++turn) {
      if (select(recv(input, value), recv(done)) == 1 || !value) break;
      if (select(send(lanes[turn % lanes.size()].values, *value), recv(done)) == 1) break;
    }
    for (const Lane& lane : lanes) lane.values.close();
  });
  go([=] {
    for (std::size_t turn = 0;; ++turn) {
      const std::optional<int> result = lanes[turn % lanes.size()].results.recv();
      if (!result || select(send(results, *result), recv(done)) == 1) break;
    }
    results.close();
  });
  return results;
}

}  // namespace conclave
