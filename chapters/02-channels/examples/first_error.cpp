/// @file
/// An ErrGroup: four fetch, one fails, and the others stop instead of finishing for nobody.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Context;
using conclave::ErrGroup;
using conclave::recv;
using conclave::select;
using conclave::Status;
using conclave::timeout;

//! [fetch]
/// Takes `page` seconds; page 3 does not exist.
Status fetch(const Context& context, int page) {
  switch (select(timeout(page * 1s), recv(context.done()))) {
    case 0:
      if (page == 3) return Status::not_found("no page 3");
      fmt::print("page {} is here\n", page);
      return {};
    default:
      fmt::print("page {} stops: {}\n", page, to_string(context.cause()));
      return context.status();
  }
}
//! [fetch]

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        //! [group]
        ErrGroup group;
        for (int page = 1; page <= 4; ++page) {
          group.go([&group, page] { return fetch(group.context(), page); });
        }
        fmt::print("the group says: {}\n", to_string(group.wait()));
        //! [group]
      },
      {.clock = &clock});
}
