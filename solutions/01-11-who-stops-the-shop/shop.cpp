#include "shop.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "goroutines/goroutines.hpp"

namespace conclave {
namespace {

/// Waits for the next order; empty when none will come.
std::string next_order(int door) {
  std::string title(64, ' ');
  for (;;) {
    const ssize_t count = ::read(door, title.data(), title.size());
    if (count >= 0) {
      title.resize(static_cast<std::size_t>(count));
      return title;
    }
    if (errno != EAGAIN || !wait_readable(door).ok()) return {};
  }
}

}  // namespace

void clerk(int door, Cellar& cellar, Ledger& ledger) {
  ::fcntl(door, F_SETFL, ::fcntl(door, F_GETFL) | O_NONBLOCK);
  for (;;) {
    const std::string title = next_order(door);
    if (title.empty()) return;
    const int shelf = blocking([&] { return cellar.find(title); });
    ledger.note(title, shelf);
  }
}

}  // namespace conclave
