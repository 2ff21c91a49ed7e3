#include "pager.hpp"

#include "goroutines/go.hpp"

namespace conclave {

void Pager::raise(const Alert& alert) {
  const TextView message = TextView(alert.line).after("] ");
  for (const Text& person : alert.on_call) {
    go([station = station_, person, message = Text(message)] { call(station, person, message); });
  }
}

}  // namespace conclave
