#include "for_all.hpp"

#include "goroutines/go.hpp"
#include "goroutines/wait_group.hpp"

namespace conclave {

void for_all(const std::vector<int>& items, const std::function<void(int)>& f) {
  WaitGroup group;
  for (const int item : items) {
    group.add(1);
    go([&group, &f, item] {
      f(item);
      group.done();
    });
  }
  group.wait();
}

}  // namespace conclave
