/// @file
/// A counter that one goroutine owns; the others ask it.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::go;
using conclave::make_chan;
using conclave::RecvChan;
using conclave::SendChan;
using conclave::WaitGroup;

//! [part]
struct Request {
  int add;
  Chan<int> reply;
};

void counter(RecvChan<Request> requests) {
  int total = 0;
  for (const Request& request : requests) {
    total += request.add;
    request.reply.send(total);
  }
}

int add(SendChan<Request> requests, int n) {
  auto reply = make_chan<int>(1);
  requests.send({n, reply});
  return *reply.recv();
}
//! [part]

int main() {
  conclave::run([] {
    auto requests = make_chan<Request>();
    go(counter, requests);
    WaitGroup group;
    for (int i = 1; i <= 4; ++i) {
      group.go([requests, i] { add(requests, i); });
    }
    group.wait();
    fmt::print("total: {}\n", add(requests, 0));
    requests.close();
  });
}
