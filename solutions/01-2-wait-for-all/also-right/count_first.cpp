// All counted before the first one starts.
#include <cstdint>

#include "for_all.hpp"
#include "goroutines/go.hpp"
#include "goroutines/wait_group.hpp"

namespace conclave {

void for_all(const std::vector<int>& items, const std::function<void(int)>& f) {
  WaitGroup group;
  group.add(static_cast<std::int64_t>(items.size()));
  for (const int& item : items) {
    go([&] {
      f(item);
      group.done();
    });
  }
  group.wait();
}

}  // namespace conclave
