// An answer that hangs: it waits without giving way.
#include "for_all.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

void for_all(const std::vector<int>& items, const std::function<void(int)>& f) {
  volatile std::size_t done = 0;
  for (const int item : items) {
    go([&, item] {
      f(item);
      done = done + 1;
    });
  }
  while (done < items.size()) continue;
}

}  // namespace conclave
