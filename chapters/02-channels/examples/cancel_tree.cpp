/// @file
/// A tree of contexts: a page with three parts; one part is late, one is cancelled, and then the reader leaves.
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Context;
using conclave::recv;
using conclave::select;
using conclave::Status;
using conclave::timeout;
using conclave::WaitGroup;
using conclave::with_cancel;
using conclave::with_timeout;

namespace {

//! [work]
/// Works for `d`, or until `context` ends.
void work(const Context& context, const std::string& who, conclave::Duration d) {
  const auto begin = conclave::now();
  const int ended = select(timeout(d), recv(context.done()));
  const auto seconds = (conclave::now() - begin) / 1s;
  if (ended == 0) {
    fmt::print("t={:>2} s  {:<9} done\n", seconds, who);
  } else {
    fmt::print("t={:>2} s  {:<9} stops, {}\n", seconds, who, to_string(context.cause()));
  }
}
//! [work]

}  // namespace

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        //! [tree]
        WaitGroup group;  // before the contexts, so that they end first, and then it waits
        auto [page, leave] = with_cancel(Context());
        auto [text, give_up_text] = with_timeout(page, 5s);
        auto [pictures, give_up_pictures] = with_cancel(page);

        group.go([page = page] { work(page, "frame", 60s); });
        group.go([text = text] { work(text, "title", 2s); });
        group.go([text = text] { work(text, "article", 60s); });
        group.go([pictures = pictures] { work(pictures, "picture 1", 60s); });
        group.go([pictures = pictures] { work(pictures, "picture 2", 60s); });

        conclave::sleep_for(7s);
        give_up_pictures(Status::unavailable("the picture server is down"));
        conclave::sleep_for(7s);
        leave();
        //! [tree]
      },
      {.clock = &clock});
}
