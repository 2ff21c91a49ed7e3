/// @file
/// A crawler works until its caller has enough.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Code;
using conclave::Context;
using conclave::go;
using conclave::make_chan;
using conclave::SendChan;
using conclave::Status;

//! [part]
Status crawl(Context context, SendChan<int> pages) {
  const auto done = context.done();
  int page = 1;
  while (select(send(pages, page), recv(done)) == 0) ++page;
  return context.status();
}

int main() {
  conclave::run([] {
    auto [context, cancel] = with_cancel(Context());
    auto pages = make_chan<int>();
    auto end = make_chan<Status>(1);
    go([pages, end, context = context] {
      end.send(crawl(context, pages));
    });
    fmt::print("page {}\n", *pages.recv());
    fmt::print("page {}\n", *pages.recv());
    cancel();
    const Status status = *end.recv();
    fmt::print("canceled: {}\n",
               status.code() == Code::cancelled);
  });
}
//! [part]
