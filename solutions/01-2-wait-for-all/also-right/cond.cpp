// What a wait group is made of: a number, and somewhere to park until it is zero.
#include "goroutines/cond.hpp"

#include "for_all.hpp"
#include "goroutines/go.hpp"
#include "goroutines/mutex.hpp"

namespace conclave {

void for_all(const std::vector<int>& items, const std::function<void(int)>& f) {
  Mutex mutex;
  Cond all_ended;
  std::size_t running_count = items.size();
  for (const int item : items) {
    go([&, item] {
      f(item);
      mutex.lock();
      if (--running_count == 0) all_ended.notify_all();
      mutex.unlock();
    });
  }
  mutex.lock();
  all_ended.wait(mutex, [&] { return running_count == 0; });
  mutex.unlock();
}

}  // namespace conclave
