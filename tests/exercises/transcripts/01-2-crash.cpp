// An answer that crashes: it looks at an item that nobody gave it.
#include "for_all.hpp"

namespace conclave {

void for_all(const std::vector<int>& items, const std::function<void(int)>& f) {
  const volatile int* behind_the_last = nullptr;
  for (const int item : items) f(item + *behind_the_last);
}

}  // namespace conclave
