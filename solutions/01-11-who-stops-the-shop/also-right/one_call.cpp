// Wait first, then receive, and only this one call is told not to wait: the door stays as it came.
#include <cerrno>
#include <sys/socket.h>

#include "goroutines/goroutines.hpp"
#include "shop.hpp"

namespace conclave {

void clerk(int door, Cellar& cellar, Ledger& ledger) {
  std::string title;
  while (wait_readable(door).ok()) {
    title.assign(64, ' ');
    const ssize_t count = ::recv(door, title.data(), title.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) continue;  // another clerk was faster
    if (count <= 0) return;
    title.resize(static_cast<std::size_t>(count));
    const int shelf = blocking([&] { return cellar.find(title); });
    ledger.note(title, shelf);
  }
}

}  // namespace conclave
