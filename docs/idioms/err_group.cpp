/// @file
/// Three tasks; the first error ends the others.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::ErrGroup;
using conclave::Status;

//! [part]
int main() {
  conclave::run([] {
    ErrGroup group;
    const auto wait = [&group] {
      group.context().done().recv();
      return group.context().status();
    };
    group.go(wait);
    group.go([] { return Status::aborted("disk full"); });
    group.go(wait);
    const Status status = group.wait();
    fmt::print("first error: {}\n", status.message());
  });
}
//! [part]
