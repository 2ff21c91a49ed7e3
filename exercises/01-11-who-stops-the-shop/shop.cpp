#include "shop.hpp"

#include <unistd.h>

#include "goroutines/goroutines.hpp"

namespace conclave {
namespace {

/// Waits for the next order; empty when none will come.
std::string next_order(int door) {
  std::string title(64, ' ');
  const ssize_t count = ::read(door, title.data(), title.size());
  title.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return title;
}

}  // namespace

void clerk(int door, Cellar& cellar, Ledger& ledger) {
  for (;;) {
    const std::string title = next_order(door);
    if (title.empty()) return;
    const int shelf = cellar.find(title);
    ledger.note(title, shelf);
  }
}

}  // namespace conclave
