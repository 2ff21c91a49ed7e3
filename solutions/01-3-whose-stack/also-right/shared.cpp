// One copy for all three goroutines, which the last one lets go of.
#include <cstddef>
#include <memory>

#include "goroutines/go.hpp"
#include "pager.hpp"

namespace conclave {

void Pager::raise(const Alert& alert) {
  const auto shared = std::make_shared<const Alert>(alert);
  for (std::size_t i = 0; i < shared->on_call.size(); ++i) {
    go([*this, shared, i] {
      call(station_, shared->on_call[i], TextView(shared->line).after("] "));
    });
  }
}

}  // namespace conclave
