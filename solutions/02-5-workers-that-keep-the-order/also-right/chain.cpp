// A goroutine for each value, and a chain of them: each waits until the one before has handed on
// its result.
#include <memory>
#include <optional>

#include "goroutines/goroutines.hpp"
#include "map_in_order.hpp"

namespace conclave {

RecvChan<int> map_in_order(const Context& context, const RecvChan<int>& input, int workers,
                           const std::function<int(int)>& f) {
  const Chan<int> results = make_chan<int>();
  go([=] {
    const RecvChan<Signal> done = context.done();
    const auto free = std::make_shared<Semaphore>(workers);
    WaitGroup group;
    Chan<Signal> before =
        make_chan<Signal>();  // is closed when all results before have been handed on
    before.close();
    while (true) {
      free->acquire();
      std::optional<int> value;
      if (select(recv(input, value), recv(done)) == 1 || !value) break;
      const Chan<Signal> after = make_chan<Signal>();
      group.go([=] {
        const int result = f(*value);
        if (select(recv(before), recv(done)) == 0 &&
            select(send(results, result), recv(done)) == 0) {
          after.close();  // after a result that was not handed on, none is
        }
        free->release();
      });
      before = after;
    }
    group.wait();
    results.close();
  });
  return results;
}

}  // namespace conclave
