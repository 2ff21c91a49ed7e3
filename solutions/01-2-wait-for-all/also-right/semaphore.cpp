// No counter at all: each goroutine hands in one permit, and the last line takes as many as there are items.
#include "for_all.hpp"
#include "goroutines/go.hpp"
#include "goroutines/semaphore.hpp"

namespace conclave {

void for_all(const std::vector<int>& items, const std::function<void(int)>& f) {
  Semaphore finished(0);
  for (const int item : items) {
    go([&finished, &f, item] {
      f(item);
      finished.release();
    });
  }
  for (std::size_t i = 0; i < items.size(); ++i) finished.acquire();
}

}  // namespace conclave
