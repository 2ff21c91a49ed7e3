// No captures: go copies the arguments, as Go does, before it returns.
#include "goroutines/go.hpp"
#include "pager.hpp"

namespace conclave {

void Pager::raise(const Alert& alert) {
  for (const Text& person : alert.on_call) {
    go([](const Text& from, const Text& to, const Text& message) { call(from, to, message); },
       station_, person, Text(TextView(alert.line).after("] ")));
  }
}

}  // namespace conclave
