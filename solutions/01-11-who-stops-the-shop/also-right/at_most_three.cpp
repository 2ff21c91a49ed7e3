// The cellar sees three clerks at a time, whatever the number of helper threads: the others park before it.
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "goroutines/goroutines.hpp"
#include "shop.hpp"

namespace conclave {
namespace {

class Stairs {
 public:
  Stairs() { places_.acquire(); }
  Stairs(const Stairs&) = delete;
  Stairs& operator=(const Stairs&) = delete;
  ~Stairs() { places_.release(); }

 private:
  static inline Semaphore places_{3};
};

}  // namespace

void clerk(int door, Cellar& cellar, Ledger& ledger) {
  ::fcntl(door, F_SETFL, O_RDWR | O_NONBLOCK);
  std::string title(64, ' ');
  while (true) {
    const ssize_t count = ::read(door, title.data(), title.size());
    if (count == 0) break;
    if (count < 0) {
      const bool is_worth_waiting = errno == EAGAIN || errno == EINTR;
      if (!is_worth_waiting || !wait_readable(door).ok()) break;
      continue;
    }
    int shelf = 0;
    const std::string order = title.substr(0, static_cast<std::size_t>(count));
    {
      const Stairs down_and_up;
      blocking([&] { shelf = cellar.find(order); });
    }
    ledger.note(order, shelf);
  }
}

}  // namespace conclave
